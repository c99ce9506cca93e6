import Devices
import Projection
import Run

/// Whether a shard's result can be what its unit asks for. One that is shaped right may still be made up, and a single
/// number of 1e38 in it would leave W where it is for ever.
extension RunTraining {
    /// Why the result cannot be the shard's; nil where it can be.
    mutating func flaw(
        of result: TrainResult, for unit: UnitID, _ activations: ActivationStore, on device: any Device
    ) -> String? {
        guard let schedule = inputs.schedule, let projection = projections.first,
            unit.index / schedule.shardsPerStep == projection.trainer.step
        else { return nil }
        let texts = texts(ofShard: unit)
        let channel = projection.channel
        if case .factor(let errors) = result.gradient {
            // The loss is a sum of squares of what is here: the same bits, or something is wrong with one of them.
            let blocks = OutputBlocks(dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)
            let sum = SquaredErrors.sum(errors.values, rows: errors.rows, blocks: blocks, on: device)
            guard sum == result.squaredErrorSum else {
                return "its errors' squares come to \(sum), found a loss of \(result.squaredErrorSum)"
            }
        }
        let x = activations.gather(texts, at: .a(channel.k))
        if let flaw = flaw(ofLoss: result, x, y: activations.gather(texts, at: .b(channel.j)), projection) {
            return flaw
        }
        guard case .dense(let gradient) = result.gradient else { return nil }
        // |Σ e x| is at most √Σe² √Σx² (Cauchy and Schwarz).
        let limit = Float(1.01 * (result.squaredErrorSum * Self.squares(x)).squareRoot())
        guard gradient.values.allSatisfy({ abs($0) <= limit }) else {
            return "a gradient beyond the \(limit) that its loss allows"
        }
        return nil
    }

    /// An error W·x − y is at most |W| |x| + |y| long. That costs a pass over W, so it is asked only where the loss is
    /// far from that of the step before.
    private func flaw(ofLoss result: TrainResult, _ x: FloatMatrix, y: FloatMatrix, _ projection: TrainedProjection)
        -> String?
    {
        let mean = result.squaredErrorSum / Double(max(1, x.rows * inputs.dimensionB))
        if let usualError, mean <= usualError { return nil }
        let w = Self.squares(projection.trainer.projection)
        let limit = 1.01 * 2 * (w * Self.squares(x) + Self.squares(y))
        guard result.squaredErrorSum <= limit else {
            return "a loss of \(result.squaredErrorSum), expected at most the \(limit) that W and the activations allow"
        }
        return nil
    }

    private static func squares(_ matrix: FloatMatrix) -> Double {
        matrix.values.reduce(0) { $0 + Double($1) * Double($1) }
    }
}
