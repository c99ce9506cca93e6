import CPUDevice
import CoordinatorControl
import Foundation
import Run
import Testing
import WorkerEngine

@testable import CoordinatorHost

/// A whole run, by a coordinator and a worker without a network between them.
struct InProcessRun {
    let live: LiveRun
    private let run: String
    private let engine: UnitEngine
    private let sent = Sent()

    private final class Sent {
        var messages: [CoordinatorMessage] = []
    }

    init(_ inputs: RunInputs, in folder: URL) throws {
        live = try LiveRun(
            inputs: inputs, storage: RunFolder(folder), limits: RunLimits(), firstLease: 1,
            device: try CPUDevice(threads: 1), now: .seconds(0), send: { [sent] in sent.messages.append($1) })
        run = inputs.manifest.run
        engine = UnitEngine(device: try CPUDevice(threads: 1))
    }

    /// - Parameter answer: what the worker makes of each of its results.
    func finish(_ answer: (UnitResult) -> UnitResult = { $0 }) throws -> FinishedRun {
        try work(answer)
        #expect(live.outcome == .done)
        return try FinishedRun(live, software: "1", remarks: [])
    }

    /// Goes on until the run is done or so many results were taken in.
    func work(results limit: Int = .max, _ answer: (UnitResult) -> UnitResult = { $0 }) throws {
        live.start(at: .seconds(0))
        say(.register(Registration(softwareVersion: "1", worker: "w", host: "h", processID: 1, deviceKind: "cpu")))
        var count = 0
        while live.outcome == nil, !sent.messages.isEmpty, count < limit {
            switch sent.messages.removeFirst() {
            case .welcome(let welcome): say(.ready(try engine.load(welcome)))
            case .activations(let activations): engine.keep(activations)
            case .grant(let grant):
                let result = answer(try engine.execute(grant))
                say(.result(run: run, lease: grant.lease, unit: grant.id, result: result))
                count += 1
            case .refusal, .heartbeat, .finished: break
            }
        }
    }

    private func say(_ message: WorkerMessage) {
        live.receive(message, from: PeerID([1]), at: .seconds(1))
        live.settleDisk(at: .seconds(1))
    }
}
