import Foundation
import Projection
import Run

/// W trained by its rows. A block is a unit like any other, in the journal when it counts; W is put together when all
/// are there. No checkpoint is written: what is finished is in the journal, and a block that is not begins anew.
extension RunConductor {
    /// What the journal and the checkpoint hold of the training decides how it goes on, before what was asked for:
    /// what is whole stays, and W has the same bits either way. Blocks and steps are not mixed: blocks are of no use
    /// to a training by steps, nor a checkpoint to one by rows, and both stay where they are.
    static func trainsByRows(_ gradients: GradientForm, blocks: Int, steps: Int, _ inputs: RunInputs) -> Bool {
        guard let schedule = inputs.schedule, let all = inputs.rowBlocks?.count else { return false }
        return blocks == all || gradients == .rows && steps < schedule.steps
    }

    /// The training before its first step.
    static func untrained(_ inputs: RunInputs) -> TrainingCheckpoint {
        let configuration = inputs.configuration
        let w = configuration.training.initialization.matrix(
            dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB, seed: configuration.seed)
        return TrainingCheckpoint(
            trainer: ProjectionTrainer(w: w, adam: Adam(learningRate: configuration.training.learningRate)), losses: [])
    }

    /// The training after its last step, from its blocks; nil where one is missing. The moments are of no use any more
    /// and have stayed with the workers.
    static func trained(_ inputs: RunInputs, _ results: [UnitID: UnitResult]) -> TrainingCheckpoint? {
        guard let schedule = inputs.schedule, let blocks = inputs.rowBlocks else { return nil }
        var values: [Float] = []
        values.reserveCapacity(inputs.dimensionA * inputs.dimensionB)
        var sums = [Double](repeating: 0, count: schedule.shardTotal)
        for index in 0..<blocks.count {
            guard case .trainRows(let block) = results[UnitID(.train, index)] else { return nil }
            values += block.w.values
            for shard in sums.indices { sums[shard] += block.squaredErrorSums[shard] }
        }
        let w = FloatMatrix(rows: inputs.dimensionB, columns: inputs.dimensionA, values: values)
        let none = FloatMatrix(zeros: w.rows, w.columns)
        return TrainingCheckpoint(
            trainer: ProjectionTrainer(
                w: w, moments: Moments(first: none, second: none), step: schedule.steps,
                adam: Adam(learningRate: inputs.configuration.training.learningRate)),
            losses: losses(schedule, squaredErrorSums: sums, dimensionB: inputs.dimensionB))
    }

    /// Mean squared error per element before each step, the shards summed in index order.
    private static func losses(
        _ schedule: TrainingSchedule, squaredErrorSums sums: [Double], dimensionB: Int
    ) -> [Double] {
        var losses: [Double] = []
        var shard = 0
        for step in 0..<schedule.steps {
            var sum = 0.0
            for _ in 0..<schedule.shardCount(step: step) {
                sum += sums[shard]
                shard += 1
            }
            losses.append(sum / (Double(schedule.batchRowCount(step: step)) * Double(dimensionB)))
        }
        return losses
    }
}
