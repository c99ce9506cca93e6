import Foundation
import Run
import TestSupport
import Testing

/// What a coordinator decided, recorded and run again.
@Suite(.serialized, .blocking)
struct RecordTests {
    @Test func `the record of a run whose worker is killed has the same effects again, and a changed one has not`()
        throws
    {
        let scratch = try TemporaryFolder()
        let record = scratch.file("events.jsonl")
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator",
            ShortRun.arguments(
                output: output, ["--workers", "2", "--threads", "1", "--record-events", record.path]), in: scratch)
        let status = try coordinator.status(at: try coordinator.statusEndpoint(), in: .evaluate(task: "squad"))
        let victim = try #require(status.workers.first { $0.state == .working })
        kill(victim.processID, SIGKILL)
        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try ShortRun.results(in: output) == ShortRun.undisturbed())

        var text = try String(contentsOf: record, encoding: .utf8)
        #expect(text.contains(#""workerEnded""#))
        let same = try ProgramProcess.run("simulate", ["--replay", record.path], in: scratch)
        #expect(same.code == 0, "\(same.output)\(same.errors)")
        #expect(same.output.contains("events, each with the same effects"))

        text = text.replacing(#""signal":{"_0":9}"#, with: #""exitCode":{"_0":9}"#)
        try text.write(to: record, atomically: true, encoding: .utf8)
        let changed = try ProgramProcess.run("simulate", ["--replay", record.path], in: scratch)
        #expect(changed.code == 1)
        #expect(changed.output.contains("workerEnded"), "\(changed.output)\(changed.errors)")
    }
}
