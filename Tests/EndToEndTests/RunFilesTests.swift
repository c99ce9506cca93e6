import DemoAssets
import Foundation
import TestSupport
import Testing

/// A run's files stand by themselves: they are the same wherever models, data and output lie, and can be given again.
@Suite(.serialized, .blocking)
struct RunFilesTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    /// What is not compared: when things happened, where they lay, and in which order results came.
    private static let uncompared = ["timing.json", "timing.html", "journal", "logs"]

    /// All settings that are not left to their defaults.
    private static let settings = [
        "--layer-k", "4", "--layer-j", "3", "--cut", "word", "--rows", "64", "--epochs", "3", "--batch", "16",
        "--shard-rows", "4", "--learning-rate", "0.002", "--init", "kaiming", "--max-tokens", "64", "--limit", "6",
        "--skip-unreadable", "3", "--held-out", "7",
        "--op", "sum", "--alpha", "0.5", "--match-norm", "--position", "-1:-2", "--others", "2", "--message-tokens",
        "9", "--debate-rounds", "3",
        "--endpoints",
        "answers", "--conditions", "b_full,injected,shuffled", "--b-prompt", "question", "--protocol",
        "reference", "--similarity-layers", "0,3", "--similarity-tokens", "5", "--similarity-prompts", "no",
        "It is: \"1\"", "--compute-type", "float32", "--template-variable", "enable_thinking=false", "name=\"x y\"",
        "--template-date",
        "2026-11-26", "--ignore-config-field", "some_field", "--seed",
        "18446744073709551615", "--experiments",
        "projection,similarity,squad,gsm8k",
    ]

    private func run(_ arguments: [String], output: URL, in folder: URL? = nil) throws -> [String: Data] {
        let process = try ProgramProcess(
            path: "/usr/bin/env",
            [
                "-C", (folder ?? scratch.url).path, ProgramProcess.folder.appendingPathComponent("coordinator").path,
                "run",
            ]
                + arguments + [
                    "--workers", "1", "--threads", "1", "--status", "tcp://127.0.0.1:*", "--output", output.path,
                ], in: scratch)
        let ending = try process.end()
        guard ending.code == 0 else { throw TimedOut(what: "a run: \(ending.errors)") }
        return try contents(of: output)
    }

    private func contents(of output: URL) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: output.path)
        where !Self.uncompared.contains(name) {
            contents[name] = try Data(contentsOf: output.appendingPathComponent(name))
        }
        return contents
    }

    private func sources(_ folder: String) -> [String] {
        let prefix = folder.isEmpty ? "" : folder + "/"
        return [
            "--model-a", prefix + "model-a", "--model-b", prefix + "model-b", "--c4", prefix + "corpus.json.gz",
            "--squad", prefix + "questions.json", "--gsm8k", prefix + "word-problems.jsonl",
        ]
    }

    /// Copies of the shipped models and data.
    private func copy(to name: String) throws -> URL {
        let copy = scratch.file(name)
        try FileManager.default.copyItem(at: URL(fileURLWithPath: DemoAssets.folder), to: copy)
        return copy
    }

    @Test func `two runs from two folders give the same bytes in all files but timing.json`() throws {
        let elsewhere = try copy(to: "elsewhere")
        let first = try run(sources(DemoAssets.folder) + Self.settings, output: scratch.file("first"))
        let second = try run(
            sources("") + Self.settings, output: elsewhere.appendingPathComponent("second"), in: elsewhere)
        #expect(first.keys.sorted() == second.keys.sorted())
        for (name, content) in first {
            #expect(second[name] == content, "\(name)")
            for path in [DemoAssets.folder, scratch.url.path] {
                #expect(content.range(of: Data(path.utf8)) == nil, "\(name) names \(path)")
            }
        }
        #expect(first.count >= 10, "\(first.keys.sorted())")
        let timing = String(
            decoding: try Data(contentsOf: scratch.file("first").appendingPathComponent("timing.json")), as: UTF8.self)
        for path in [DemoAssets.folder, scratch.file("first").path] { #expect(timing.contains(path), "\(timing)") }
    }

    @Test func `the files of a run are made again without its models and data`() throws {
        let copy = try copy(to: "copy")
        let output = scratch.file("run")
        let first = try run(sources(copy.path) + Self.settings, output: output)
        try FileManager.default.removeItem(at: copy)
        let kept = ["run.json", "inputs.json", "training.checkpoint", "status.address"]
        for name in first.keys where !kept.contains(name) {
            try FileManager.default.removeItem(at: output.appendingPathComponent(name))
        }
        let ending = try ProgramProcess.run("coordinator", ["report", output.path], in: scratch)
        #expect(ending.code == 0 && ending.output.contains("report.html"), "\(ending.errors)")
        #expect(try contents(of: output) == first)
    }

    @Test func `the settings of a run, given again, make the same run`() throws {
        let first = try run(sources(DemoAssets.folder) + Self.settings, output: scratch.file("first"))
        let settings = scratch.file("first").appendingPathComponent("config.yaml").path
        // Where models and files lie, nothing has to be named.
        let second = try run(
            ["--config", settings], output: scratch.file("second"), in: URL(fileURLWithPath: DemoAssets.folder))
        #expect(second == first)
        // Elsewhere they are named again, and win.
        let third = try run(
            ["--config", settings] + sources(DemoAssets.folder), output: scratch.file("third"))
        #expect(third == first)
    }

    @Test func `the settings of a run of several channels without a W make the same run`() throws {
        let sources = [
            "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--squad", DemoAssets.questions,
        ]
        let first = try run(
            sources + [
                "--channel", "2:2", "4:4", "--no-projection", "--experiments", "squad", "--limit", "6",
            ], output: scratch.file("first"))
        let settings = scratch.file("first").appendingPathComponent("config.yaml").path
        #expect(try run(["--config", settings] + sources, output: scratch.file("second")) == first)
    }
}
