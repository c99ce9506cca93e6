import ModelFolders
import Tensors

/// What a model has read of one sequence: the keys and values of its positions, for the first blocks.
///
/// A cache that covers fewer blocks than the model has is for a partial pass: a step over it computes these blocks
/// and no others. A cache belongs to one task at a time.
package final class KeyValueCache {
    /// Whether other sequences may begin with the first positions of this one: see ``fork(keeping:)``.
    package enum Use: Sendable {
        /// Every position is kept.
        case sharing
        /// Blocks with a sliding window forget the positions that no later one sees. It changes no result.
        case own
    }

    let shape: Shape
    package let use: Use
    /// Positions read so far.
    package internal(set) var length = 0
    private(set) var blocks: [KeyValueStore] = []

    /// What the caches of a model have in common.
    struct Shape: Hashable, Sendable {
        /// Blocks that are covered.
        var blockCount: Int
        let heads: AttentionHeads
        let maximumPositions: Int
        /// Of each of the model's blocks: how many positions a query sees; nil where it sees all before it.
        let windows: [Int?]
        /// Positions that a fork has room for beyond those that it takes over.
        static let forkRoom = 64
        /// Rows of one sequence in a pass at most.
        let passRows: Int

        init(_ configuration: ModelConfiguration, blockCount: Int? = nil, passRows: Int) {
            self.blockCount = blockCount ?? configuration.blockCount
            heads = AttentionHeads(
                heads: configuration.headCount, keyValueHeads: configuration.keyValueHeadCount,
                dimension: configuration.headDimension)
            maximumPositions = configuration.maximumPositions
            windows = configuration.arithmetic.windows
            self.passRows = passRows
        }

        /// The most positions that a block needs room for: all, or those that the rows of a pass see.
        func most(block: Int, _ use: Use) -> Int {
            guard use == .own, let window = windows[block] else { return maximumPositions }
            // A block of 32 positions is kept while one of them is seen.
            return min(maximumPositions, KeyValueStore.wholeBlocks(window + passRows + 31))
        }

        /// Bytes that a sequence takes at most while it grows to so many positions.
        func byteCount(positions: Int, _ use: Use) -> Int {
            (0..<blockCount).reduce(0) { sum, block in
                let grown = max(grown(positions, from: positions), positions + Self.forkRoom)
                let room = min(most(block: block, use), grown)
                return sum + KeyValueStore.byteCount(heads: heads, capacity: room)
            }
        }

        /// Room for `positions` positions where there was room for `capacity`: by half of that more, and by 1024
        /// positions at most.
        func grown(_ positions: Int, from capacity: Int) -> Int {
            max(positions, capacity + min(capacity / 2, 1024), 64)
        }
    }

    init(_ shape: Shape, _ use: Use) {
        self.shape = shape
        self.use = use
    }

    /// Blocks that it covers.
    package var blockCount: Int { shape.blockCount }

    /// Bytes that it takes.
    package var byteCount: Int { blocks.reduce(0) { $0 + $1.byteCount } }

    /// A sequence that begins with the first `length` positions of this one, on its own from there on.
    ///
    /// What was read at a position does not depend on what follows it, so this is what reading those tokens again
    /// would give, bit for bit; but for positions that an injection touched, which must not be among them.
    /// - Precondition: this one is for ``Use/sharing``.
    /// - Throws: ``ModelError/tensor(_:)`` where memory is refused.
    package func fork(keeping length: Int, for use: Use = .sharing) throws(ModelError) -> KeyValueCache {
        precondition(length >= 0 && length <= self.length && self.use == .sharing)
        let copy = KeyValueCache(shape, use)
        copy.length = length
        guard length > 0, !blocks.isEmpty else { return copy }
        do {
            for (index, block) in blocks.enumerated() {
                let seen = copy.seen(in: index)
                let room = min(shape.most(block: index, use), seen.count + Shape.forkRoom)
                copy.blocks.append(try KeyValueStore(copying: block, keeping: seen, capacity: room))
            }
        } catch {
            throw .tensor(error)
        }
        return copy
    }

    /// Makes room for the next `rows` positions, a pass at most.
    /// - Parameter more: positions that are to follow soon after: room is made for them as well where they are kept.
    func reserve(_ rows: Int, before more: Int) throws(TensorError) {
        if blocks.isEmpty {
            for index in 0..<blockCount {
                let room = min(shape.most(block: index, use), shape.grown(length + rows + more, from: 0))
                blocks.append(try KeyValueStore(heads: shape.heads, capacity: room))
            }
        }
        for (index, block) in blocks.enumerated() where length + rows > block.end {
            let (seen, most) = (seen(in: index), KeyValueStore.wholeBlocks(shape.most(block: index, use)))
            if block.capacity >= most {
                block.slide(keeping: seen)
            } else {
                let wanted = length + rows + more - block.first
                try block.grow(to: min(most, shape.grown(wanted, from: block.capacity)), keeping: seen)
            }
        }
    }

    /// The positions read that the next one sees, in a block; all of them where all are kept.
    private func seen(in block: Int) -> Range<Int> {
        guard use == .own, let window = shape.windows[block] else { return 0..<length }
        return max(0, length + 1 - window)..<length
    }
}
