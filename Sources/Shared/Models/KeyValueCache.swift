import Tensors

/// What a model has read of one sequence: the keys and values of its positions, for the first blocks.
///
/// A cache that covers fewer blocks than the model has is for a partial pass: a step over it computes these blocks
/// and no others. A cache belongs to one task at a time.
package final class KeyValueCache {
    /// Blocks that it covers.
    package let blockCount: Int
    /// Positions read so far.
    package internal(set) var length = 0
    let heads: AttentionHeads
    let maximumPositions: Int
    private(set) var blocks: [KeyValueStore] = []
    private var capacity = 0

    init(blockCount: Int, heads: AttentionHeads, maximumPositions: Int) {
        self.blockCount = blockCount
        self.heads = heads
        self.maximumPositions = maximumPositions
    }

    /// Makes room for `positions` positions. Growth is by half of what there was, at most 1024 positions at once
    /// beyond what is asked for.
    func reserve(_ positions: Int) throws(TensorError) {
        guard positions > capacity else { return }
        let target = min(maximumPositions, max(positions, capacity + min(capacity / 2, 1024), 64))
        if blocks.isEmpty {
            for _ in 0..<blockCount { blocks.append(try KeyValueStore(heads: heads, capacity: target)) }
        } else {
            for block in blocks { try block.grow(to: target, keeping: length) }
        }
        capacity = target
    }
}
