import DemoAssets
import Foundation
import TestSupport
import Testing

/// How a task's file is named: by a flag of the task's own name, on the command line or in a file of settings.
@Suite(.blocking)
struct TaskFileTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func run(_ more: [String]) throws -> ProgramProcess.Ending {
        try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j",
                "4", "--no-projection", "--op", "sum", "--limit", "12", "--workers", "1", "--status",
                "tcp://127.0.0.1:*", "--output",
                scratch.file("run").path,
            ] + more, in: scratch)
    }

    private func settings(_ text: String) throws -> String {
        try scratch.file(holding: Data(text.utf8)).path
    }

    private func expectRefusal(_ ending: ProgramProcess.Ending, naming named: [String]) {
        #expect(ending.code == 2, "\(ending.errors)")
        for words in named { #expect(ending.errors.contains(words), "\(words): \(ending.errors)") }
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run/journal").path))
    }

    @Test(arguments: [["--squad", "FILE"], ["--squad=FILE"], ["--config", "YAML"], ["--config=YAML"]])
    func `each way to name a file is the task's`(form: [String]) throws {
        let yaml = try settings("squad: /nowhere/questions.json\n")
        let arguments = form.map {
            $0.replacing("FILE", with: "/nowhere/questions.json").replacing("YAML", with: yaml)
        }
        expectRefusal(try run(arguments), naming: ["/nowhere/questions.json"])
        // Of another task it is not.
        expectRefusal(
            try run(arguments + ["--experiments", "gsm8k"]), naming: ["experiment gsm8k needs --gsm8k FILE"])
    }

    @Test func `files of several tasks, in either form, are each its own task's`() throws {
        let ending = try run([
            "--gsm8k=\(DemoAssets.wordProblems)", "--squad", DemoAssets.questions, "--experiments", "squad,gsm8k",
        ])
        #expect(ending.code == 0, "\(ending.errors)")
        for task in ["squad", "gsm8k"] {
            #expect(FileManager.default.fileExists(atPath: scratch.file("run/samples_\(task).jsonl").path))
        }
    }

    @Test func `a flag wins over the file of settings`() throws {
        let yaml = try settings("squad: /nowhere/of-settings.json\n")
        for form in [["--squad", "/nowhere/of-flag.json"], ["--squad=/nowhere/of-flag.json"]] {
            let ending = try run(["--config", yaml] + form)
            expectRefusal(ending, naming: ["/nowhere/of-flag.json"])
            #expect(!ending.errors.contains("of-settings"))
        }
    }

    @Test(arguments: [
        ["--squad", "a.json", "--squad", "b.json"], ["--squad=a.json", "--squad=b.json"],
        ["--squad", "a.json", "--gsm8k", "c.jsonl", "--squad=b.json"],
    ])
    func `a task's file given twice is refused`(flags: [String]) throws {
        expectRefusal(try run(flags), naming: ["--squad", "given twice"])
    }

    @Test(arguments: [["--squad"], ["--squad", "--chat"], ["--squad", "--gsm8k", "c.jsonl"]])
    func `a missing file is one of usage and names the flag`(flags: [String]) throws {
        expectRefusal(try run(flags), naming: ["--squad"])
    }

    @Test func `an empty list of files is refused`() throws {
        expectRefusal(
            try run(["--config", try settings("squad: []\n")]), naming: ["line 1: squad: expected a value, found none"])
    }

    @Test func `an unknown condition is named with those that there are`() throws {
        let ending = try run(["--squad", DemoAssets.questions, "--conditions", "injected,telepathy"])
        expectRefusal(ending, naming: ["telepathy", "injected", "b_full", "no_context", "written"])
        expectRefusal(
            try run(["--squad", DemoAssets.questions, "--conditions", ","]), naming: ["--conditions"])
    }

    @Test(arguments: [
        (["--alpha", "nan"], "--alpha"), (["--alpha", "1e60"], "--alpha"), (["--others", "0"], "--others"),
        (["--others", "65"], "--others"), (["--message-tokens", "0"], "--message-tokens"),
        (["--endpoints", "answers,hearsay"], "hearsay"), (["--endpoints", ","], "--endpoints"),
    ])
    func `settings of the audit that cannot be are named before any work`(given: [String], named: String) throws {
        expectRefusal(try run(["--squad", DemoAssets.questions] + given), naming: [named])
    }

    @Test func `more other items than a task has are named with what to do`() throws {
        expectRefusal(
            try run(["--squad", DemoAssets.questions, "--others", "40"]),
            naming: ["--others asks for 40", "--limit", "--conditions"])
        // Where no other item's message is told, none is needed.
        #expect(
            try run(["--squad", DemoAssets.questions, "--others", "40", "--conditions", "silent,injected"]).code == 0)
    }

    @Test func `the help shows the tasks' flags and the conditions`() throws {
        let ending = try ProgramProcess.run("coordinator", ["run", "--help"], in: scratch)
        #expect(ending.code == 0)
        for words in ["--squad", "--gsm8k", "SQuAD v1.1 file", "GSM8K's test file", "--conditions", "--channel", "k:j"]
        {
            #expect(ending.output.contains(words), "\(words): \(ending.output)")
        }
    }
}
