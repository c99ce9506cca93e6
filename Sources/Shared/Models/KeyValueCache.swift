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

    /// A sequence that begins with the first `length` positions of this one, on its own from there on.
    ///
    /// What was read at a position does not depend on what follows it, so this is what reading those tokens again
    /// would give, bit for bit; but for positions that an injection touched, which must not be among them.
    /// - Throws: ``ModelError/tensor(_:)`` where memory is refused.
    package func fork(keeping length: Int) throws(ModelError) -> KeyValueCache {
        precondition(length >= 0 && length <= self.length)
        let copy = KeyValueCache(blockCount: blockCount, heads: heads, maximumPositions: maximumPositions)
        guard length > 0, !blocks.isEmpty else {
            copy.length = length
            return copy
        }
        copy.capacity = min(maximumPositions, max(length + 32, 64))
        do {
            for block in blocks {
                copy.blocks.append(try KeyValueStore(copying: block, keeping: length, capacity: copy.capacity))
            }
        } catch {
            throw .tensor(error)
        }
        copy.length = length
        return copy
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
