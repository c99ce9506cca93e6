package import Run

#if !_endian(little)
    #error("tensor frames are little-endian and sent from memory as they are")
#endif

/// A message as it goes over the wire: the header frame, then one frame for each tensor, in this order.
package struct EncodedMessage: Hashable, Sendable {
    /// A protobuf message of `proto/envelope.proto`.
    package let header: [UInt8]
    /// The frames' bytes are the matrices' values, little-endian float32, row-major; the matrices share their memory
    /// with the message that was encoded, so that nothing is copied before the socket.
    package let tensors: [FloatMatrix]

    /// Bytes of all frames together.
    package var byteCount: Int {
        tensors.reduce(header.count) { $0 + $1.values.count * MemoryLayout<Float>.size }
    }

    /// Calls `body` with the frames' bytes, which live as long as the call.
    package func withFrames<T>(
        _ body: (_ header: UnsafeRawBufferPointer, _ tensors: [UnsafeRawBufferPointer]) throws -> T
    ) rethrows -> T {
        func collect(_ frames: [UnsafeRawBufferPointer], _ header: UnsafeRawBufferPointer) throws -> T {
            guard frames.count < tensors.count else { return try body(header, frames) }
            return try tensors[frames.count].values.withUnsafeBytes { try collect(frames + [$0], header) }
        }
        return try header.withUnsafeBytes { try collect([], $0) }
    }
}
