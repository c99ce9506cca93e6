import DemoAssets
import Foundation
import Reports
import TestSupport
import Testing

/// Activations that an earlier run has read serve another one, to the same bytes, where both would read alike.
@Suite(.serialized, .blocking)
struct ForeignActivationTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func run(
        _ output: String, channels: [String] = ["4:4"], modelB: String = DemoAssets.modelB, _ more: [String] = []
    ) throws -> ProgramProcess.Ending {
        try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", DemoAssets.modelA, "--model-b", modelB, "--channel",
            ] + channels + [
                "--c4", DemoAssets.corpus, "--rows", "96", "--epochs", "5", "--experiments", "projection,squad",
                "--squad", DemoAssets.questions, "--workers", "1", "--threads", "1", "--status", "tcp://127.0.0.1:*",
                "--output", scratch.file(output).path,
            ] + more, in: scratch)
    }

    private func content(_ output: String, _ file: String) throws -> Data {
        try Data(contentsOf: scratch.file(output).appendingPathComponent(file))
    }

    /// Units that the workers of a run's last session did.
    private func unitsDone(_ output: String) throws -> Int {
        try TimingReport(content(output, "timing.json")).workers.reduce(0) { $0 + $1.unitsDone }
    }

    @Test func `another operator, protocol and limit do not read the texts again, and change nothing else`() throws {
        let first = try run("first", channels: ["2:2", "4:4"], ["--limit", "6"])
        #expect(first.code == 0, "\(first.errors)")
        let other = ["--limit", "8", "--op", "sum", "--protocol", "reference"]
        let read = try run("read", other)
        #expect(read.code == 0, "\(read.errors)")
        let taken = try run("taken", other + ["--activations", scratch.file("first").path])
        #expect(taken.code == 0, "\(taken.errors)")
        // 96 texts and 9 that are held out.
        #expect(taken.errors.contains("4 units of texts were read by the run in"), "\(taken.errors)")
        #expect(try unitsDone("read") == unitsDone("taken") + 4)
        for file in [
            "projection_128_to_96_k4_j4.safetensors", "samples_squad.jsonl", "results.json", "metrics.jsonl",
            "run.json", "config.yaml",
        ] {
            #expect(try content("read", file) == content("taken", file), "\(file)")
        }
    }

    @Test(arguments: [
        (["--rows", "64"], "texts"), (["--cut", "word"], "texts"), (["--max-tokens", "16"], "tokens of a text"),
        (["--compute-type", "float32"], "compute type"), (["--held-out", "5"], "texts"),
    ])
    func `activations that were read otherwise are refused, and what differs is named`(
        more: [String], named: String
    ) throws {
        #expect(try run("first", ["--limit", "6"]).code == 0)
        let ending = try run("other", more + ["--limit", "6", "--activations", scratch.file("first").path])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("read otherwise than this run would: \(named)"), "\(ending.errors)")
    }

    @Test func `sites that were not read, other models and folders without a run are refused`() throws {
        #expect(try run("first", ["--limit", "6"]).code == 0)
        let first = ["--limit", "6", "--activations", scratch.file("first").path]
        let site = try run("site", channels: ["2:4"], first)
        #expect(site.code == 2 && site.errors.contains("sites: A after 2 blocks missing"), "\(site.errors)")
        let copy = scratch.file("model-b")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: DemoAssets.modelB), to: copy)
        try Data("{}".utf8).write(to: copy.appendingPathComponent("generation_config.json"))
        let model = try run("model", modelB: copy.path, first)
        #expect(model.code == 2 && model.errors.contains("model B"), "\(model.errors)")
        let none = try run("none", ["--limit", "6", "--activations", scratch.file("nowhere").path])
        #expect(none.code == 2 && none.errors.contains("no run that has read texts"), "\(none.errors)")
    }
}
