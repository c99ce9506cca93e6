import DemoAssets
import Foundation
import TestSupport
import Testing

/// All channels between ranges of blocks in one run: `--channels`.
@Suite(.serialized, .blocking)
struct SweepTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func arguments(_ more: [String], output: String) -> [String] {
        [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--c4", DemoAssets.corpus, "--cut",
            "word", "--rows", "40", "--squad", DemoAssets.questions, "--limit", "3", "--experiments",
            "projection,squad", "--status", "tcp://127.0.0.1:*", "--threads", "1", "--output",
            scratch.file(output).path,
        ] + more
    }

    private func run(_ more: [String], output: String) throws -> URL {
        let ending = try ProgramProcess.run("coordinator", arguments(more, output: output), in: scratch)
        guard ending.code == 0 else { throw TimedOut(what: "a run: \(ending.errors)") }
        return scratch.file(output)
    }

    @Test func `every cell of a sweep over all blocks is the run with that channel alone`() throws {
        let sweep = try run(["--channels", "0-4:0-4", "--workers", "2"], output: "sweep")
        let cells = (0...4).flatMap { k in (0...4).map { (k, $0) } }
        for (k, j) in cells {
            let single = try run(
                [
                    "--layer-k", "\(k)", "--layer-j", "\(j)", "--fit", "ridge", "--endpoints", "likelihood",
                    "--workers",
                    "1",
                ], output: "\(k)-\(j)")
            let cell = try Data(contentsOf: sweep.appendingPathComponent("samples_squad_k\(k)_j\(j)_ridge.jsonl"))
            #expect(try cell == Data(contentsOf: single.appendingPathComponent("samples_squad.jsonl")), "\(k):\(j)")
            try FileManager.default.removeItem(at: single)
        }
        let page = try String(contentsOf: sweep.appendingPathComponent("report.html"), encoding: .utf8)
        #expect(page.contains("Channels by blocks") && page.contains("SQuAD v1.1: CAG in nats of log p(gold)"))
        for (k, j) in cells { #expect(page.contains("\n\(k),\(j),"), "\(k):\(j)") }
        #expect(page.components(separatedBy: "class=\"cellbox").count == cells.count + 1)
    }

    @Test(arguments: [
        (["--channels", "4-1:2"], "--channels"), (["--channels", "1-4/0:2"], "--channels"),
        (["--channels", "1-:2"], "--channels"), (["--channels", "2/2:2"], "--channels"),
        (["--channels", "0-9223372036854775807:2"], "--channels"),
        (["--channels", "0-99:4"], "--channels: 100 blocks of A, expected at most 31"),
        (["--channels", "0-5:4"], "--layer-k 5 (channel 5:4/ridge)"),
        (["--channels", "1-2:1-2", "1:1"], "given twice"),
        (["--channels", "1-2:1-2", "--layer-k", "1"], "--channels stands in place of"),
    ])
    func `ranges that cannot be are named before any work`(given: [String], named: String) throws {
        let ending = try ProgramProcess.run("coordinator", arguments(given, output: "run"), in: scratch)
        #expect(ending.code == 2 && ending.errors.contains(named), "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run").path))
    }

    @Test func `what a sweep takes is said beforehand`() throws {
        let ending = try ProgramProcess.run(
            "coordinator", arguments(["--channels", "0-4:0-4", "--dry-run"], output: "run"), in: scratch)
        #expect(ending.code == 0 && ending.output.contains("squad"), "\(ending.errors)")
    }
}
