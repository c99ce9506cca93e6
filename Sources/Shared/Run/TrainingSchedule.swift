/// Which texts each step and shard of the training reads: a pure function of the configuration.
///
/// Every epoch visits all texts once, in an order drawn from the seed and the epoch. A batch is cut into shards of
/// a fixed number of texts; the last batch of an epoch, and the last shard of a batch, may be smaller.
package struct TrainingSchedule: Codable, Hashable, Sendable {
    package let textCount: Int
    package let epochs: Int
    package let batch: Int
    package let shardTexts: Int
    package let seed: UInt64

    package init(textCount: Int, epochs: Int, batch: Int, shardTexts: Int, seed: UInt64) {
        precondition(textCount > 0 && epochs >= 0 && batch > 0 && shardTexts > 0, "a schedule of at least one text")
        self.textCount = textCount
        self.epochs = epochs
        self.batch = batch
        self.shardTexts = shardTexts
        self.seed = seed
    }

    package var stepsPerEpoch: Int { (textCount + batch - 1) / batch }
    package var steps: Int { stepsPerEpoch * epochs }
    /// Shards of a full batch. Every step has this many unit numbers; those past a short batch's end are empty.
    package var shardsPerStep: Int { (min(batch, textCount) + shardTexts - 1) / shardTexts }

    /// Texts in the batch of `step`.
    package func batchTextCount(step: Int) -> Int {
        min(batch, textCount - (step % stepsPerEpoch) * batch)
    }

    /// Shards in `step`: at most ``shardsPerStep``.
    package func shardCount(step: Int) -> Int {
        (batchTextCount(step: step) + shardTexts - 1) / shardTexts
    }

    /// Shards of all steps together.
    package var shardTotal: Int {
        let (full, rest) = textCount.quotientAndRemainder(dividingBy: batch)
        let shards = full * ((batch + shardTexts - 1) / shardTexts) + (rest + shardTexts - 1) / shardTexts
        return shards * epochs
    }

    /// The order of all texts in `epoch`. Costs O(textCount): keep it for the epoch.
    package func order(epoch: Int) -> [Int] {
        var generator = NamedGenerator(seed: seed, purpose: "epoch order", key: String(epoch))
        return generator.permutation(of: textCount)
    }

    /// The texts of one shard, in the order in which they are summed.
    /// - Parameter order: ``order(epoch:)`` of the step's epoch.
    package func texts(step: Int, shard: Int, order: [Int]) -> ArraySlice<Int> {
        let start = (step % stepsPerEpoch) * batch
        let end = start + batchTextCount(step: step)
        let first = start + shard * shardTexts
        return order[first..<min(first + shardTexts, end)]
    }
}
