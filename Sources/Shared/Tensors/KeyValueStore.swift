import CKernels

/// The heads of an attention layer. Query head h reads key/value head h / (heads / keyValueHeads).
package struct AttentionHeads: Hashable, Sendable {
    package let heads: Int
    package let keyValueHeads: Int
    /// Coordinates of a head.
    package let dimension: Int

    package init(heads: Int, keyValueHeads: Int, dimension: Int) {
        precondition(heads > 0 && keyValueHeads > 0 && heads % keyValueHeads == 0)
        precondition(dimension > 0 && dimension % 2 == 0)
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.dimension = dimension
    }

    var kernelHeads: ck_heads { ck_heads(heads: heads, kv_heads: keyValueHeads, dimension: dimension) }
}

/// The keys and values of one sequence in one block of a model, for `capacity` positions, float32.
package final class KeyValueStore {
    package let heads: AttentionHeads
    /// Positions that there is room for, a multiple of 32.
    package private(set) var capacity: Int
    private var keyMemory: AlignedMemory
    private var valueMemory: AlignedMemory

    /// Room for `capacity` positions, rounded up to a multiple of 32.
    package init(heads: AttentionHeads, capacity: Int) throws(TensorError) {
        self.heads = heads
        self.capacity = Self.wholeBlocks(capacity)
        (keyMemory, valueMemory) = try Self.allocate(heads, self.capacity)
    }

    /// The first `length` positions of `other`, with room for `capacity`.
    package init(copying other: KeyValueStore, keeping length: Int, capacity: Int) throws(TensorError) {
        precondition(length <= other.capacity && length <= capacity)
        heads = other.heads
        self.capacity = Self.wholeBlocks(capacity)
        (keyMemory, valueMemory) = try other.copied(keeping: length, capacity: self.capacity)
    }

    /// Makes room for `capacity` positions and keeps the first `length`.
    package func grow(to capacity: Int, keeping length: Int) throws(TensorError) {
        let capacity = Self.wholeBlocks(capacity)
        guard capacity > self.capacity else { return }
        (keyMemory, valueMemory) = try copied(keeping: length, capacity: capacity)
        self.capacity = capacity
    }

    /// Bytes that a store of so many positions takes.
    package static func byteCount(heads: AttentionHeads, capacity: Int) -> Int {
        let (heads, capacity) = (heads.kernelHeads, wholeBlocks(capacity))
        return (ck_key_cache_floats(heads, capacity) + ck_value_cache_floats(heads, capacity)) * 4
    }

    /// Keys and values of the first `length` positions, in memory for `capacity`, a multiple of 32.
    private func copied(keeping length: Int, capacity: Int) throws(TensorError) -> (AlignedMemory, AlignedMemory) {
        let (newKeys, newValues) = try Self.allocate(heads, capacity)
        // Both are laid out head by head; a head's keys by blocks of 32 positions, its values by position.
        let kernelHeads = heads.kernelHeads
        let keyFloats = ck_key_cache_floats(kernelHeads, self.capacity) / heads.keyValueHeads
        let valueFloats = ck_value_cache_floats(kernelHeads, self.capacity) / heads.keyValueHeads
        let newKeyFloats = ck_key_cache_floats(kernelHeads, capacity) / heads.keyValueHeads
        let newValueFloats = ck_value_cache_floats(kernelHeads, capacity) / heads.keyValueHeads
        let kept = length == 0 ? 0 : Self.wholeBlocks(length)
        for head in 0..<heads.keyValueHeads {
            (newKeys.base + head * newKeyFloats * 4).copyMemory(
                from: keyMemory.base + head * keyFloats * 4, byteCount: keyFloats / self.capacity * kept * 4)
            (newValues.base + head * newValueFloats * 4).copyMemory(
                from: valueMemory.base + head * valueFloats * 4, byteCount: valueFloats / self.capacity * kept * 4)
        }
        return (newKeys, newValues)
    }

    var keys: UnsafeMutablePointer<Float> { keyMemory.base.assumingMemoryBound(to: Float.self) }
    var values: UnsafeMutablePointer<Float> { valueMemory.base.assumingMemoryBound(to: Float.self) }

    private static func wholeBlocks(_ positions: Int) -> Int {
        (max(positions, 1) + Int(CK_PANEL) - 1) / Int(CK_PANEL) * Int(CK_PANEL)
    }

    private static func allocate(
        _ heads: AttentionHeads, _ capacity: Int
    ) throws(TensorError) -> (AlignedMemory, AlignedMemory) {
        let purpose = "the keys and values of \(capacity) positions"
        return (
            try AlignedMemory(byteCount: ck_key_cache_floats(heads.kernelHeads, capacity) * 4, purpose: purpose),
            try AlignedMemory(byteCount: ck_value_cache_floats(heads.kernelHeads, capacity) * 4, purpose: purpose)
        )
    }
}
