import CWireMessages

/// ``Run``'s messages as frames and back.
///
/// A message is a header frame, one of the protobuf messages of `proto/envelope.proto`, then a frame for each tensor,
/// raw little-endian float32. Encoding is a function of the message. Decoding copies what it keeps; whatever it is
/// given, it returns a message within ``MessageLimits`` and ``WireLimits`` or throws a ``WireError``.
///
///     let encoded = WireFormat.encode(.heartbeat(Heartbeat([LeaseID(7)])) as WorkerMessage)
///     let message = try encoded.withFrames { header, tensors in
///         try WireFormat.decodeWorkerMessage(header: header, tensors: tensors)
///     }
package enum WireFormat {
    /// Unpacks a header, reads it and the tensor frames with `read`, and frees what protobuf-c allocated.
    static func decode<Header, Message>(
        _ name: String, _ header: UnsafeRawBufferPointer, _ tensors: [UnsafeRawBufferPointer],
        _ unpack: (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) -> UnsafeMutablePointer<
            Header
        >?,
        _ read: (Header, inout TensorFrames) throws(WireError) -> (kind: String, message: Message)
    ) throws(WireError) -> Message {
        let arena = MessageArena(budget: WireLimits.memory(header: header.count))
        defer { arena.free() }
        let (unpacked, frames) = try reading(name) { () throws(WireError) in
            (try arena.unpack(header, unpack).pointee, try TensorFrames(tensors))
        }
        var remaining = frames
        let (kind, message) = try read(unpacked, &remaining)
        try reading(kind) { () throws(WireError) in try remaining.finish() }
        return message
    }
}
