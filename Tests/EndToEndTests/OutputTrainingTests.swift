import DemoAssets
import Foundation
import Run
import Storage
import TestSupport
import Testing

/// W trained by outputs with real processes: the files are those of the training by factors.
@Suite(.serialized, .blocking)
struct OutputTrainingTests {
    /// A training long enough that a block takes a while.
    private static func arguments(output: URL, _ more: [String]) -> [String] {
        [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
            "--c4", DemoAssets.corpus, "--experiments", "projection", "--rows", "500", "--epochs", "300",
            "--shard-rows", "16", "--status", "tcp://127.0.0.1:*", "--output", output.path,
        ] + more
    }

    private static func digests(in output: URL) throws -> [Digest] {
        try ["projection_128_to_96_k4_j4.safetensors", "results.json", "run.json"].map {
            try ContentHasher.digest(ofFileAt: output.appendingPathComponent($0))
        }
    }

    /// The files of the undisturbed training by factors.
    private static let expected = Result {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try ProgramProcess.run(
            "coordinator",
            arguments(output: output, ["--gradients", "factors", "--workers", "1", "--threads", "1"]), in: scratch)
        guard ending.code == 0 else { throw TimedOut(what: "the undisturbed run: \(ending.errors)") }
        return try digests(in: output)
    }

    private func arguments(output: URL, workers: Int) -> [String] {
        Self.arguments(
            output: output, ["--training", "by-outputs", "--workers", "\(workers)", "--threads", "1"])
    }

    @Test(arguments: [1, 3])
    func `any number of workers gives the files of a training by factors`(workers: Int) throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try ProgramProcess.run("coordinator", arguments(output: output, workers: workers), in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try Self.digests(in: output) == Self.expected.get())
    }

    @Test func `a worker killed at a block changes no byte`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess("coordinator", arguments(output: output, workers: 3), in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        let status = try coordinator.status(at: endpoint, in: .train)
        let victim = try #require(status.workers.first { $0.state == .working })
        kill(victim.processID, SIGKILL)
        let after = try coordinator.status(at: endpoint) { status in
            status.faults.contains { $0.worker == victim.worker && $0.what.contains("killed by signal 9") }
        }
        #expect(after.faults.contains { $0.what.contains("train/") && $0.what.contains("given out again") })
        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try Self.digests(in: output) == Self.expected.get())
    }

    @Test func `a coordinator killed among the blocks goes on with those that are left`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let first = try ProgramProcess("coordinator", arguments(output: output, workers: 2), in: scratch)
        let status = try first.status(at: try first.statusEndpoint(), in: .train)
        first.send(SIGKILL)
        _ = try first.end()
        for worker in status.workers {
            #expect(wait(30) { kill(worker.processID, 0) != 0 }, "worker \(worker.worker) outlived its coordinator")
        }
        let second = try ProgramProcess.run("coordinator", arguments(output: output, workers: 2), in: scratch)
        #expect(second.code == 0, "\(second.errors)")
        #expect(second.errors.contains("going on with the run"))
        #expect(try Self.digests(in: output) == Self.expected.get())
    }
}
