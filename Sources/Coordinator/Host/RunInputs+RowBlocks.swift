package import CoordinatorControl
import Run
import Wire

/// The training of W by its rows: how it is cut into units, and what it takes.
extension RunInputs {
    /// The blocks of W's rows; nil where the run trains no W.
    var rowBlocks: OutputBlocks? {
        schedule == nil ? nil : OutputBlocks(dimensionA: dimensionA, dimensionB: dimensionB)
    }

    /// The same work, W trained by its rows. The results are the same, bit for bit, and so is the run.
    package var planByRows: RunPlan {
        var plan = plan
        guard let rowBlocks, let schedule else { return plan }
        for index in plan.stages.indices where plan.stages[index].stage == .train {
            plan.stages[index] = StagePlan(.train, .blocks(count: rowBlocks.count, schedule))
        }
        return plan
    }

    /// The unit that trains a block.
    func rowBlock(_ index: Int) -> TrainRowsUnit? {
        guard let rowBlocks, let schedule, (0..<rowBlocks.count).contains(index) else { return nil }
        return TrainRowsUnit(
            outputs: rowBlocks[index], dimensionA: dimensionA, dimensionB: dimensionB, schedule: schedule,
            learningRate: configuration.training.learningRate, initialization: configuration.training.initialization)
    }

    /// Why a result cannot be what a block has become; nil where it can be.
    func flaw(of result: TrainRowsResult, block index: Int) -> String? {
        guard let unit = rowBlock(index) else { return "no such block of W's rows" }
        guard (result.w.rows, result.w.columns) == (unit.outputs.count, dimensionA) else {
            return "expected \(unit.outputs.count) × \(dimensionA) of W, found \(result.w.rows) × \(result.w.columns)"
        }
        let shards = unit.schedule.shardTotal
        guard result.squaredErrorSums.count == shards else {
            return "expected \(shards) losses, found \(result.squaredErrorSums.count)"
        }
        guard result.squaredErrorSums.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return "a loss is not finite" }
        guard result.w.values.allSatisfy(\.isFinite) else { return "W is not finite" }
        return nil
    }

    /// Refuses a training that cannot go by rows because what has to travel is too much at a time.
    func checkRowBlocks() throws(HostError) {
        guard let rowBlocks, let schedule else { return }
        let float = MemoryLayout<Float>.size
        for (what, bytes, limit) in [
            ("A's activations", schedule.rowCount * dimensionA * float, MessageLimits.tensorBytes),
            ("B's activations for a block", schedule.rowCount * rowBlocks.size * float, MessageLimits.tensorBytes),
            ("a block's losses", schedule.shardTotal * MemoryLayout<Double>.size, WireLimits.lossBytes),
        ] where bytes > limit {
            throw .tooLargeForRows(what: what, bytes: bytes, limit: limit)
        }
    }
}
