import DemoAssets
import Foundation
import Run
import TestSupport
import Testing
import Weights

/// The worker's tools on a single model.
@Suite(.blocking)
struct ToolTests {
    private struct Generated: Decodable {
        var tokens: [Int32]
    }

    /// What transformers gives for model A's activations in model B.
    private struct Injections: Decodable {
        struct Continuation: Decodable {
            let continuationIds: [Int32]
        }
        struct Case: Decodable {
            let k, j: Int
            let op: String
            let continuationIds: [Int32]
            var tokens: [Int32] { ToolTests.withoutEnd(continuationIds) }
        }
        struct Pair: Decodable {
            let promptA, promptB: String
            let baseline: Continuation
            let cases: [Case]
        }
        let pairs: [Pair]
    }

    /// The figures hold `<|end_of_text|>`, `worker generate` leaves it out.
    private static func withoutEnd(_ ids: [Int32]) -> [Int32] {
        ids.last == 1407 ? ids.dropLast() : ids
    }

    @Test(arguments: ["model-a", "model-b"])
    func `verify passes on the shipped models against transformers`(name: String) throws {
        let scratch = try TemporaryFolder()
        let folder = name == "model-a" ? DemoAssets.modelA : DemoAssets.modelB
        let ending = try ProgramProcess.run(
            "worker",
            ["verify", "--model", folder, "--reference", Repository.fixture("References/\(name).json").path],
            in: scratch)
        #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
        #expect(ending.output.contains("greedy continuations"))
    }

    @Test(
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        arguments: ["stories260K", "stories260K-bf16-sharded", "babyllama105"])
    func `verify passes on trained models against transformers`(name: String) throws {
        let scratch = try TemporaryFolder()
        let folder = SharedData.path("models/\(name)").path
        let ending = try ProgramProcess.run(
            "worker", ["verify", "--model", folder, "--reference", "\(folder)/reference.json"], in: scratch)
        #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
    }

    @Test(.enabled(if: RealModel.isPresent, "\(RealModel.absence)"))
    func `verify passes on a real model against what transformers reads of its package`() throws {
        let scratch = try TemporaryFolder()
        let reference = Repository.fixture("References/smollm2-135m-instruct.json").path
        let ending = try ProgramProcess.run(
            "worker", ["verify", "--model", RealModel.path, "--reference", reference], in: scratch)
        #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
        #expect(ending.output.contains("residual stream"))
    }

    @Test func `verify fails with 1 and names the figure that is off`() throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "worker",
            [
                "verify", "--model", DemoAssets.modelB, "--reference",
                Repository.fixture("References/model-a.json").path,
            ], in: scratch)
        #expect(ending.code == 1)
        #expect(ending.output.contains("FAILED"))
    }

    @Test func `activations go by file from one model through W into another, as in transformers`() throws {
        let scratch = try TemporaryFolder()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let figures = try decoder.decode(
            Injections.self, from: Data(contentsOf: Repository.fixture("References/injection.json")))
        let w = Repository.fixture("References/W.safetensors").path

        for (number, pair) in figures.pairs.enumerated() {
            let activations = scratch.file("\(number).safetensors").path
            let read = try ProgramProcess.run(
                "worker",
                ["activations", "--model", DemoAssets.modelA, "--prompt", pair.promptA, "--output", activations]
                    + ["--layer", "4", "0", "2"],
                in: scratch)
            #expect(read.code == 0, "\(read.errors)")
            let file = try SafetensorsFile(URL(fileURLWithPath: activations))
            #expect(file.names.sorted() == ["layer.0", "layer.2", "layer.4"])
            #expect(try file.tensor("layer.4")?.shape == [128])

            let plain = Self.withoutEnd(pair.baseline.continuationIds)
            #expect(try continuation(of: pair.promptB, in: scratch) == plain)
            for figures in pair.cases {
                let found = try continuation(
                    of: pair.promptB,
                    [
                        "--inject", activations, "--layer-k", "\(figures.k)", "--projection", w,
                        "--layer-j", "\(figures.j)", "--op", figures.op,
                    ], in: scratch)
                #expect(found == figures.tokens, "k \(figures.k), j \(figures.j), \(figures.op)")
            }
            #expect(pair.cases.contains { $0.tokens != plain })
        }
    }

    /// What a researcher does who doubts a number.
    @Test(arguments: [
        [], ["--match-norm", "--alpha", "0.5"], ["--position", "-3"], ["--position", "all", "--match-norm"],
    ])
    func `an answer of a run is made again from its line of the samples, bit for bit`(written: [String]) throws {
        struct Line: Decodable {
            struct Prompt: Decodable { let tokens: [Int32] }
            struct Answer: Decodable {
                struct Message: Decodable {
                    struct Place: Decodable { let prompt: String? }
                    let sha256: String
                    let norm: Double
                    let read: Place
                }
                let prompt, text: String
                let message: Message?
            }
            let prompts: [String: Prompt]
            let conditions: [String: Answer]
        }
        struct Made: Decodable {
            struct Message: Decodable {
                let sha256: String
                let norm: Double
            }
            let text: String
            let message: Message?
        }
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        // Of one width, since the tool takes another only through a W.
        let more =
            ["--model-a", DemoAssets.modelB, "--limit", "5", "--conditions", "injected", "--workers", "1"] + written
        let run = try ProgramProcess.run(
            "coordinator",
            ShortRun.arguments(output: output, more),
            in: scratch)
        #expect(run.code == 0, "\(run.errors)")
        let samples = try String(contentsOf: output.appendingPathComponent("samples_squad.jsonl"), encoding: .utf8)
        for text in samples.split(separator: "\n").prefix(2) {
            let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
            let answer = try #require(line.conditions["injected"])
            let message = try #require(answer.message)
            func tokens(_ prompt: String?) throws -> String {
                try #require(prompt.flatMap { line.prompts[$0] }).tokens.map(String.init).joined(separator: ",")
            }
            let activation = scratch.file("a.safetensors").path
            let read = try ProgramProcess.run(
                "worker",
                [
                    "activations", "--model", DemoAssets.modelB, "--tokens", tokens(message.read.prompt), "--layer",
                    "4",
                    "--output", activation,
                ] + (written.first == "--position" ? Array(written.prefix(2)) : []), in: scratch)
            #expect(read.code == 0, "\(read.errors)")
            let made = try ProgramProcess.run(
                "worker",
                [
                    "generate", "--model", DemoAssets.modelB, "--tokens", tokens(answer.prompt), "--inject", activation,
                    "--layer-j", "4", "--op", "sum", "--max-new-tokens", "32", "--stop", "\n", "--format", "json",
                ] + written, in: scratch)
            #expect(made.code == 0, "\(made.errors)")
            let found = try JSONDecoder().decode(Made.self, from: Data(made.output.utf8))
            #expect(found.text == answer.text)
            #expect(found.message?.sha256 == message.sha256 && found.message?.norm == message.norm)
        }
        let neither = try ProgramProcess.run("worker", ["generate", "--model", DemoAssets.modelB], in: scratch)
        #expect(neither.code == 2 && neither.errors.contains("--prompt TEXT or --tokens"), "\(neither.errors)")
    }

    /// Twelve tokens of model B.
    private func continuation(
        of prompt: String, _ more: [String] = [], in scratch: TemporaryFolder
    ) throws -> [Int32] {
        let ending = try ProgramProcess.run(
            "worker",
            ["generate", "--model", DemoAssets.modelB, "--prompt", prompt, "--max-new-tokens", "12"]
                + ["--format", "json"] + more,
            in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        return try JSONDecoder().decode(Generated.self, from: Data(ending.output.utf8)).tokens
    }

    @Test func `tokenize prints ids for a text, and for each line of the standard input`() throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "worker", ["tokenize", "--model", DemoAssets.modelB, "--text", "Question: who?", "--format", "json"],
            in: scratch)
        struct Tokens: Decodable {
            var ids: [Int32]
            var tokens: [String]
        }
        let tokens = try JSONDecoder().decode(Tokens.self, from: Data(ending.output.utf8))
        #expect(ending.code == 0)
        #expect(tokens.ids.count == tokens.tokens.count && tokens.ids.count > 2)
        let nothing = try ProgramProcess.run("worker", ["tokenize", "--model", DemoAssets.modelB], in: scratch)
        #expect(nothing.code == 0 && nothing.output.isEmpty)
    }

    @Test func `bench prints tokens a second for reading and for writing`() throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "worker",
            [
                "bench", "--model", DemoAssets.modelB, "--prompt-tokens", "64", "--new-tokens", "8", "--repetitions",
                "2",
            ], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.output.contains("pp64") && ending.output.contains("tg8"))
    }

    @Test func `status answers in text and in JSON, and says where nobody answers`() throws {
        let scratch = try TemporaryFolder()
        let coordinator = try ProgramProcess(
            "coordinator",
            DemoRun.arguments(output: scratch.file("run"), ["--workers", "1", "--threads", "1"]), in: scratch)
        defer { coordinator.send(SIGKILL) }
        let endpoint = try coordinator.statusEndpoint()
        try coordinator.status(at: endpoint, in: .extract)
        let text = try ProgramProcess.run("coordinator", ["status", "--connect", endpoint.text], in: scratch)
        #expect(text.code == 0, "\(text.errors)")
        for word in ["extract", "train", "gsm8k", "cpu", "working"] {
            #expect(text.output.contains(word), "\(text.output)")
        }
        let json = try ProgramProcess.run(
            "coordinator", ["status", "--connect", endpoint.text, "--format", "json"], in: scratch)
        struct Told: Decodable {
            struct Stage: Decodable { var stage: String }
            struct Worker: Decodable { var bytesIn, bytesOut: UInt64 }
            var stages: [Stage]
            var workers: [Worker]
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let status = try decoder.decode(Told.self, from: Data(json.output.utf8))
        #expect(status.stages.map(\.stage) == Stage.allOfDemo.map(\.rawValue))
        #expect(status.workers.count == 1 && status.workers[0].bytesIn > 0 && status.workers[0].bytesOut > 0)

        let nobody = try ProgramProcess.run(
            "coordinator", ["status", "--connect", "ipc://\(scratch.file("nobody").path)"], in: scratch)
        #expect(nobody.code == 1)
        #expect(nobody.errors.contains(scratch.file("nobody").path))
    }
}
