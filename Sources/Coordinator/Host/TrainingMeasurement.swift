import CoordinatorControl
import Foundation
import Run

/// How long a step of W's training takes this machine, all of it: not only the arithmetic, but messages, what is decided
/// and written, and the waits between. So a short training is done, on made-up activations, by a coordinator and workers
/// that are like the run's.
package struct TrainingMeasurement {
    private let inputs: RunInputs
    private let options: ServerOptions
    private static let batches = 4
    private static let epochs = 12

    /// - Parameter workers: on this machine, as the run would have them.
    package init(_ inputs: RunInputs, _ options: ServerOptions, workers: Int) {
        let given = inputs.configuration
        var configuration = given
        configuration.training.rows = Self.batches * given.training.batch
        configuration.training.epochs = Self.epochs
        configuration.training.heldOut = 0
        // Maps in closed form take no steps.
        configuration.channels = inputs.plan.trainedChannels.filter { !$0.isReverse }
        configuration.training.reverse = nil
        let rows = configuration.training.rows
        func ones(_ columns: Int) -> FloatMatrix {
            FloatMatrix(rows: rows, columns: columns, values: [Float](repeating: 1, count: rows * columns))
        }
        var activations: [Site: FloatMatrix] = [:]
        for site in inputs.plan.sites {
            activations[site] = ones(site.model == .a ? inputs.dimensionA : inputs.dimensionB)
        }
        self.inputs = RunInputs(
            synthetic: configuration, activations: ActivationStore(activations),
            fingerprints: (inputs.manifest.modelA, inputs.manifest.modelB))
        var options = options
        options.listen = nil
        options.keys = nil
        options.status = "tcp://127.0.0.1:*"
        options.workers = .count(workers)
        options.recordEvents = nil
        options.activations = nil
        self.options = options
    }

    /// Seconds of a step of one channel's W.
    package func secondsOfStep() async throws -> Double {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("measurement-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try RunServer(inputs: inputs, folder: RunFolder(folder), options: options)
        try await server.open()
        _ = try await server.startWorkers()
        let began = Task { await Self.beginning(of: server) }
        let outcome = await server.run()
        let end = ContinuousClock.now
        let beginning = await began.value
        await server.close()
        guard case .done = outcome, let beginning, let schedule = inputs.schedule else {
            throw HostError.unmeasuredTraining("\(outcome)")
        }
        return (end - beginning) / .seconds(1) / Double(schedule.steps * inputs.plan.trainedChannels.count)
    }

    /// When a worker had loaded its models and was given work.
    private static func beginning(of server: RunServer) async -> ContinuousClock.Instant? {
        while true {
            let status = await server.status()
            if status.workers.contains(where: { $0.state == .working || $0.unitsDone > 0 }) { return .now }
            if status.phase.isEnd { return nil }
            try? await Task.sleep(for: .milliseconds(1))
        }
    }
}
