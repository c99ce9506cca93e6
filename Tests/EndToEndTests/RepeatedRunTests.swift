import DemoAssets
import Foundation
import Reports
import Storage
import TestSupport
import Testing

/// What a folder that holds a run says to the same command, and to another one.
@Suite(.serialized, .blocking)
struct RepeatedRunTests {
    private let scratch: TemporaryFolder
    private var output: URL { scratch.file("run") }

    init() throws { scratch = try TemporaryFolder() }

    private func run(modelA: String = DemoAssets.modelA, _ more: [String] = []) throws -> ProgramProcess.Ending {
        try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j",
                "4", "--c4", DemoAssets.corpus, "--rows", "64", "--epochs", "2", "--squad", DemoAssets.questions,
                "--limit", "6", "--experiments", "projection,squad", "--workers", "1", "--threads", "1", "--status",
                "tcp://127.0.0.1:*", "--output", output.path,
            ] + more, in: scratch)
    }

    /// What can be seen of each file without reading it.
    private func files() throws -> [String: [FileAttributeKey: NSObject]] {
        var files: [String: [FileAttributeKey: NSObject]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: output.path) {
            files[name] =
                try FileManager.default.attributesOfItem(
                    atPath: output.appendingPathComponent(name).path) as? [FileAttributeKey: NSObject]
        }
        return files
    }

    @Test func `a finished run is shown again at once, without a worker and without touching a file`() throws {
        let first = try run()
        #expect(first.code == 0, "\(first.errors)")
        let files = try files()
        let began = ContinuousClock.now
        let again = try run()
        // Some tenths of a second; a worker would have to load models first. Others work on this machine too.
        #expect(ContinuousClock.now - began < .seconds(10))
        #expect(again.code == 0 && again.output == first.output && again.errors.isEmpty, "\(again.errors)")
        #expect(try self.files() == files)
    }

    @Test func `a result that was removed or edited is made again, without a worker`() throws {
        let first = try run()
        #expect(first.code == 0, "\(first.errors)")
        let results = output.appendingPathComponent("results.json")
        let samples = output.appendingPathComponent("samples_squad.jsonl")
        let before = try Data(contentsOf: results)
        try FileManager.default.removeItem(at: samples)
        try Data("{}".utf8).write(to: results)
        let again = try run()
        #expect(again.code == 0 && again.output == first.output, "\(again.errors)")
        #expect(try Data(contentsOf: results) == before)
        #expect(FileManager.default.fileExists(atPath: samples.path))
        let timing = try TimingReport(Data(contentsOf: output.appendingPathComponent("timing.json")))
        #expect(timing.sessionCount == 2 && timing.workers.map(\.session) == [1])
    }

    @Test(arguments: [["--seed", "7"], []])
    func `a folder whose description is gone is refused, whatever is asked for`(more: [String]) throws {
        #expect(try run().code == 0)
        try FileManager.default.removeItem(at: output.appendingPathComponent("run.json"))
        let checkpoint = try Data(contentsOf: output.appendingPathComponent("training.checkpoint"))
        let ending = try run(more)
        #expect(ending.code == 2)
        #expect(ending.errors.contains("has a run's journal and no run.json"), "\(ending.errors)")
        #expect(ending.errors.contains("put run.json back, or name another --output"), "\(ending.errors)")
        #expect(try Data(contentsOf: output.appendingPathComponent("training.checkpoint")) == checkpoint)

        // The checkpoint alone does not serve another run either.
        try FileManager.default.removeItem(at: output.appendingPathComponent("journal"))
        let without = try run(more)
        #expect(without.code == 2)
        #expect(without.errors.contains("has a run's training.checkpoint and no run.json"), "\(without.errors)")
    }

    @Test func `a journal with a flipped bit is recovered, and what was lost is done again to the same bytes`() throws {
        let first = try run()
        #expect(first.code == 0, "\(first.errors)")
        let results = output.appendingPathComponent("results.json")
        let expected = try Data(contentsOf: results)
        try FileManager.default.removeItem(at: results)
        let journal = output.appendingPathComponent("journal")
        var bytes = try Data(contentsOf: journal)
        bytes[bytes.count / 3] ^= 1
        try bytes.write(to: journal)
        let refused = try run()
        #expect(refused.code == 2 && refused.errors.contains("'coordinator recover' keeps"), "\(refused.errors)")
        let recovered = try ProgramProcess.run("coordinator", ["recover", output.path], in: scratch)
        #expect(recovered.code == 0 && recovered.output.contains("lost at byte"), "\(recovered)")
        let again = try run()
        #expect(again.code == 0, "\(again.errors)")
        #expect(try Data(contentsOf: results) == expected)
        #expect(try Data(contentsOf: output.appendingPathComponent("journal.damaged")) == bytes)
    }

    @Test func `a folder whose description was edited is refused with what to do`() throws {
        #expect(try run().code == 0)
        let file = output.appendingPathComponent("run.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing("\"seed\" : 42", with: "\"seed\" : 7").write(to: file, atomically: true, encoding: .utf8)
        for more in [[], ["--seed", "7"]] {
            let ending = try run(more)
            #expect(ending.code == 2)
            #expect(ending.errors.contains("run.json: not what the run wrote"), "\(ending.errors)")
        }
    }

    @Test func `a checkpoint of another run is refused`() throws {
        #expect(try run().code == 0)
        let checkpoint = try Data(contentsOf: output.appendingPathComponent("training.checkpoint"))
        try FileManager.default.removeItem(at: output)
        #expect(try run(["--seed", "7"]).code == 0)
        try checkpoint.write(to: output.appendingPathComponent("training.checkpoint"))
        try FileManager.default.removeItem(at: output.appendingPathComponent("results.json"))
        let ending = try run(["--seed", "7"])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("a checkpoint of another training"), "\(ending.errors)")
    }

    @Test func `a bit of a model's weights, wherever it stands, makes another run`() throws {
        let model = scratch.file("model-a")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: DemoAssets.modelA), to: model)
        #expect(try run(modelA: model.path).code == 0)
        // The copy's path is not part of what the run is.
        #expect(try run().code == 0)
        let weights = model.appendingPathComponent("model.safetensors")
        var bytes = try Data(contentsOf: weights)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: weights)
        let ending = try run(modelA: model.path)
        #expect(ending.code == 2)
        #expect(ending.errors.contains("differs in --model-a"), "\(ending.errors)")
    }
}
