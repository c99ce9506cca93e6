import ArgumentParser
import CPUDevice
import Foundation
import Run
import Transport
import WorkerEngine
import WorkerHost

/// A worker that trains and knows no model.
struct SyntheticWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "synthetic-worker", shouldDisplay: false)

    @Option var connect: String
    @Option var threads = 1
    @Option var parent: Int32?

    func run() async throws {
        let engine = try SyntheticEngine(threads: threads)
        let processID = ProcessInfo.processInfo.processIdentifier
        let worker = try WorkerHost(
            endpoint: Endpoint(connect),
            identity: Registration(
                softwareVersion: productVersion, worker: "synthetic:\(processID)",
                host: ProcessInfo.processInfo.hostName, processID: processID, deviceKind: "synthetic"),
            engine: engine, patienceSeconds: 60, parent: parent, report: { _ in })
        _ = await worker.work()
        await worker.close()
    }
}

/// Does the units of the training, and answers every other one with nothing much.
final class SyntheticEngine: UnitExecutor {
    private var training: TrainingEngine

    init(threads: Int) throws {
        training = TrainingEngine(device: try CPUDevice(threads: threads))
    }

    func load(_ welcome: Welcome) throws -> Readiness {
        Readiness(fingerprintA: "", fingerprintB: "", capacity: 8)
    }

    func execute(_ grant: Grant) throws -> UnitResult {
        try training.prepare(grant)
        switch grant.unit {
        case .train(let unit): return .train(try training.result(unit, of: grant))
        case .trainOutputs(let unit, let targets):
            return .trainOutputs(try training.result(unit, targets: targets))
        case .parity, .extract, .sums, .similarity, .evaluate: return Self.answer
        }
    }

    func keep(_ activations: TextActivations) { training.keep(activations) }

    static let answer = UnitResult.similarity(
        SimilarityResult(
            plain: WrittenText(tokens: [1, 2, 3, 4], text: "plain"),
            injected: WrittenText(tokens: [1, 2, 3, 5], text: "injected")))
}
