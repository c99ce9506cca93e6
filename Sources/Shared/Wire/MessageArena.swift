import CWireMessages

/// The memory of one message's protobuf-c structures, all freed together.
///
/// protobuf-c's structures point at one another; while a message is packed or read they live here. Reading takes
/// memory from a budget, since a short header can ask for much.
///
/// The owner calls ``free()`` with `defer`: Swift may end the object's life before the last use of its memory.
final class MessageArena {
    private var blocks: [UnsafeMutableRawPointer] = []
    /// Bytes that may still be allocated.
    private var remaining: Int
    /// Whether more was asked for than the budget holds.
    private var isExhausted = false
    /// What a block costs besides its bytes.
    private static let overhead = 48

    init(budget: Int = .max) {
        remaining = budget
    }

    /// Uninitialised memory, aligned for any C type; nil beyond the budget.
    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        guard byteCount >= 0, byteCount <= remaining - Self.overhead else {
            isExhausted = true
            return nil
        }
        remaining -= byteCount + Self.overhead
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 16)
        blocks.append(block)
        return block
    }

    /// Frees everything. No pointer into the arena may be used afterwards.
    func free() {
        for block in blocks { block.deallocate() }
        blocks = []
    }

    /// Reads a header.
    /// - Parameter unpack: the generated function `wire__…__unpack`.
    func unpack<Message>(
        _ header: UnsafeRawBufferPointer,
        _ unpack: (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) -> UnsafeMutablePointer<
            Message
        >?
    ) throws(WireError) -> UnsafeMutablePointer<Message> {
        guard header.count <= WireLimits.headerBytes else {
            throw WireError(expected: "a header of at most \(WireLimits.headerBytes) bytes", found: "\(header.count)")
        }
        // Freeing is left to free(): blocks that protobuf-c forgets on malformed input are freed as well.
        var allocator = ProtobufCAllocator(
            alloc: { arena, byteCount in
                guard let arena, let byteCount = Int(exactly: byteCount) else { return nil }
                return Unmanaged<MessageArena>.fromOpaque(arena).takeUnretainedValue().allocate(byteCount: byteCount)
            },
            free: { _, _ in },
            allocator_data: Unmanaged.passUnretained(self).toOpaque())
        let bytes = header.bindMemory(to: UInt8.self)
        guard let message = unpack(&allocator, bytes.count, bytes.baseAddress) else {
            let found = isExhausted ? "one whose elements take more memory than any message may" : "other bytes"
            throw WireError(expected: "a protobuf header", found: "\(found) (\(header.count) bytes)")
        }
        return message
    }
}
