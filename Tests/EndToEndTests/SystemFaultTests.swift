import Foundation
import Run
import TestSupport
import Testing

/// Faults that the system itself makes: a disk that is full, a network that is cut. Mounts and interfaces are in
/// namespaces of the tests' own, which go with their processes.
@Suite(.serialized, .blocking)
struct SystemFaultTests {
    // MARK: The disk

    @Test(
        .enabled(if: Namespaces.allowMounts, "this process may not mount a tmpfs in a namespace of its own"),
        arguments: [200, 400, 560])
    func `a disk that fills up ends the run with the file's name, and with more room the same command goes on`(
        kibibytes: Int
    ) throws {
        let scratch = try TemporaryFolder()
        let disk = try scratch.folder()
        let output = disk.appendingPathComponent("run")
        let copy = scratch.file("copy")
        let coordinator = ProgramProcess.folder.appendingPathComponent("coordinator").path
        let script = """
            set -e
            mount -t tmpfs -o size=\(kibibytes)k tmpfs "$1"
            copy=$2
            shift 2
            code=0
            "$@" 1>&2 || code=$?
            echo "FIRST $code"
            mount -o remount,size=64m "$(dirname "$RUN")"
            "$@" 1>&2
            cp -r "$RUN" "$copy"
            """
        let ending = try ProgramProcess(
            path: "/usr/bin/unshare",
            ["--mount", "/bin/sh", "-c", script, "sh", disk.path, copy.path, coordinator]
                + DemoRun.arguments(output: output, ["--workers", "1", "--threads", "1"]),
            in: scratch, environment: ["RUN": output.path]
        ).end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.output.contains("FIRST 1\n"), "\(ending.output)\(ending.errors)")
        let error = ending.errors.split(separator: "\n").first { $0.hasPrefix("error") } ?? ""
        #expect(error.contains(output.path) && error.contains("No space left on device"), "\(ending.errors)")
        #expect(error.contains("the same command"), "\(ending.errors)")
        #expect(ending.errors.contains("going on with the run"), "\(ending.errors)")
        #expect(try DemoRun.digests(in: copy) == DemoRun.undisturbed())
    }

    // MARK: The network

    @Test(.enabled(if: Namespaces.allowNetworks, "this process may not make network namespaces with interfaces"))
    func `a worker whose network is cut is named, and comes back by itself when it is mended`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let network = try TwoHosts(in: scratch)
        let keys = scratch.file("keys")
        let made = try ProgramProcess.run("coordinator", ["keygen", "--output", keys.path], in: scratch)
        #expect(made.code == 0, "\(made.errors)")
        func key(_ name: String) -> String { keys.appendingPathComponent(name).path }

        // The address is beyond this machine, as far as the programs can tell, so they want keys.
        let coordinator = try network.start(
            "coordinator",
            DemoRun.arguments(
                output: output,
                [
                    "--workers", "0", "--listen", "tcp://\(TwoHosts.coordinator):5755",
                    "--key", key("coordinator.secret"), "--worker-keys", key("worker.public"),
                ]
            ).replacing(["tcp://127.0.0.1:*"], with: ["ipc://\(scratch.file("status").path)"]),
            on: network.first, in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        let worker = try network.start(
            "worker",
            [
                "--connect", "tcp://\(TwoHosts.coordinator):5755", "--threads", "1", "--key", key("worker.secret"),
                "--coordinator-key", key("coordinator.public"),
            ], on: network.second, in: scratch)
        try coordinator.status(at: endpoint, in: .train)

        try network.set("down")
        let lost = try coordinator.status(at: endpoint) { status in
            status.faults.contains { $0.what.contains("lost: not heard for") && $0.what.contains("given out again") }
        }
        #expect(lost.workers.map(\.state) == [.lost])
        #expect(lost.faults.last?.worker == lost.workers.first?.worker)
        #expect(coordinator.isRunning && worker.isRunning)

        try network.set("up")
        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try worker.end().code == 0)
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }
}
