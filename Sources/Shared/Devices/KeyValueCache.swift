/// What a model has read of one sequence: the keys and values of its positions, for the first blocks, in the memory of
/// the model's device.
///
/// A cache that covers fewer blocks than the model has is for a partial pass: a step over it computes these blocks
/// and no others. A cache belongs to one task at a time.
package final class KeyValueCache {
    /// Whether other sequences may begin with the first positions of this one: see ``fork(keeping:for:)``.
    package enum Use: Sendable {
        /// Every position is kept.
        case sharing
        /// Blocks with a sliding window may forget the positions that no later one sees. It changes no result.
        case own
    }

    /// The model that reads it.
    package let model: any DeviceModel
    /// Blocks that it covers.
    package let blockCount: Int
    package let use: Use
    /// Positions read so far.
    package private(set) var length: Int
    /// The device's own.
    package let memory: any CacheMemory

    /// An empty sequence.
    package init(of model: any DeviceModel, blockCount: Int, for use: Use) throws(DeviceError) {
        self.model = model
        self.blockCount = blockCount
        self.use = use
        length = 0
        memory = try model.makeCacheMemory(blockCount: blockCount, for: use)
    }

    private init(_ other: KeyValueCache, length: Int, for use: Use, memory: any CacheMemory) {
        model = other.model
        blockCount = other.blockCount
        self.use = use
        self.length = length
        self.memory = memory
    }

    /// Bytes that it takes.
    package var byteCount: Int { memory.byteCount }

    /// Takes note that so many tokens were read.
    package func advance(by tokens: Int) { length += tokens }

    /// A sequence that begins with the first `length` positions of this one, on its own from there on.
    ///
    /// What was read at a position does not depend on what follows it, so this is what reading those tokens again
    /// would give, bit for bit; but for positions that an injection touched, which must not be among them.
    /// - Precondition: this one is for ``Use/sharing``.
    /// - Throws: ``DeviceError/outOfMemory(bytes:purpose:)``.
    package func fork(keeping length: Int, for use: Use = .sharing) throws(DeviceError) -> KeyValueCache {
        precondition(length >= 0 && length <= self.length && self.use == .sharing)
        return KeyValueCache(self, length: length, for: use, memory: try memory.fork(keeping: length, for: use))
    }
}

/// A sequence's keys and values as its device holds them.
package protocol CacheMemory: AnyObject {
    /// Bytes that it takes.
    var byteCount: Int { get }

    /// A copy of the first `length` positions. What is written to either afterwards does not show in the other.
    func fork(keeping length: Int, for use: KeyValueCache.Use) throws(DeviceError) -> any CacheMemory
}
