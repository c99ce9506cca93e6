import Devices
import ModelFolders

/// The keys and values of one sequence, block by block, which grow as they are needed.
final class CPUCache: CacheMemory {
    let shape: Shape
    private let use: KeyValueCache.Use
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
        func most(block: Int, _ use: KeyValueCache.Use) -> Int {
            guard use == .own, let window = windows[block] else { return maximumPositions }
            // A block of 32 positions is kept while one of them is seen.
            return min(maximumPositions, KeyValueStore.wholeBlocks(window + passRows + 31))
        }

        /// Bytes that a sequence takes at most while it grows to so many positions.
        func byteCount(positions: Int, _ use: KeyValueCache.Use) -> Int {
            (0..<blockCount).reduce(0) { sum, block in
                let grown = max(grown(positions, from: positions), positions + Self.forkRoom)
                let room = min(most(block: block, use), grown)
                return sum + KeyValueStore.byteCount(heads: heads, capacity: room)
            }
        }

        var bytesOfPosition: Int {
            blockCount * KeyValueStore.byteCount(heads: heads, capacity: 32) / 32
        }

        /// Room for `positions` positions where there was room for `capacity`: by half of that more, and by 1024
        /// positions at most.
        func grown(_ positions: Int, from capacity: Int) -> Int {
            max(positions, capacity + min(capacity / 2, 1024), 64)
        }
    }

    init(_ shape: Shape, _ use: KeyValueCache.Use) {
        self.shape = shape
        self.use = use
    }

    var byteCount: Int { blocks.reduce(0) { $0 + $1.byteCount } }

    func fork(keeping length: Int, for use: KeyValueCache.Use) throws(DeviceError) -> any CacheMemory {
        let copy = CPUCache(shape, use)
        guard length > 0, !blocks.isEmpty else { return copy }
        for (index, block) in blocks.enumerated() {
            let seen = copy.seen(in: index, after: length)
            let room = min(shape.most(block: index, use), seen.count + Shape.forkRoom)
            copy.blocks.append(try KeyValueStore(copying: block, keeping: seen, capacity: room))
        }
        return copy
    }

    /// Makes room for the next `rows` positions, a pass at most, after `length` that were read.
    /// - Parameter more: positions that are to follow soon after: room is made for them as well where they are kept.
    func reserve(_ rows: Int, after length: Int, before more: Int) throws(DeviceError) {
        if blocks.isEmpty {
            for index in 0..<shape.blockCount {
                let room = min(shape.most(block: index, use), shape.grown(length + rows + more, from: 0))
                blocks.append(try KeyValueStore(heads: shape.heads, capacity: room))
            }
        }
        for (index, block) in blocks.enumerated() where length + rows > block.end {
            let (seen, most) = (
                seen(in: index, after: length), KeyValueStore.wholeBlocks(shape.most(block: index, use))
            )
            if block.capacity >= most {
                block.slide(keeping: seen)
            } else {
                let wanted = length + rows + more - block.first
                try block.grow(to: min(most, shape.grown(wanted, from: block.capacity)), keeping: seen)
            }
        }
    }

    /// Of `length` positions read, those that the next one sees in a block; all of them where all are kept.
    private func seen(in block: Int, after length: Int) -> Range<Int> {
        guard use == .own, let window = shape.windows[block] else { return 0..<length }
        return max(0, length + 1 - window)..<length
    }
}
