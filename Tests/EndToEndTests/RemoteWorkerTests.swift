import Foundation
import Run
import TestSupport
import Testing

/// Workers that are started by hand, come late and leave.
@Suite(.blocking)
struct RemoteWorkerTests {
    @Test func `a run waits for workers that connect, and lets them go when it is done`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator",
            DemoRun.arguments(output: output, ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]), in: scratch)
        let status = try coordinator.statusEndpoint()
        let idle = try coordinator.status(at: status) { $0.elapsedSeconds > 0.5 }
        #expect(idle.phase == .running && idle.workers.isEmpty)

        let endpoint = try coordinator.workerEndpoint()
        let first = try ProgramProcess("worker", ["--connect", endpoint, "--threads", "1"], in: scratch)
        try coordinator.status(at: status, in: .extract)
        let second = try ProgramProcess("worker", ["--connect", endpoint, "--threads", "1"], in: scratch)
        try coordinator.status(at: status) { $0.workers.count { $0.unitsDone > 0 } == 2 }
        // One that is asked to leave says goodbye: its units are free at once.
        first.send(SIGTERM)
        #expect(try first.end().code == 0)

        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.errors.contains("left: terminated"), "\(ending.errors)")
        let last = try second.end()
        #expect(last.code == 0)
        #expect(last.errors.contains("the run is done"))
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }

    @Test func `a worker outlives its coordinator and serves the next one`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let endpoint = "ipc://\(scratch.file("workers").path)"
        let arguments = DemoRun.arguments(output: output, ["--workers", "0", "--listen", endpoint])
        let first = try ProgramProcess("coordinator", arguments, in: scratch)
        let worker = try ProgramProcess("worker", ["--connect", endpoint, "--threads", "2"], in: scratch)
        try first.status(at: try first.statusEndpoint(), in: .train)
        first.send(SIGKILL)
        _ = try first.end()

        let second = try ProgramProcess.run("coordinator", arguments, in: scratch)
        #expect(second.code == 0, "\(second.errors)")
        #expect(try worker.end().code == 0)
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }

    @Test func `a worker without a coordinator gives up after its patience`() throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "worker", ["--connect", "ipc://\(scratch.file("nobody").path)", "--patience", "0.5"], in: scratch)
        #expect(ending.code == 1)
        #expect(ending.errors.contains("no coordinator answered"))
    }
}
