package import Run
package import Transport
package import Wire

extension WireFormat {
    /// The message that a worker sent.
    package static func decodeWorkerMessage(_ frames: [Frame]) throws -> WorkerMessage {
        try withBytes(of: frames) { try decodeWorkerMessage(header: $0, tensors: $1) }
    }

    /// The message that the coordinator sent.
    package static func decodeCoordinatorMessage(_ frames: [Frame]) throws -> CoordinatorMessage {
        try withBytes(of: frames) { try decodeCoordinatorMessage(header: $0, tensors: $1) }
    }

    package static func decodeStatusQuery(_ frames: [Frame]) throws -> StatusQuery {
        try withBytes(of: frames) { try decodeStatusQuery(header: $0, tensors: $1) }
    }

    package static func decodeStatusReply(_ frames: [Frame]) throws -> StatusReply {
        try withBytes(of: frames) { try decodeStatusReply(header: $0, tensors: $1) }
    }

    /// The first frame is the header, the others are tensors; no frame at all is an empty header, which no message
    /// has.
    private static func withBytes<Message>(
        of frames: [Frame],
        _ body: (_ header: UnsafeRawBufferPointer, _ tensors: [UnsafeRawBufferPointer]) throws -> Message
    ) throws -> Message {
        func collect(_ index: Int, _ taken: [UnsafeRawBufferPointer]) throws -> Message {
            guard index < frames.count else {
                return try body(taken.first ?? UnsafeRawBufferPointer(start: nil, count: 0), Array(taken.dropFirst()))
            }
            return try frames[index].withUnsafeBytes { try collect(index + 1, taken + [$0]) }
        }
        return try collect(0, [])
    }
}
