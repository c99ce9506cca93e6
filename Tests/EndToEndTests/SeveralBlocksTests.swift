import DemoAssets
import Foundation
import Run
import TestSupport
import Testing

/// Runs whose message is written at several blocks of B at once.
@Suite(.serialized, .blocking)
struct SeveralBlocksTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func run(
        _ more: [String], from modelA: String = DemoAssets.modelA, output: String
    ) throws -> URL {
        let ending = try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", modelA, "--model-b", DemoAssets.modelB, "--squad", DemoAssets.questions,
                "--limit", "6", "--status", "tcp://127.0.0.1:*", "--threads", "1", "--output",
                scratch.file(output).path,
            ] + more, in: scratch)
        guard ending.code == 0 else { throw TimedOut(what: "a run: \(ending.errors)") }
        return scratch.file(output)
    }

    private func data(_ folder: URL, _ file: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(file))
    }

    /// The digest of what a file of W holds, its header apart.
    private func w(_ folder: URL, _ channel: String) throws -> Data {
        let data = try data(folder, "projection_128_to_96_\(channel).safetensors")
        return data.suffix(128 * 96 * 4)
    }

    @Test(arguments: ["adam", "ridge"])
    func `its W's are those of its blocks alone, its answers the same beside other channels and with W's from files`(
        fit: String
    ) throws {
        let training = [
            "--c4", DemoAssets.corpus, "--cut", "word", "--rows", "160", "--epochs", "20", "--fit", fit,
            "--experiments", "projection,squad",
        ]
        let suffix = fit == "adam" ? "" : "_\(fit)"
        let alone = try run(training + ["--channel", "2:1+4:3", "--workers", "1"], output: "alone")
        let samples = try data(alone, "samples_squad.jsonl")
        let beside = try run(
            training + ["--channel", "4:3", "2:1+4:3", "0:0", "--workers", "2"], output: "beside")
        #expect(try data(beside, "samples_squad_k2_j1_k4_j3\(suffix).jsonl") == samples)
        #expect(try data(beside, "samples_squad_k4_j3\(suffix).jsonl") != samples)
        for part in ["k2_j1", "k4_j3"] { #expect(try w(alone, part + suffix) == w(beside, part + suffix)) }

        let files = ["k2_j1", "k4_j3"].map {
            alone.appendingPathComponent("projection_128_to_96_\($0)\(suffix).safetensors").path
        }
        let given = try run(
            ["--experiments", "squad", "--channel", "2:1+4:3", "--workers", "1", "--projection"] + files,
            output: "given")
        #expect(try data(given, "samples_squad.jsonl") == samples)

        let results = try String(decoding: data(alone, "results.json"), as: UTF8.self)
        #expect(results.contains("\"projections\"") && results.contains("\"2:1\"") && results.contains("\"4:3\""))
        let report = try data(alone, "report.html")
        let again = try ProgramProcess.run("coordinator", ["report", alone.path], in: scratch)
        #expect(again.code == 0, "\(again.errors)")
        #expect(try data(alone, "report.html") == report)
    }

    private struct Line: Decodable {
        struct Prompt: Decodable { let tokens: [Int32] }
        struct Answer: Decodable {
            struct Message: Decodable {
                let sha256: String
                let norm: Double
            }
            let prompt, text: String
            let message: Message?
        }
        let prompts: [String: Prompt]
        let conditions: [String: Answer]
    }

    private struct Generated: Decodable {
        let text: String
        let message: Line.Answer.Message
    }

    @Test func `the tools make its answers again`() throws {
        let output = try run(
            ["--no-projection", "--channel", "2:1+4:3", "--op", "sum", "--experiments", "squad", "--workers", "1"],
            // Of one width, since the tool takes another only through a W.
            from: DemoAssets.modelB, output: "run")
        let text = try String(decoding: data(output, "samples_squad.jsonl"), as: UTF8.self)
        let line = try JSONDecoder().decode(Line.self, from: Data(text.split(separator: "\n")[0].utf8))
        let injected = try #require(line.conditions["injected"])
        func tokens(_ prompt: String) throws -> String {
            try #require(line.prompts[prompt]).tokens.map(String.init).joined(separator: ",")
        }
        let file = scratch.file("a.safetensors").path
        let read = try ProgramProcess.run(
            "worker",
            [
                "activations", "--model", DemoAssets.modelB, "--tokens", try tokens("a/a"), "--layer", "2,4",
                "--output",
                file,
            ], in: scratch)
        #expect(read.code == 0, "\(read.errors)")
        func generate(_ flags: [String]) throws -> ProgramProcess.Ending {
            try ProgramProcess.run(
                "worker",
                [
                    "generate", "--model", DemoAssets.modelB, "--tokens", try tokens(injected.prompt), "--inject", file,
                    "--op", "sum", "--max-new-tokens", "32", "--stop", "\n", "--format", "json",
                ] + flags, in: scratch)
        }
        let ending = try generate(["--layer-k", "2,4", "--layer-j", "1,3"])
        #expect(ending.code == 0, "\(ending.errors)")
        let made = try JSONDecoder().decode(Generated.self, from: Data(ending.output.utf8))
        #expect(made.text == injected.text && made.message.sha256 == injected.message?.sha256)
        #expect(made.message.norm == injected.message?.norm)

        for (flags, named) in [
            (["--layer-k", "2,4", "--layer-j", "3,1"], "--layer-j: block 3 of B stands before block 1"),
            (["--layer-k", "2", "--layer-j", "1,3"], "--layer-k: 1 given for 2 blocks of --layer-j"),
            (["--layer-k", "2,4", "--layer-j", "1,3", "--projection", "w"], "--projection: 1 given for 2 blocks"),
        ] {
            let refused = try generate(flags)
            #expect(refused.code == 2 && refused.errors.contains(named), "\(refused.errors)")
        }
    }
}
