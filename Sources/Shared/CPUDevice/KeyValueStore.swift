import CKernels
import Devices
import Foundation

/// The heads of an attention layer. Query head h reads key/value head h / (heads / keyValueHeads).
struct AttentionHeads: Hashable, Sendable {
    let heads: Int
    let keyValueHeads: Int
    /// Coordinates of a head.
    let dimension: Int

    init(heads: Int, keyValueHeads: Int, dimension: Int) {
        precondition(heads > 0 && keyValueHeads > 0 && heads % keyValueHeads == 0)
        precondition(dimension > 0 && dimension % 2 == 0)
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.dimension = dimension
    }

    var kernelHeads: ck_heads { ck_heads(heads: heads, kv_heads: keyValueHeads, dimension: dimension) }
}

/// The keys and values of one sequence in one block of a model, for `capacity` positions from ``first`` on, float32.
final class KeyValueStore {
    let heads: AttentionHeads
    /// Positions that there is room for, a multiple of 32.
    private(set) var capacity: Int
    /// The first position that is held, a multiple of 32: those before are forgotten.
    private(set) var first: Int
    private var keyMemory: HostMemory
    private var valueMemory: HostMemory

    /// Room for `capacity` positions, rounded up to a multiple of 32.
    init(heads: AttentionHeads, capacity: Int) throws(DeviceError) {
        self.heads = heads
        self.capacity = Self.wholeBlocks(capacity)
        first = 0
        (keyMemory, valueMemory) = try Self.allocate(heads, self.capacity)
    }

    /// The positions `positions` of `other`, the first of them rounded down to a multiple of 32, with room for
    /// `capacity`.
    init(
        copying other: KeyValueStore, keeping positions: Range<Int>, capacity: Int
    ) throws(DeviceError) {
        heads = other.heads
        first = Self.block(of: positions.lowerBound)
        self.capacity = Self.wholeBlocks(capacity)
        (keyMemory, valueMemory) = try other.copied(
            first..<positions.upperBound, capacity: self.capacity)
    }

    /// The end of the positions that there is room for.
    var end: Int { first + capacity }

    /// Makes room for `capacity` positions and keeps those given, the first of them rounded down to a multiple of 32.
    func grow(to capacity: Int, keeping positions: Range<Int>) throws(DeviceError) {
        let first = Self.block(of: positions.lowerBound)
        let capacity = max(Self.wholeBlocks(capacity), self.capacity)
        (keyMemory, valueMemory) = try copied(first..<positions.upperBound, capacity: capacity)
        (self.first, self.capacity) = (first, capacity)
    }

    /// Forgets what comes before the positions given, the first of them rounded down to a multiple of 32, so that
    /// there is room behind them.
    func slide(keeping positions: Range<Int>) {
        let first = Self.block(of: positions.lowerBound)
        guard first > self.first else { return }
        move(first..<positions.upperBound, to: (keyMemory, valueMemory), capacity: capacity)
        self.first = first
    }

    /// Bytes that a store of so many positions takes.
    static func byteCount(heads: AttentionHeads, capacity: Int) -> Int {
        let (heads, capacity) = (heads.kernelHeads, wholeBlocks(capacity))
        return (ck_key_cache_floats(heads, capacity) + ck_value_cache_floats(heads, capacity)) * 4
    }

    /// Bytes that this one takes.
    var byteCount: Int { Self.byteCount(heads: heads, capacity: capacity) }

    /// Keys and values of these positions, in memory for `capacity`, a multiple of 32.
    private func copied(
        _ positions: Range<Int>, capacity: Int
    ) throws(DeviceError) -> (HostMemory, HostMemory) {
        let fresh = try Self.allocate(heads, capacity)
        move(positions, to: fresh, capacity: capacity)
        return fresh
    }

    /// Writes keys and values of these positions, the first a multiple of 32, to the start of memory for `capacity`,
    /// which may be this store's own.
    private func move(_ positions: Range<Int>, to target: (keys: HostMemory, values: HostMemory), capacity: Int) {
        precondition(positions.lowerBound >= first && positions.upperBound <= end && positions.count <= capacity)
        guard !positions.isEmpty else { return }
        // Both are laid out head by head; a head's keys by blocks of 32 positions, its values by position.
        let kernelHeads = heads.kernelHeads
        let keyBytes = ck_key_cache_floats(kernelHeads, Int(CK_PANEL)) / heads.keyValueHeads / Int(CK_PANEL) * 4
        let valueBytes = ck_value_cache_floats(kernelHeads, Int(CK_PANEL)) / heads.keyValueHeads / Int(CK_PANEL) * 4
        let (skipped, kept) = (positions.lowerBound - first, Self.wholeBlocks(positions.count))
        for head in 0..<heads.keyValueHeads {
            memmove(
                target.keys.base + head * capacity * keyBytes,
                keyMemory.base + (head * self.capacity + skipped) * keyBytes, kept * keyBytes)
            memmove(
                target.values.base + head * capacity * valueBytes,
                valueMemory.base + (head * self.capacity + skipped) * valueBytes, kept * valueBytes)
        }
    }

    var keys: UnsafeMutablePointer<Float> { keyMemory.base.assumingMemoryBound(to: Float.self) }
    var values: UnsafeMutablePointer<Float> { valueMemory.base.assumingMemoryBound(to: Float.self) }

    /// The first position of the block of 32 that holds `position`.
    private static func block(of position: Int) -> Int { position / Int(CK_PANEL) * Int(CK_PANEL) }

    /// So many positions, or a few more: a multiple of 32.
    static func wholeBlocks(_ positions: Int) -> Int {
        (max(positions, 1) + Int(CK_PANEL) - 1) / Int(CK_PANEL) * Int(CK_PANEL)
    }

    private static func allocate(
        _ heads: AttentionHeads, _ capacity: Int
    ) throws(DeviceError) -> (HostMemory, HostMemory) {
        let purpose = "the keys and values of \(capacity) positions"
        return (
            try HostMemory(byteCount: ck_key_cache_floats(heads.kernelHeads, capacity) * 4, purpose: purpose),
            try HostMemory(byteCount: ck_value_cache_floats(heads.kernelHeads, capacity) * 4, purpose: purpose)
        )
    }
}
