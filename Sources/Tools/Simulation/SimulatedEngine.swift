import Projection
import Run
import WorkerEngine

/// A worker's engine without models: it reads made-up activations and makes up answers, and trains W as a real one
/// does.
///
/// An answer depends on the unit and on the bits of the W that is held, so that an outdated W shows.
struct SimulatedEngine {
    private let inputs: SimulatedInputs
    private var training: TrainingEngine
    /// Whether it can read the coordinator's memory.
    let canMap: Bool

    init(_ inputs: SimulatedInputs, canMap: Bool) {
        self.inputs = inputs
        self.canMap = canMap
        training = TrainingEngine(execution: Execution(threads: 1), memoryLimit: 1e9)
    }

    mutating func keep(_ part: ActivationPart) { training.keep(part) }

    /// - Parameter drifts: whether the steps that it takes itself go wrong.
    mutating func execute(_ grant: Grant, drifts: Bool) throws -> UnitResult {
        var grant = grant
        if !canMap { grant.shared?.descriptor = -1 }
        if drifts, !grant.updates.isEmpty { grant.updates[0].learningRate *= 2 }
        try training.prepare(grant)
        switch grant.unit {
        case .extract(let unit):
            let texts = unit.firstRow..<unit.firstRow + unit.texts.count
            let result = inputs.extract(texts)
            training.keep(ActivationRows(indices: Array(texts), a: result.a, b: result.b))
            return .extract(result)
        case .train(let unit): return .train(try training.result(unit, of: grant))
        case .trainRows(let unit): return .trainRows(try training.result(unit, targets: grant.targets))
        case .similarity(let unit): return .similarity(inputs.answer(unit, w: try held()))
        case .evaluate(let unit): return .evaluate(inputs.answer(unit, w: try held()))
        }
    }

    /// The checksum of the W that is held.
    private mutating func held() throws -> UInt64 {
        guard let projection = try training.projection() else { throw EngineError.notLoaded }
        return projection.matrix.checksum
    }
}
