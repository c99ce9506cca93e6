import Foundation
import TestSupport
import Testing

/// The event file of a run, read back by TensorBoard's own package.
@Suite(.serialized, .blocking)
struct TensorBoardTests {
    private static let program = """
        import json, sys
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0})
        events.Reload()
        print(json.dumps({tag: [[e.step, e.value, e.wall_time] for e in events.Scalars(tag)]
                          for tag in events.Tags()["scalars"]}))
        """

    @Test(
        .enabled(if: PythonPrograms.tensorBoard != nil, Comment(rawValue: PythonPrograms.absence)),
        .timeLimit(.minutes(15)))
    func `losses and scores are those of the report, and the bytes are the same every time`() throws {
        let python = try #require(PythonPrograms.tensorBoard)
        let scratch = try TemporaryFolder()
        for name in ["a", "b"] {
            let ending = try ProgramProcess.run(
                "coordinator",
                DemoRun.arguments(
                    output: scratch.file(name),
                    [
                        "--workers", "1", "--limit", "12", "--epochs", "2", "--tensorboard",
                        scratch.file("tb-\(name)").path,
                    ]),
                in: scratch)
            #expect(ending.code == 0, "\(ending.errors)")
        }
        func files(_ name: String) throws -> [URL] {
            try FileManager.default.contentsOfDirectory(
                at: scratch.file("tb-\(name)"), includingPropertiesForKeys: nil)
        }
        let file = try #require(try files("a").first)
        #expect(try files("a").count == 1 && file.lastPathComponent == files("b").first?.lastPathComponent)
        #expect(try Data(contentsOf: file) == Data(contentsOf: try #require(try files("b").first)))

        let read = try python.run(Self.program, [scratch.file("tb-a").path], in: scratch)
        #expect(read.code == 0, "\(read.errors)")
        let curves = try #require(
            try JSONSerialization.jsonObject(with: Data(read.output.utf8)) as? [String: [[Double]]])
        let metrics = try String(contentsOf: scratch.file("a/metrics.jsonl"), encoding: .utf8)
        let losses = try metrics.split(separator: "\n").map {
            try #require((try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["loss"] as? Double)
        }
        let curve = try #require(curves["loss"])
        #expect(curve.map { $0[0] } == (1...losses.count).map(Double.init))
        #expect(zip(curve, losses).allSatisfy { Float($0[1]) == Float($1) && $0[2] == $0[0] })
        #expect(curves["squad/f1/injected"]?.count == 12)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a run at work has told the beginning of what it tells in the end, and goes on with it after a kill`() throws {
        let scratch = try TemporaryFolder()
        func start(_ name: String, _ more: [String]) throws -> ProgramProcess {
            try ProgramProcess(
                "coordinator",
                ShortRun.arguments(
                    output: scratch.file(name),
                    ["--threads", "1", "--limit", "200", "--tensorboard", scratch.file("tb-\(name)").path] + more),
                in: scratch)
        }
        /// What the file has so far.
        func told(_ name: String) -> Data? {
            let folder = scratch.file("tb-\(name)")
            return (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.first
                .flatMap { try? Data(contentsOf: folder.appendingPathComponent($0)) }
        }
        #expect(try start("whole", ["--workers", "1"]).end().code == 0)
        let whole = try #require(told("whole"))

        let killed = try start("killed", ["--workers", "1"])
        #expect(wait(60) { told("killed")?.count ?? 0 > 1_000 })
        killed.send(SIGKILL)
        _ = try killed.end()
        let beginning = try #require(told("killed"))
        #expect(whole.starts(with: beginning) && beginning.count < whole.count, "\(beginning.count) of \(whole.count)")
        #expect(try start("killed", ["--workers", "2"]).end().code == 0)
        #expect(told("killed") == whole)
    }
}
