import DemoAssets
import Foundation
import TestSupport
import Testing

/// What a newcomer meets first: help, completion, and what is said of arguments that cannot be used.
@Suite(.blocking)
struct UsageTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @Test(arguments: [
        (["run", "--modle-a", "x"], "error: unknown option '--modle-a'; did you mean '--model-a'?\n"),
        (["run", "--lr", "1"], "error: unknown option '--lr'; see 'coordinator run --help'\n"),
        (["status", "--wach"], "error: unknown option '--wach'; did you mean '--watch'?\n"),
    ])
    func `an unknown option is named before what is missing`(arguments: [String], error: String) throws {
        let ending = try ProgramProcess.run("coordinator", arguments, in: scratch)
        #expect(ending.code == 2 && ending.errors == error, "\(ending.errors)")
    }

    @Test func `what is missing is said in the same spelling`() throws {
        for (program, arguments) in [("coordinator", ["run"]), ("worker", ["connect"]), ("worker", ["generate"])] {
            let ending = try ProgramProcess.run(program, arguments, in: scratch)
            #expect(ending.code == 2 && ending.errors.hasPrefix("error: "), "\(ending.errors)")
            #expect(!ending.errors.contains("Error:") && ending.errors.contains("\nusage: "), "\(ending.errors)")
        }
    }

    @Test func `the help begins with what is required, and fits a terminal`() throws {
        let help = try ProgramProcess.run("coordinator", ["run", "--help"], in: scratch).output
        let places = ["REQUIRED:", "--model-a <", "DATA:", "WHAT TO DO:", "TRAINING OF W:", "WORKERS AND ADDRESSES:"]
            .map {
                help.range(of: $0, options: $0.hasPrefix("--") ? .backwards : [])?.lowerBound
            }
        #expect(places.allSatisfy { $0 != nil })
        #expect(places.compactMap(\.self) == places.compactMap(\.self).sorted())
        #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(help)")
    }

    /// The example is the one in the help, with models that there are.
    @Test func `the help's example can be pasted`() throws {
        let help = try ProgramProcess.run("coordinator", ["run", "--help"], in: scratch).output
        let start = try #require(help.range(of: "  coordinator run --model-a"))
        let example = help[start.lowerBound...].split(separator: "\n\n")[0]
        var words = example.replacing("\\\n", with: " ").split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(words.removeFirst() == "coordinator")
        let there = [
            "--model-a": DemoAssets.modelA, "--model-b": DemoAssets.modelB, "--layer-k": "4", "--layer-j": "4",
            "--c4": DemoAssets.corpus, "--squad": DemoAssets.questions, "--output": scratch.file("run").path,
        ]
        for (flag, value) in there { words[try #require(words.firstIndex(of: flag)) + 1] = value }
        let ending = try ProgramProcess.run("coordinator", words + ["--print-config"], in: scratch)
        #expect(ending.code == 0 && ending.output.contains("\nlimit: 100\n"), "\(ending.errors)")
    }

    @Test(arguments: ["bash", "zsh", "fish"], ["coordinator", "worker"])
    func `files are completed`(shell: String, program: String) throws {
        let ending = try ProgramProcess.run(program, ["--generate-completion-script", shell], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        let words = ["bash": "add_completions -d", "zsh": "_files -/", "fish": "complete_directories"]
        #expect(ending.output.contains(words[shell] ?? ""), "\(ending.output.prefix(2000))")
        guard let path = ["/bin/\(shell)", "/usr/bin/\(shell)"].first(where: FileManager.default.isExecutableFile)
        else {
            return
        }
        let script = try scratch.file(holding: Data(ending.output.utf8)).path
        let checked = try ProgramProcess(path: path, ["-n", script], in: scratch).end()
        #expect(checked.code == 0, "\(checked.errors)")
    }

    // MARK: The system's refusals

    @Test(arguments: ["/proc/no/such/run", "/dev/null/run", "/dev/null"])
    func `a folder that cannot be is one line, before anything is read`(output: String) throws {
        let ending = try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", "/nowhere", "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
                "--output", output, "--status", "tcp://127.0.0.1:*",
            ], in: scratch)
        #expect(ending.code == 2 && ending.errors.split(separator: "\n").count == 1, "\(ending.errors)")
        #expect(!ending.errors.contains("Domain="), "\(ending.errors)")
    }

    @Test func `too few files are named with the limit`() throws {
        let coordinator = ProgramProcess.folder.appendingPathComponent("coordinator").path
        let ending = try ProgramProcess(
            path: "/bin/sh",
            ["-c", "ulimit -n 40; exec \"$@\"", "sh", coordinator]
                + ShortRun.arguments(output: scratch.file("run"), ["--workers", "1"]), in: scratch
        ).end()
        #expect(ending.code == 2, "\(ending.errors)")
        #expect(
            ending.errors
                == "error: at most 40 files may be open at once, expected at least 128; raise the limit (ulimit -n 128)\n"
        )
    }

    @Test func `a pipe in place of a data file is refused and not waited for`() throws {
        let pipe = scratch.file("pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        let ending = try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j",
                "4",
                "--gsm8k", pipe, "--no-projection", "--op", "sum", "--output", scratch.file("run").path, "--status",
                "tcp://127.0.0.1:*",
            ], in: scratch)
        #expect(ending.code == 2 && ending.errors.contains(pipe), "\(ending.errors)")
        #expect(ending.errors.contains("regular file"), "\(ending.errors)")
    }
}

extension UsageTests {
    @Test func `a dry run says what there is to do, and does none of it`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try ProgramProcess.run(
            "coordinator", DemoRun.arguments(output: output, ["--workers", "1", "--dry-run"]), in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        for words in ["extract", "281", "160", "similarity", "gsm8k", "each worker: ", "time: at most about "] {
            #expect(ending.output.contains(words), "\(words): \(ending.output)")
        }
        #expect(!FileManager.default.fileExists(atPath: output.path))
        let lines: [Substring] = ending.output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(ending.output)")
    }
}
