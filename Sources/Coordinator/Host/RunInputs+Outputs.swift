package import CoordinatorControl
import Run
import Wire

/// The training by outputs: how it is cut into units, and what it takes.
extension RunInputs {
    /// The blocks of a W's outputs; nil where the run trains no W.
    var outputBlocks: OutputBlocks? {
        schedule == nil ? nil : OutputBlocks(dimensionA: dimensionA, dimensionB: dimensionB)
    }

    /// The same work, W trained by outputs. The results are the same, bit for bit, and so is the run.
    package var planByOutputs: RunPlan {
        var plan = plan
        guard let outputBlocks, let schedule else { return plan }
        for index in plan.stages.indices where plan.stages[index].stage == .train {
            plan.stages[index] = StagePlan(
                .train, .outputs(blocks: outputBlocks.count, channels: plan.trainedChannels.count, schedule))
        }
        return plan
    }

    /// The unit that trains a block: those of the first channel's W, then of the next.
    func outputsUnit(_ index: Int) -> TrainOutputsUnit? {
        guard let outputBlocks, let schedule, index >= 0, index / outputBlocks.count < plan.trainedChannels.count else {
            return nil
        }
        return TrainOutputsUnit(
            channel: plan.trainedChannels[index / outputBlocks.count],
            outputs: outputBlocks[index % outputBlocks.count],
            dimensionA: dimensionA, dimensionB: dimensionB, schedule: schedule,
            learningRate: configuration.training.learningRate, initialization: configuration.training.initialization)
    }

    /// Why a result cannot be what a block has become; nil where it can be.
    func flaw(of result: TrainOutputsResult, unit index: Int) -> String? {
        guard let unit = outputsUnit(index) else { return "no such block of outputs" }
        guard (result.w.rows, result.w.columns) == (unit.outputs.count, dimensionA) else {
            return "expected \(unit.outputs.count) × \(dimensionA) of W, found \(result.w.rows) × \(result.w.columns)"
        }
        let shards = unit.schedule.shardTotal
        for sums in [result.squaredErrorSums, result.standardisedErrorSums] {
            guard sums.count == shards else { return "expected \(shards) losses, found \(sums.count)" }
            guard sums.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return "a loss is not finite" }
        }
        let limit = largestWeight(steps: unit.schedule.steps)
        guard result.w.values.allSatisfy({ abs($0) <= limit }) else {
            return "W is not finite, or beyond the \(limit) that it can have come to"
        }
        return nil
    }

    /// As far as an element of W can have come in so many steps: its first value and what Adam adds at most, which is
    /// (1 − β₁) / √(1 − β₂) times the learning rate a step (Kingma & Ba, 2015, section 2.1), with room for rounding.
    private func largestWeight(steps: Int) -> Float {
        let first = configuration.training.initialization.bound(dimensionA: dimensionA, dimensionB: dimensionB)
        let factor = max(1, (1 - adam.beta1) / (1 - adam.beta2).squareRoot())
        return Float(1.1 * (first + factor * adam.learningRate * Double(steps)))
    }

    /// How W is trained where `asked` is what the user wants: several channels by outputs, one by steps unless told.
    /// - Throws: where that cannot be, because of the channels or because what has to travel is too much at a time.
    func trainingMode(_ asked: TrainingMode?) throws(HostError) -> TrainingMode {
        let channels = plan.trainedChannels
        let mode = asked ?? (channels.count > 1 ? .byOutputs : .averaged)
        guard let outputBlocks, let schedule else { return mode }
        guard mode == .byOutputs else {
            guard channels.count <= 1 else { throw .averagedChannels(channels) }
            return mode
        }
        let float = MemoryLayout<Float>.size
        for (what, bytes, limit) in [
            ("A's activations", schedule.textCount * dimensionA * float, MessageLimits.tensorBytes),
            ("B's activations for a block", schedule.textCount * outputBlocks.size * float, MessageLimits.tensorBytes),
            ("a block's losses", schedule.shardTotal * MemoryLayout<Double>.size, WireLimits.lossBytes),
        ] where bytes > limit {
            throw .tooLargeForOutputs(what: what, bytes: bytes, limit: limit)
        }
        return mode
    }
}
