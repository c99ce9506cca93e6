import DemoAssets
import Foundation
import Storage
import TestSupport
import Testing

/// W's that learn from a task's train prompts: `--fit-on`.
@Suite(.serialized, .blocking)
struct FitOnTests {
    private let scratch: TemporaryFolder
    /// The shipped word problems: these are asked, those after them are the train split.
    private static let asked = 12

    init() throws {
        scratch = try TemporaryFolder()
        let lines = try String(contentsOfFile: DemoAssets.wordProblems, encoding: .utf8).split(separator: "\n")
        try write("test.jsonl", lines.prefix(Self.asked))
        try write("train.jsonl", lines.dropFirst(Self.asked))
    }

    private func write(_ name: String, _ lines: some Sequence<Substring>) throws {
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: scratch.file(name))
    }

    private func arguments(_ output: String, _ more: [String], workers: Int = 1) -> [String] {
        [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
            "--gsm8k", scratch.file("test.jsonl").path, "--endpoints", "likelihood", "--status", "tcp://127.0.0.1:*",
            "--threads", "1", "--workers", "\(workers)", "--output", scratch.file(output).path,
        ] + more
    }

    private func run(_ output: String, _ more: [String], workers: Int = 1) throws -> ProgramProcess.Ending {
        try ProgramProcess.run("coordinator", arguments(output, more, workers: workers), in: scratch)
    }

    private func train(rows: Int = 200) -> [String] {
        ["--fit-on", "gsm8k-train", "--gsm8k-train", scratch.file("train.jsonl").path, "--rows", "\(rows)"]
    }
    private static let both = ["--experiments", "projection,gsm8k"]

    private func content(_ output: String, _ file: String) throws -> Data {
        try Data(contentsOf: scratch.file(output).appendingPathComponent(file))
    }

    @Test func `maps of all kinds learn from train prompts without C4, the same bytes by any workers`() throws {
        let fits = ["--fit", "adam,ridge,procrustes", "--epochs", "3"]
        let ending = try run("one", train() + fits + Self.both)
        #expect(ending.code == 0, "\(ending.errors)")
        let remark = "W learned from 200 prompts of gsm8k-train, as the models read them"
        #expect(ending.errors.contains(remark) && ending.output.contains("from 200 prompts of gsm8k-train"))
        let report = String(decoding: try content("one", "report.md"), as: UTF8.self)
        #expect(report.contains(remark) && report.contains("## Maps"))
        let results = try #require(
            try JSONSerialization.jsonObject(with: content("one", "results.json")) as? [String: Any])
        #expect((results["config"] as? [String: Any])?["fit-on"] as? String == "gsm8k-train")
        #expect((results["fingerprints"] as? [String: Any])?.keys.contains("gsm8k-train train.jsonl") == true)
        let maps = try #require((results["maps"] as? [String: Any])?["4:4"] as? [String: [String: Any]])
        // A tenth as many after those that it learned from; the rest of the file is not read by the models.
        #expect(maps["ridge"]?["texts"] as? Int == 20)
        let second = try run("two", train() + fits + Self.both, workers: 2)
        #expect(second.code == 0, "\(second.errors)")
        for file in ["results.json", "report.md", "projection_128_to_96_k4_j4_ridge.safetensors", "run.json"] {
            #expect(try content("one", file) == content("two", file), "\(file)")
        }
    }

    @Test func `what W learned from is part of what the run is`() throws {
        let fits = ["--fit", "ridge", "--experiments", "projection"]
        #expect(try run("run", train() + fits).code == 0)
        let c4 = try run("run", ["--c4", DemoAssets.corpus, "--rows", "200"] + fits)
        #expect(c4.code == 2 && c4.errors.contains("--fit-on: gsm8k-train there, none here"), "\(c4.errors)")
        // Files that it does not learn from are no part of it, nor is where they lie.
        let again = try run("run", train() + fits + ["--c4", DemoAssets.corpus])
        #expect(again.code == 0, "\(again.errors)")
        let settings = try run(
            "other",
            ["--config", scratch.file("run/config.yaml").path, "--gsm8k-train", scratch.file("train.jsonl").path])
        #expect(settings.code == 0, "\(settings.errors)")
        let w = "projection_128_to_96_k4_j4_ridge.safetensors"
        #expect(try content("run", w) == content("other", w))
        // Activations of the same texts serve again; those of plain texts do not.
        let taken = try run(
            "taken",
            train() + [
                "--fit", "procrustes", "--experiments", "projection", "--activations", scratch.file("run").path,
            ])
        #expect(taken.code == 0 && taken.errors.contains("units of texts were read by the run in"), "\(taken.errors)")
    }

    @Test func `an item that is asked is refused among those that W learns from`() throws {
        let lines = try String(contentsOf: scratch.file("train.jsonl"), encoding: .utf8).split(separator: "\n")
        let test = try String(contentsOf: scratch.file("test.jsonl"), encoding: .utf8).split(separator: "\n")
        // By its question, whatever else is said of it.
        let asked = test[2].replacing(#/"answer": ".*"/#, with: "\"answer\": \"So it is.\\n#### 3\"")
        try write("train.jsonl", lines.prefix(210) + [asked[...], test[5]])
        let arguments = train(rows: 212) + ["--fit", "ridge"]
        let ending = try run("run", arguments + Self.both)
        #expect(ending.code == 2, "\(ending.errors)")
        #expect(ending.errors.contains("--fit-on gsm8k-train: its item gsm8k-021"), "\(ending.errors)")
        #expect(ending.errors.contains("of gsm8k, which is evaluated (1 more are so)"), "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run").path))
        // Nothing is asked: nothing is given away.
        #expect(try run("alone", arguments + ["--experiments", "projection", "--dry-run"]).code == 0)
    }

    @Test(arguments: [
        (
            ["--fit-on", "gsm8k-trane"],
            ["expected c4 or one of squad-train, gsm8k-train", "did you mean 'gsm8k-train'"]
        ),
        (["--fit-on", "gsm8k-train"], ["experiment projection needs --gsm8k-train FILE"]),
        (["--fit-on", "countries-train"], ["expected c4 or one of"]),
        (
            ["--fit-on", "gsm8k-train", "--gsm8k-train", "TRAIN", "--rows", "500"],
            ["--fit-on gsm8k-train: expected 500 items that the models can read, found 272"]
        ),
        (["--fit-on", "gsm8k-train", "--gsm8k-train", "/nowhere.jsonl"], ["/nowhere.jsonl"]),
        (["--fit-on", "squad-train", "--squad-train", "TRAIN"], ["train.jsonl"]),
    ])
    func `what cannot be learned from is named before any work`(given: [String], named: [String]) throws {
        let given = given.map { $0.replacing("TRAIN", with: scratch.file("train.jsonl").path) }
        let ending = try run("run", given + Self.both)
        #expect(ending.code == 2, "\(ending.errors)")
        for words in named { #expect(ending.errors.contains(words), "\(ending.errors)") }
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run").path))
    }

    @Test func `a task of one's own names its train items`() throws {
        func line(_ number: Int) -> Substring {
            "{\"facts\": \"Tim has \(number) goats.\", \"question\": \"How many goats?\", \"answer\": \(number)}"
        }
        try write("goats.jsonl", (0..<4).map(line))
        try write("others.jsonl", (4..<40).map(line))
        try Data(
            """
            name: goats
            items: goats.jsonl
            train: others.jsonl
            prompts: {a: "{facts}", b: "{question}\\nAnswer:", both: "{facts} {question}\\nAnswer:"}
            golds: answer
            """.utf8
        ).write(to: scratch.file("goats.yaml"))
        func arguments(rows: Int) -> [String] {
            [
                "--task", scratch.file("goats.yaml").path, "--fit-on", "goats-train", "--rows", "\(rows)", "--fit",
                "ridge", "--held-out", "0", "--experiments", "projection,goats",
            ]
        }
        let ending = try run("run", arguments(rows: 30))
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.errors.contains("30 prompts of goats-train"))
        let again = try run(
            "other",
            ["--config", scratch.file("run/config.yaml").path, "--task", scratch.file("goats.yaml").path])
        #expect(again.code == 0, "\(again.errors)")
        #expect(try content("run", "results.json") == content("other", "results.json"))
        try write("others.jsonl", (3..<40).map(line))
        let asked = try run("asked", arguments(rows: 37))
        #expect(asked.code == 2 && asked.errors.contains("of goats, which is evaluated"), "\(asked.errors)")
    }
}
