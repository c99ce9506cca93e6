import ArgumentParser
import Foundation
import Run
import Transport
import WorkerEngine
import WorkerHost

/// A worker whose units take a given time and next to nothing of the processor, so that several on few cores do not
/// share what a slow one leaves.
struct PacedWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "paced-worker", shouldDisplay: false)

    @Option var connect: String
    @Option var threads = 1
    @Option var parent: Int32?
    /// What a unit takes.
    @Option var seconds = 0.05
    /// The worker that creates this file takes `slowness` times as long, for ever where that is `inf`.
    @Option var claim: String?
    @Option var slowness = 1.0

    func run() async throws {
        let processID = ProcessInfo.processInfo.processIdentifier
        let isSlow = claim.map { open($0, O_CREAT | O_EXCL | O_WRONLY, 0o600) >= 0 } ?? false
        let worker = try WorkerHost(
            endpoint: Endpoint(connect),
            identity: Registration(
                softwareVersion: productVersion, worker: "paced:\(processID)",
                host: ProcessInfo.processInfo.hostName, processID: processID, deviceKind: "synthetic"),
            engine: PacedEngine(seconds: isSlow ? seconds * slowness : seconds), patienceSeconds: 60, parent: parent,
            report: { _ in })
        let outcome = await worker.work()
        await worker.close()
        if case .failed(let cause) = outcome { throw BenchmarkFailure(description: cause) }
    }
}

/// Answers every unit with nothing much after a time.
private final class PacedEngine: UnitExecutor {
    private let seconds: Double

    init(seconds: Double) {
        self.seconds = seconds
    }

    func load(_ welcome: Welcome) throws -> Readiness {
        Readiness(fingerprintA: "", fingerprintB: "", capacity: 8)
    }

    func keep(_ activations: TextActivations) {}

    func execute(_ grant: Grant) throws -> UnitResult {
        guard seconds.isFinite else {
            while true { sleep(1_000) }
        }
        usleep(UInt32(seconds * 1e6))
        return SyntheticEngine.answer
    }
}
