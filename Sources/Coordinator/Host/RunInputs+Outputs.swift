package import CoordinatorControl
import Run
import Wire

/// The training by outputs: how it is cut into units, and what it takes.
extension RunInputs {
    /// The width of a model's activations.
    func width(at site: Site) -> Int { site.model == .a ? dimensionA : dimensionB }

    /// The blocks of the outputs of a channel's W.
    func outputBlocks(of channel: Channel) -> OutputBlocks {
        OutputBlocks(dimensionA: width(at: channel.source), dimensionB: width(at: channel.target))
    }

    /// The same work, W trained by outputs. The results are the same, bit for bit, and so is the run.
    package var planByOutputs: RunPlan {
        var plan = plan
        guard let schedule else { return plan }
        let blocks = plan.trainedChannels.map { outputBlocks(of: $0).count }
        for index in plan.stages.indices where plan.stages[index].stage == .train {
            plan.stages[index] = StagePlan(.train, .outputs(blocks: blocks, schedule))
        }
        return plan
    }

    /// The unit that trains a block: those of the first channel's W, then of the next.
    func outputsUnit(_ index: Int) -> TrainOutputsUnit? {
        guard let schedule, let (place, block) = planByOutputs[.train]?.block(ofUnit: index) else { return nil }
        let channel = plan.trainedChannels[place]
        return TrainOutputsUnit(
            channel: channel, outputs: outputBlocks(of: channel)[block], dimensionA: width(at: channel.source),
            dimensionB: width(at: channel.target), schedule: schedule,
            learningRate: configuration.training.learningRate, initialization: configuration.training.initialization)
    }

    /// Why a result cannot be what a block has become; nil where it can be.
    func flaw(of result: TrainOutputsResult, unit index: Int) -> String? {
        guard let unit = outputsUnit(index) else { return "no such block of outputs" }
        guard (result.w.rows, result.w.columns) == (unit.outputs.count, unit.dimensionA) else {
            return "expected \(unit.outputs.count) × \(unit.dimensionA) of W, found "
                + "\(result.w.rows) × \(result.w.columns)"
        }
        let shards = unit.schedule.shardTotal
        for sums in [result.squaredErrorSums, result.standardisedErrorSums] {
            guard sums.count == shards else { return "expected \(shards) losses, found \(sums.count)" }
            guard sums.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return "a loss is not finite" }
        }
        let limit = largestWeight(of: unit)
        guard result.w.values.allSatisfy({ abs($0) <= limit }) else {
            return "W is not finite, or beyond the \(limit) that it can have come to"
        }
        return nil
    }

    /// As far as an element of W can have come in so many steps: its first value and what Adam adds at most, which is
    /// (1 − β₁) / √(1 − β₂) times the learning rate a step (Kingma & Ba, 2015, section 2.1), with room for rounding.
    private func largestWeight(of unit: TrainOutputsUnit) -> Float {
        let first = unit.initialization.bound(dimensionA: unit.dimensionA, dimensionB: unit.dimensionB)
        let factor = max(1, (1 - adam.beta1) / (1 - adam.beta2).squareRoot())
        return Float(1.1 * (first + factor * adam.learningRate * Double(unit.schedule.steps)))
    }

    /// How W is trained where `asked` is what the user wants: several channels by outputs, one by steps unless told.
    /// - Throws: where that cannot be, because of the channels or because what has to travel is too much at a time.
    func trainingMode(_ asked: TrainingMode?) throws(HostError) -> TrainingMode {
        let channels = plan.trainedChannels
        let mode = asked ?? (channels.count > 1 ? .byOutputs : .averaged)
        guard let schedule else { return mode }
        guard mode == .byOutputs else {
            guard channels.count <= 1 else { throw .averagedChannels(channels) }
            return mode
        }
        let float = MemoryLayout<Float>.size
        for channel in channels.isEmpty ? [] : [channels[0]] + plan.reverseChannels.prefix(1) {
            let (source, target) = (channel.source, channel.target)
            let block = schedule.textCount * outputBlocks(of: channel).size * float
            for (what, bytes, limit) in [
                (
                    "\(source.model.rawValue)'s activations", schedule.textCount * width(at: source) * float,
                    MessageLimits.tensorBytes
                ),
                ("\(target.model.rawValue)'s activations for a block", block, MessageLimits.tensorBytes),
                ("a block's losses", schedule.shardTotal * MemoryLayout<Double>.size, WireLimits.lossBytes),
            ] where bytes > limit {
                throw .tooLargeForOutputs(what: what, bytes: bytes, limit: limit)
            }
        }
        return mode
    }
}
