import Projection
import Reports
import Run

/// A channel's W: how far its training is, and what it came to.
struct TrainedProjection {
    let channel: Channel
    var trainer: ProjectionTrainer
    /// Before each step.
    var losses: [StepLoss] = []
    /// What it is made of, where it is not trained by steps.
    var form: ClosedForm?

    init(channel: Channel, trainer: ProjectionTrainer, losses: [StepLoss] = [], form: ClosedForm? = nil) {
        self.channel = channel
        self.trainer = trainer
        self.losses = losses
        self.form = form
    }

    /// In closed form: of the version that the run's W's have after all steps, or of the first where there are none.
    init(_ channel: Channel, _ form: ClosedForm, _ inputs: RunInputs) {
        let steps = inputs.plan[.train] == nil ? 1 : inputs.schedule?.steps ?? 1
        self.init(
            channel: channel, trainer: ProjectionTrainer(finished: form.matrix, steps: steps, adam: inputs.adam),
            form: form)
    }

    /// The W's of a channel's links, one below the other: as their parts have them.
    init(_ channel: Channel, of parts: [TrainedProjection]) {
        let w = FloatMatrix(stacking: parts.map(\.trainer.projection))
        self.init(
            channel: channel, trainer: ProjectionTrainer(finished: w, steps: parts[0].trainer.step, adam: Adam()))
    }

    /// From a file: as after a step that nobody can take again.
    init(_ given: GivenProjection) {
        self.init(channel: given.channel, trainer: ProjectionTrainer(finished: given.matrix, steps: 1, adam: Adam()))
    }

    /// Before the first step.
    init(untrained channel: Channel, _ inputs: RunInputs) {
        let configuration = inputs.configuration
        let w = configuration.training.initialization.matrix(
            dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB, seed: configuration.seed)
        self.init(channel: channel, trainer: ProjectionTrainer(w: w, adam: inputs.adam))
    }

    /// After the last step, from the blocks of its outputs; nil where one is missing.
    init?(_ channel: Channel, blocks results: [TrainOutputsResult?], _ inputs: RunInputs) {
        guard let schedule = inputs.schedule else { return nil }
        var values: [Float] = []
        let (width, outputs) = (inputs.width(at: channel.source), inputs.width(at: channel.target))
        values.reserveCapacity(width * outputs)
        var sums = [Double](repeating: 0, count: schedule.shardTotal)
        var standardised = sums
        for block in results {
            guard let block else { return nil }
            values += block.w.values
            for shard in sums.indices {
                sums[shard] += block.squaredErrorSums[shard]
                standardised[shard] += block.standardisedErrorSums[shard]
            }
        }
        let w = FloatMatrix(rows: outputs, columns: width, values: values)
        let losses = zip(
            Self.losses(schedule, errorSums: sums, outputs: outputs),
            Self.losses(schedule, errorSums: standardised, outputs: outputs)
        ).map { StepLoss(loss: $0, standardised: $1) }
        self.init(
            channel: channel, trainer: ProjectionTrainer(finished: w, steps: schedule.steps, adam: inputs.adam),
            losses: losses)
    }

    /// One that stays as it is while this one takes steps.
    func copy() -> TrainedProjection {
        TrainedProjection(channel: channel, trainer: trainer.copy(), losses: losses, form: form)
    }

    /// Mean error per element before each step, the shards summed in index order.
    private static func losses(
        _ schedule: TrainingSchedule, errorSums sums: [Double], outputs: Int
    ) -> [Double] {
        var losses: [Double] = []
        var shard = 0
        for step in 0..<schedule.steps {
            var sum = 0.0
            for _ in 0..<schedule.shardCount(step: step) {
                sum += sums[shard]
                shard += 1
            }
            losses.append(sum / (Double(schedule.batchTextCount(step: step)) * Double(outputs)))
        }
        return losses
    }
}

extension RunInputs {
    /// The run's settings of Adam.
    var adam: Adam { Adam(learningRate: configuration.training.learningRate) }
}
