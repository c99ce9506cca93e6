import Foundation
import Run
import TestSupport
import Testing

/// What a run finds around it: descriptors, signals, temporary folders, addresses, other runs.
@Suite(.serialized, .blocking)
struct SurroundingsTests {
    private let scratch: TemporaryFolder
    private var output: URL { scratch.file("run") }
    private static let program = ProgramProcess.folder.appendingPathComponent("coordinator").path

    init() throws { scratch = try TemporaryFolder() }

    private func start(
        _ more: [String], through wrapper: [String] = [], environment: [String: String] = [:]
    ) throws -> ProgramProcess {
        let command = wrapper + [Self.program] + ShortRun.arguments(output: output, more)
        return try ProgramProcess(path: command[0], Array(command.dropFirst()), in: scratch, environment: environment)
    }

    private static let waiting = ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]
    private static let alone = ["--workers", "1", "--threads", "1"]

    private func expectTheResults(_ ending: ProgramProcess.Ending) throws {
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try ShortRun.results(in: output) == ShortRun.undisturbed())
    }

    // MARK: Rest

    @Test func `a coordinator that waits rests and is silent`() throws {
        let coordinator = try start(Self.waiting)
        _ = try coordinator.statusEndpoint()
        sleep(4)
        let (before, said) = (try coordinator.wakeUps(), coordinator.errors)
        sleep(6)
        let after = try coordinator.wakeUps()
        let count = after.reduce(0) { $0 + max(0, $1.value - (before[$1.key] ?? $1.value)) }
        #expect(count < 30, "\(count) wake-ups in 6 s")
        let more = coordinator.errors.dropFirst(said.count).split(separator: "\n")
        #expect(more.allSatisfy { $0.contains("no worker has come yet") }, "\(more)")
        coordinator.send(SIGTERM)
        #expect(try coordinator.end().code == 130)
    }

    // MARK: Streams and signals

    @Test func `a run without its three streams keeps its files apart from what it prints`() throws {
        let shell = ["/bin/sh", "-c", "exec \"$@\" 0<&- 1>&- 2>&-", "sh"]
        try expectTheResults(try start(Self.alone, through: shell).end())
    }

    @Test func `a pipe that nobody reads any more ends no run`() throws {
        let shell = ["/bin/sh", "-c", "{ \"$@\" 2>&1; echo \"code $?\" >&2; } | head -c 1 >/dev/null", "sh"]
        let ending = try start(Self.alone, through: shell).end()
        #expect(ending.errors.contains("code 0"), "\(ending.errors)")
        try expectTheResults(ending)
    }

    @Test func `SIGQUIT quits at once, and the same command goes on`() throws {
        let coordinator = try start(Self.waiting)
        _ = try coordinator.statusEndpoint()
        coordinator.send(SIGQUIT)
        #expect(try coordinator.end(within: 10).code == SIGQUIT)
        try expectTheResults(try start(Self.alone).end())
    }

    // MARK: Temporary folders

    @Test func `a temporary folder whose path is too long for a socket is no hindrance`() throws {
        let long = scratch.file(String(repeating: "x", count: 200))
        try FileManager.default.createDirectory(at: long, withIntermediateDirectories: true)
        try expectTheResults(try start(Self.alone, environment: ["TMPDIR": long.path]).end())
    }

    @Test func `what a killed coordinator has left is cleared by the next one`() throws {
        let coordinator = try start(["--workers", "1", "--listen", "tcp://127.0.0.1:*"])
        _ = try coordinator.statusEndpoint()
        coordinator.send(SIGKILL)
        _ = try coordinator.end()
        #expect(try socketFolders().count == 1)
        let half = output.appendingPathComponent(".atomic-1f.tmp")
        try Data("half".utf8).write(to: half)
        try expectTheResults(try start(Self.alone).end())
        #expect(try socketFolders().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: half.path))
    }

    @Test func `a socket folder that is cleared under a run is there again, and the run goes on`() throws {
        let coordinator = try start(["--workers", "1", "--threads", "1", "--listen", "tcp://127.0.0.1:*"])
        let status = try coordinator.statusEndpoint()
        let worker = try coordinator.status(at: status) { $0.workers.count == 1 }.workers[0].processID
        // It stands still, so that the run does not end meanwhile, and what follows it has to come by the socket.
        kill(worker, SIGSTOP)
        for folder in try socketFolders() { try FileManager.default.removeItem(at: folder) }
        try coordinator.status(at: status) { $0.faults.contains { $0.what.contains("the private socket") } }
        kill(worker, SIGKILL)
        try expectTheResults(try coordinator.end())
    }

    private func socketFolders() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: scratch.url, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix("activation-communication-") }
    }

    // MARK: Addresses

    private static let hasIPv6 = (try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8))?.isEmpty == false

    @Test(.enabled(if: hasIPv6, "this machine has no address of IPv6"))
    func `a worker comes by an address of IPv6`() throws {
        let coordinator = try start(["--workers", "0", "--listen", "tcp://[::1]:*"])
        _ = try coordinator.statusEndpoint()
        let endpoint = try coordinator.workerEndpoint()
        #expect(endpoint.hasPrefix("tcp://[::1]:"))
        let worker = try ProgramProcess("worker", ["--connect", endpoint, "--threads", "1"], in: scratch)
        try expectTheResults(try coordinator.end())
        #expect(try worker.end().code == 0)
    }

    @Test(.enabled(if: hasIPv6, "this machine has no address of IPv6"))
    func `who listens everywhere listens on both families`() throws {
        let keys = scratch.file("keys")
        let made = try ProgramProcess.run("coordinator", ["keygen", "--output", keys.path], in: scratch)
        #expect(made.code == 0, "\(made.errors)")
        func key(_ name: String) -> String { keys.appendingPathComponent(name).path }
        let coordinator = try start([
            "--workers", "0", "--listen", "tcp://*:*", "--key", key("coordinator.secret"), "--worker-keys",
            key("worker.public"),
        ])
        let status = try coordinator.statusEndpoint()
        let port = try coordinator.publicEndpoint().text.split(separator: ":").last ?? ""
        let workers = try ["tcp://[::1]:\(port)", "tcp://127.0.0.1:\(port)"].map { endpoint in
            let worker = try ProgramProcess(
                "worker",
                [
                    "--connect", endpoint, "--threads", "1", "--key", key("worker.secret"), "--coordinator-key",
                    key("coordinator.public"),
                ], in: scratch)
            // The first stands still, or it might have done everything before the second comes.
            try coordinator.status(at: status) { $0.workers.contains { $0.processID == worker.processID } }
            worker.send(SIGSTOP)
            return worker
        }
        for worker in workers { worker.send(SIGCONT) }
        try expectTheResults(try coordinator.end())
        for worker in workers { #expect(try worker.end().code == 0) }
    }

    @Test func `a host that nobody knows is named at once`() throws {
        let keys = scratch.file("keys")
        let made = try ProgramProcess.run("coordinator", ["keygen", "--output", keys.path], in: scratch)
        #expect(made.code == 0, "\(made.errors)")
        let worker = try ProgramProcess(
            "worker",
            [
                "--connect", "tcp://no-such-host.invalid:5755", "--patience", "1", "--key",
                keys.appendingPathComponent("worker.secret").path, "--coordinator-key",
                keys.appendingPathComponent("coordinator.public").path,
            ], in: scratch)
        let ending = try worker.end(within: 60)
        #expect(ending.code == 1)
        #expect(ending.errors.contains("the host of tcp://no-such-host.invalid:5755 is not known"), "\(ending.errors)")
    }

    @Test(.enabled(if: Namespaces.allowNetworks, "this process may not make network namespaces"))
    func `a second run whose usual status port is taken says where it is, and is found by its folder`() throws {
        let arguments = [scratch.file("first"), scratch.file("second")].map { folder -> [String] in
            var arguments = ShortRun.arguments(output: folder, Self.waiting)
            if let place = arguments.firstIndex(of: "--status") { arguments.removeSubrange(place...place + 1) }
            return [Self.program] + arguments
        }
        let ask = [Self.program, "status", "--format", "json", "--output"]
        let script = """
            ip link set lo up
            cd "$SCRATCH"
            \(shell(arguments[0])) 2>first.err & first=$!
            \(shell(arguments[1])) 2>second.err & second=$!
            while ! grep -q progress: first.err || ! grep -q progress: second.err; do sleep 0.05; done
            \(shell(ask + [scratch.file("first").path])) >first.json
            \(shell(ask + [scratch.file("second").path])) >second.json
            kill $first $second
            wait
            """
        let ending = try ProgramProcess(
            path: "/usr/bin/unshare", ["--net", "/bin/sh", "-c", script], in: scratch,
            environment: ["SCRATCH": scratch.url.path]
        ).end(within: 60)
        #expect(ending.code == 0, "\(ending.errors)")
        let places = try ["first.err", "second.err"].map { name -> String in
            let text = try String(contentsOf: scratch.file(name), encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.hasPrefix("progress: ") }
            return String(line?.split(separator: " ").last ?? "")
        }
        #expect(places.contains("tcp://127.0.0.1:5756") && Set(places).count == 2, "\(places)")
        for name in ["first.json", "second.json"] {
            struct Told: Decodable { var phase: String }
            let status = try JSONDecoder().decode(Told.self, from: Data(contentsOf: scratch.file(name)))
            #expect(status.phase == "running")
        }
        // A folder without a coordinator shows nobody else's run.
        let nobody = try ProgramProcess.run("coordinator", ["status", "--output", output.path], in: scratch)
        #expect(nobody.code == 2 && nobody.errors.contains("no coordinator is at work there"), "\(nobody.errors)")
    }

    private func shell(_ words: [String]) -> String {
        words.map { "'\($0.replacingOccurrences(of: "'", with: "'\\''"))'" }.joined(separator: " ")
    }
}

extension ProgramProcess {
    /// How often each of its threads gave up the processor by itself so far: each time it had been woken.
    fileprivate func wakeUps() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/task") {
            // One that has ended meanwhile counts no more.
            let text = (try? String(contentsOfFile: "/proc/\(processID)/task/\(thread)/status", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
            counts[thread] = line?.split(separator: "\t").last.flatMap { Int($0) }
        }
        return counts
    }
}
