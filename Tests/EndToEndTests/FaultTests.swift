import Foundation
import Run
import TestSupport
import Testing

/// Faults of processes, disk and network: the files are those of the undisturbed run, and the status names the
/// fault.
@Suite(.serialized, .blocking)
struct FaultTests {
    private func coordinator(_ more: [String], output: URL, in scratch: TemporaryFolder) throws -> ProgramProcess {
        try ProgramProcess("coordinator", DemoRun.arguments(output: output, more), in: scratch)
    }

    private func finish(_ coordinator: ProgramProcess, output: URL) throws {
        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }

    // MARK: Workers

    @Test(arguments: [Stage.train, .evaluate(task: "squad")])
    func `a worker that is stopped holds the run up for a moment only`(stage: Stage) throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try coordinator(["--workers", "2", "--threads", "1"], output: output, in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        let status = try coordinator.status(at: endpoint, in: stage)
        let victim = try #require(status.workers.first { $0.state == .working })
        kill(victim.processID, SIGSTOP)
        // Its units are given to the other one, mostly before it is taken for lost.
        try coordinator.status(at: endpoint) { status in
            status.faults.contains {
                $0.worker == victim.worker && ($0.what.contains("as well") || $0.what.contains("given out again"))
            }
        }
        try finish(coordinator, output: output)
    }

    @Test func `a worker that is stopped and goes on changes no byte of a result`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try coordinator(["--workers", "2", "--threads", "1"], output: output, in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        let status = try coordinator.status(at: endpoint, in: .train)
        let victim = try #require(status.workers.first { $0.state == .working })
        kill(victim.processID, SIGSTOP)
        try coordinator.status(at: endpoint) { $0.faults.contains { $0.worker == victim.worker } }
        kill(victim.processID, SIGCONT)
        try finish(coordinator, output: output)
    }

    @Test func `workers may join and leave at any time, and none at all is a wait`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let listen = "ipc://\(scratch.file("workers").path)"
        func worker() throws -> ProgramProcess {
            try ProgramProcess("worker", ["--connect", listen, "--threads", "1"], in: scratch)
        }
        let coordinator = try coordinator(["--workers", "0", "--listen", listen], output: output, in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        try coordinator.status(at: endpoint) { $0.elapsedSeconds > 1 && $0.phase == .running && $0.workers.isEmpty }

        let first = try worker()
        try coordinator.status(at: endpoint, in: .extract)
        // It returns its units at once, and nobody is left.
        first.send(SIGTERM)
        let left = try coordinator.status(at: endpoint) { $0.workers.allSatisfy { $0.state == .lost } }
        #expect(left.faults.contains { $0.what.hasPrefix("left: terminated; ") })
        #expect(try first.end().code == 0)
        #expect(coordinator.isRunning)

        let second = try worker()
        try coordinator.status(at: endpoint, in: .train)
        let third = try worker()
        try coordinator.status(at: endpoint, in: .evaluate(task: "squad")) { $0.workers.count == 3 }
        second.send(SIGKILL)
        try finish(coordinator, output: output)
        #expect(try third.end().code == 0)
    }

    // MARK: The network

    @Test func `a worker behind a network that is cut comes back by itself`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let listen = scratch.file("workers").path
        let coordinator = try coordinator(
            ["--workers", "0", "--listen", "ipc://\(listen)"], output: output, in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        let proxy = try CuttableProxy(to: listen, at: scratch.file("proxy").path)
        let worker = try ProgramProcess("worker", ["--connect", "ipc://\(proxy.path)", "--threads", "1"], in: scratch)
        for stage in [Stage.train, .evaluate(task: "squad")] {
            try coordinator.status(at: endpoint, in: stage)
            proxy.cut()
        }
        // Either side may be the first to miss the other.
        try coordinator.status(at: endpoint) { status in
            status.faults.contains {
                $0.what.contains("lost: not heard for") || $0.what.contains("came back by another connection")
            }
        }
        try finish(coordinator, output: output)
        #expect(try worker.end().code == 0)
    }

    // MARK: The disk

    @Test func `a full disk ends the run with the file's name, and the same command goes on when there is room`() throws
    {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let arguments = DemoRun.arguments(output: output, ["--workers", "1", "--threads", "1"])
        // Files that cannot grow past a limit stand for a disk that is full: writing fails in the same place.
        let program = ProgramProcess.folder.appendingPathComponent("coordinator").path
        let first = try ProgramProcess(
            path: "/bin/sh",
            ["-c", "trap '' XFSZ; ulimit -f 256; exec \"$0\" \"$@\"", program] + arguments, in: scratch
        ).end()
        #expect(first.code == 1, "\(first.errors)")
        let journal = output.appendingPathComponent("journal").path
        let checkpoint = output.appendingPathComponent("training.checkpoint").path
        let last = first.errors.split(separator: "\n").last { $0.hasPrefix("error") } ?? ""
        #expect(last.contains(journal) || last.contains(checkpoint), "\(first.errors)")
        #expect(last.contains("the same command goes on from there"))

        let second = try ProgramProcess.run("coordinator", arguments, in: scratch)
        #expect(second.code == 0, "\(second.errors)")
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }
}
