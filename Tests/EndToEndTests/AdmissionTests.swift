import Foundation
import Run
import TestSupport
import Testing
import Transport

/// To nobody but those it admits: with real processes and real keys.
@Suite(.serialized, .blocking)
struct AdmissionTests {
    /// A coordinator that listens at all addresses with keys, and waits for workers; a run of some seconds.
    private struct Guarded {
        let scratch: TemporaryFolder
        let coordinator: ProgramProcess
        let worker: Endpoint
        let status: Endpoint

        init(workers: Int = 0, more: [String] = []) throws {
            scratch = try TemporaryFolder()
            let made = try ProgramProcess.run(
                "coordinator", ["keygen", "--output", scratch.file("keys").path], in: scratch)
            #expect(made.code == 0, "\(made.errors)")
            coordinator = try ProgramProcess(
                "coordinator",
                ShortRun.arguments(
                    output: scratch.file("run"),
                    [
                        "--listen", "tcp://0.0.0.0:*", "--workers", "\(workers)", "--threads", "1",
                        "--key", scratch.file("keys/coordinator.secret").path,
                        "--worker-keys", scratch.file("keys/worker.public").path,
                    ] + more), in: scratch)
            status = try coordinator.statusEndpoint()
            worker = workers > 0 ? status : try coordinator.publicEndpoint()
        }

        func key(_ name: String) -> String { scratch.file("keys/\(name)").path }

        func worker(_ more: [String], environment: [String: String] = [:]) throws -> ProgramProcess {
            try ProgramProcess(
                "worker", ["--connect", worker.text, "--threads", "1"] + more, in: scratch, environment: environment)
        }

        /// A worker that is not let in: its last words. The coordinator goes on.
        func refusal(_ more: [String]) throws -> String {
            let began = ContinuousClock.now
            let ending = try worker(more).end(within: 30)
            #expect(ending.code == 1)
            #expect(ContinuousClock.now - began < .seconds(10))
            #expect(coordinator.isRunning)
            return ending.errors.split(separator: "\n").last.map(String.init) ?? ""
        }

        func fault(_ text: String) throws -> Bool {
            try coordinator.status(at: status, within: 10) { $0.faults.contains { $0.what.contains(text) } }
                .faults.count < 10
        }
    }

    @Test func `only a listed worker takes part, the others learn why, and the results are the same`() throws {
        let guarded = try Guarded()
        let other = try ProgramProcess.run(
            "coordinator", ["keygen", "--output", guarded.scratch.file("keys").path, "--name", "other"],
            in: guarded.scratch)
        #expect(other.code == 0)

        let missing = try guarded.refusal([])
        #expect(missing.contains("wants keys and none were given"))
        let wrong = try guarded.refusal([
            "--key", guarded.key("worker.secret"), "--coordinator-key", guarded.key("other.public"),
        ])
        #expect(wrong.contains("has another key than --coordinator-key says"))
        #expect(try guarded.fault("it takes this coordinator for one with another key"))
        let unlisted = [
            "--key", guarded.key("other.secret"), "--coordinator-key", guarded.key("coordinator.public"),
        ]
        let stranger = try guarded.refusal(unlisted)
        #expect(stranger.contains("does not admit this key"))
        #expect(try guarded.fault("turned 127.0.0.1 away: its key is not among the worker keys"))
        #expect(try guarded.coordinator.status(at: guarded.status) { _ in true }.workers.isEmpty)

        // A key that is added is let in from then on, and keys may come from the environment.
        func text(_ name: String) throws -> String { try String(contentsOfFile: guarded.key(name), encoding: .utf8) }
        let list = try text("worker.public") + text("other.public")
        try Data(list.utf8).write(to: URL(fileURLWithPath: guarded.key("worker.public")))
        let worker = try guarded.worker(
            [],
            environment: [
                "WORKER_SECRET_KEY": try text("other.secret"), "COORDINATOR_PUBLIC_KEY": try text("coordinator.public"),
            ])
        let ending = try guarded.coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        let last = try worker.end()
        #expect(last.code == 0, "\(last.errors)")
        #expect(try ShortRun.results(in: guarded.scratch.file("run")) == ShortRun.undisturbed())

        // No key is in anything that was written.
        for name in ["coordinator", "worker", "other"] {
            let secret = try text("\(name).secret").split(separator: " ")[1]
            for log in [missing, wrong, stranger, ending.errors, ending.output, last.errors, last.output] {
                #expect(!log.contains(secret))
            }
        }
    }

    @Test func `local workers take part without keys while others would need them`() throws {
        let guarded = try Guarded(workers: 1)
        let ending = try guarded.coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try ShortRun.results(in: guarded.scratch.file("run")) == ShortRun.undisturbed())
    }

    @Test func `progress is told at another address to those that are let in`() throws {
        let guarded = try Guarded(more: ["--status", "tcp://0.0.0.0:*"])
        func ask(_ more: [String]) throws -> ProgramProcess.Ending {
            let port = guarded.status.text.split(separator: ":").last.map(String.init) ?? ""
            return try ProgramProcess.run(
                "coordinator", ["status", "--format", "json", "--connect", "tcp://127.0.0.1:\(port)"] + more,
                in: guarded.scratch)
        }
        let own = try ask([
            "--key", guarded.key("coordinator.secret"), "--coordinator-key", guarded.key("coordinator.public"),
        ])
        #expect(own.code == 0 && own.output.contains("\"phase\":\"running\""))
        let worker = try ask([
            "--key", guarded.key("worker.secret"), "--coordinator-key", guarded.key("coordinator.public"),
        ])
        #expect(worker.code == 0)
        let nobody = try ask([])
        #expect(nobody.code == 1 && nobody.errors.contains("wants keys"))
        guarded.coordinator.send(SIGKILL)
        _ = try guarded.coordinator.end()
    }

    @Test(arguments: ["--listen", "--status"])
    func `an address that others reach is refused without keys, with the command that makes them`(flag: String) throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "coordinator", ShortRun.arguments(output: scratch.file("run"), ["--workers", "0", flag, "tcp://*:5999"]),
            in: scratch)
        #expect(ending.code == 2)
        #expect(ending.errors.contains("coordinator keygen --output keys"))
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run").path))
    }

    @Test func `a worker does not go elsewhere without keys, nor with half of them`() throws {
        let scratch = try TemporaryFolder()
        let bare = try ProgramProcess.run("worker", ["--connect", "tcp://192.0.2.1:5755"], in: scratch)
        #expect(bare.code == 2 && bare.errors.contains("--coordinator-key"))
        _ = try ProgramProcess.run("coordinator", ["keygen", "--output", scratch.file("keys").path], in: scratch)
        let half = try ProgramProcess.run(
            "worker", ["--connect", "tcp://192.0.2.1:5755", "--key", scratch.file("keys/worker.secret").path],
            in: scratch)
        #expect(half.code == 2 && half.errors.contains("--key is given without --coordinator-key"))
        let again = try ProgramProcess.run(
            "coordinator", ["keygen", "--output", scratch.file("keys").path], in: scratch)
        #expect(again.code == 2 && again.errors.contains("is there already and is not overwritten"))
    }
}

extension ProgramProcess {
    /// Where a coordinator says that workers connect, as seen from this machine.
    func publicEndpoint() throws -> Endpoint {
        let line = errors.split(separator: "\n").first { $0.hasPrefix("waiting for workers: ") }
        guard let port = line?.split(separator: ":").last, let endpoint = try? Endpoint("tcp://127.0.0.1:\(port)")
        else { throw TimedOut(what: "the workers' endpoint; it wrote: \(errors)") }
        return endpoint
    }
}
