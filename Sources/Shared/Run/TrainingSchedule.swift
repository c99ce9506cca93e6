/// Which rows each step and shard of the training reads: a pure function of the configuration.
///
/// Every epoch visits all rows once, in an order drawn from the seed and the epoch. A batch is cut into shards of
/// a fixed number of rows; the last batch of an epoch, and the last shard of a batch, may be smaller.
package struct TrainingSchedule: Hashable, Sendable {
    package let rowCount: Int
    package let epochs: Int
    package let batch: Int
    package let shardRows: Int
    package let seed: UInt64

    package init(rowCount: Int, epochs: Int, batch: Int, shardRows: Int, seed: UInt64) {
        precondition(rowCount > 0 && epochs >= 0 && batch > 0 && shardRows > 0, "a schedule of at least one row")
        self.rowCount = rowCount
        self.epochs = epochs
        self.batch = batch
        self.shardRows = shardRows
        self.seed = seed
    }

    package var stepsPerEpoch: Int { (rowCount + batch - 1) / batch }
    package var steps: Int { stepsPerEpoch * epochs }
    /// Shards of a full batch. Every step has this many unit numbers; those past a short batch's end are empty.
    package var shardsPerStep: Int { (min(batch, rowCount) + shardRows - 1) / shardRows }

    /// Rows in the batch of `step`.
    package func batchRowCount(step: Int) -> Int {
        min(batch, rowCount - (step % stepsPerEpoch) * batch)
    }

    /// Shards in `step`: at most ``shardsPerStep``.
    package func shardCount(step: Int) -> Int {
        (batchRowCount(step: step) + shardRows - 1) / shardRows
    }

    /// Shards of all steps together.
    package var shardTotal: Int {
        let (full, rest) = rowCount.quotientAndRemainder(dividingBy: batch)
        let shards = full * ((batch + shardRows - 1) / shardRows) + (rest + shardRows - 1) / shardRows
        return shards * epochs
    }

    /// The order of all rows in `epoch`. Costs O(rowCount): keep it for the epoch.
    package func order(epoch: Int) -> [Int] {
        var generator = NamedGenerator(seed: seed, purpose: "epoch order", key: String(epoch))
        return generator.permutation(of: rowCount)
    }

    /// The rows of one shard, in the order in which they are summed.
    /// - Parameter order: ``order(epoch:)`` of the step's epoch.
    package func rows(step: Int, shard: Int, order: [Int]) -> ArraySlice<Int> {
        let start = (step % stepsPerEpoch) * batch
        let end = start + batchRowCount(step: step)
        let first = start + shard * shardRows
        return order[first..<min(first + shardRows, end)]
    }
}
