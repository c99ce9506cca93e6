import DemoAssets
import Foundation
import TestSupport
import Testing

/// Where and how messages are written: `--match-norm`.
@Suite(.serialized, .blocking)
struct SiteTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func run(_ more: [String], output: String) throws -> URL {
        let ending = try ProgramProcess.run(
            "coordinator",
            ShortRun.arguments(output: scratch.file(output), ["--limit", "6", "--threads", "1"] + more), in: scratch)
        guard ending.code == 0 else { throw TimedOut(what: "a run: \(ending.errors)") }
        return scratch.file(output)
    }

    private func identity(of run: URL) throws -> String {
        struct Manifest: Decodable { let run: String }
        return try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: run.appendingPathComponent("run.json")))
            .run
    }

    @Test(arguments: [["--match-norm"], ["--match-norm", "--alpha", "0.5"]])
    func `how messages are written is the run's own, and the number of workers changes no byte`(
        settings: [String]
    ) throws {
        let one = try run(settings + ["--workers", "1"], output: "one")
        let two = try run(settings + ["--workers", "2"], output: "two")
        let plain = try run(["--workers", "1"], output: "plain")
        #expect(try ShortRun.results(in: one) == ShortRun.results(in: two))
        #expect(try ShortRun.results(in: one)[1] != ShortRun.results(in: plain)[1])
        #expect(try identity(of: one) == identity(of: two) && identity(of: one) != identity(of: plain))
        // The settings written stand for the same run.
        let file = one.appendingPathComponent("config.yaml").path
        let again = try run(["--config", file, "--workers", "1"], output: "again")
        #expect(try identity(of: again) == identity(of: one))
    }
}
