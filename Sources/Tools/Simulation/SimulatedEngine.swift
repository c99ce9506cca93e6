import Projection
import Run
import WorkerEngine

/// A worker's engine without models: it reads made-up activations and makes up answers, and trains W as a real one
/// does.
///
/// An answer depends on the unit and on the bits of the W that is held, so that an outdated W shows, or another
/// channel's.
struct SimulatedEngine {
    private let inputs: SimulatedInputs
    private var training: TrainingEngine
    /// Whether it can read the coordinator's memory.
    let canMap: Bool

    init(_ inputs: SimulatedInputs, canMap: Bool) {
        self.inputs = inputs
        self.canMap = canMap
        training = TrainingEngine(device: SimulatedInputs.device, memoryLimit: 1e9)
    }

    mutating func keep(_ activations: TextActivations) { training.keep(activations) }

    /// - Parameter drifts: whether the steps that it takes itself go wrong.
    mutating func execute(_ grant: Grant, drifts: Bool) throws -> UnitResult {
        var grant = grant
        if drifts { grant.projection?.supply.distort() }
        if !canMap, case .shared(var shared, let checksum) = grant.projection?.supply {
            shared.descriptor = -1
            grant.projection?.supply = .shared(shared, checksum: checksum)
        }
        try training.prepare(grant)
        switch grant.unit {
        // No simulated run compares models.
        case .parity: return .parity(ParityResult(checks: []))
        case .extract(let unit):
            let result = inputs.extract(unit)
            training.keep(unit, result)
            return .extract(result)
        case .train(let unit): return .train(try training.result(unit, of: grant))
        case .trainOutputs(let unit, let targets): return .trainOutputs(try training.result(unit, targets: targets))
        case .sums(let unit): return .sums(ActivationSums.result(unit, on: SimulatedInputs.device))
        case .similarity(let unit): return .similarity(inputs.answer(unit, w: try checksum(for: grant)))
        case .evaluate(let unit): return .evaluate(inputs.answer(unit, w: try checksum(for: grant)))
        }
    }

    /// Of the W that is held where the grant needs one.
    private mutating func checksum(for grant: Grant) throws -> UInt64 {
        guard let channel = grant.projection?.channel, let projection = try training.projections(of: channel)?.first
        else {
            throw EngineError.notLoaded
        }
        return projection.matrix.checksum
    }
}

extension ProjectionSupply {
    /// Has the first step go further than it should.
    fileprivate mutating func distort() {
        func distorted(_ updates: [StepUpdate]) -> [StepUpdate] {
            var updates = updates
            if !updates.isEmpty { updates[0].learningRate *= 2 }
            return updates
        }
        switch self {
        case .initial(let initial, let updates, let checksum):
            self = .initial(initial, updates: distorted(updates), checksum: checksum)
        case .replay(let updates, let checksum): self = .replay(distorted(updates), checksum: checksum)
        case .held, .whole, .shared: break
        }
    }
}
