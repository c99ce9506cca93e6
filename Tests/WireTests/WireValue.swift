import Run
import Wire

/// What travels: anything that ``WireFormat`` encodes and decodes.
protocol WireValue: Hashable, Sendable {
    var encoded: EncodedMessage { get }
    static func decode(_ header: UnsafeRawBufferPointer, _ tensors: [UnsafeRawBufferPointer]) throws(WireError) -> Self
}

extension WorkerMessage: WireValue {
    var encoded: EncodedMessage { WireFormat.encode(self) }

    static func decode(
        _ header: UnsafeRawBufferPointer, _ tensors: [UnsafeRawBufferPointer]
    ) throws(WireError) -> Self {
        try WireFormat.decodeWorkerMessage(header: header, tensors: tensors)
    }
}

extension CoordinatorMessage: WireValue {
    var encoded: EncodedMessage { WireFormat.encode(self) }

    static func decode(
        _ header: UnsafeRawBufferPointer, _ tensors: [UnsafeRawBufferPointer]
    ) throws(WireError) -> Self {
        try WireFormat.decodeCoordinatorMessage(header: header, tensors: tensors)
    }
}

extension StatusQuery: WireValue {
    var encoded: EncodedMessage { WireFormat.encode(self) }

    static func decode(
        _ header: UnsafeRawBufferPointer, _ tensors: [UnsafeRawBufferPointer]
    ) throws(WireError) -> Self {
        try WireFormat.decodeStatusQuery(header: header, tensors: tensors)
    }
}

extension StatusReply: WireValue {
    var encoded: EncodedMessage { WireFormat.encode(self) }

    static func decode(
        _ header: UnsafeRawBufferPointer, _ tensors: [UnsafeRawBufferPointer]
    ) throws(WireError) -> Self {
        try WireFormat.decodeStatusReply(header: header, tensors: tensors)
    }
}

extension WireValue {
    /// Decodes frames that lie in memory of exactly their size, so that a sanitizer sees any byte read beyond them.
    init(header: [UInt8], tensors: [[UInt8]] = []) throws(WireError) {
        let frames = ([header] + tensors).map { bytes -> UnsafeMutableRawBufferPointer in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            copy.copyBytes(from: bytes)
            return copy
        }
        defer {
            for frame in frames { frame.deallocate() }
        }
        self = try Self.decode(UnsafeRawBufferPointer(frames[0]), frames.dropFirst().map { UnsafeRawBufferPointer($0) })
    }

    /// Encodes and decodes.
    func overTheWire() throws -> Self {
        let message = encoded
        return try Self(header: message.header, tensors: message.frames)
    }
}

extension EncodedMessage {
    /// The tensor frames' bytes.
    var frames: [[UInt8]] {
        withFrames { _, tensors in tensors.map { Array($0) } }
    }
}

/// The error that reading such frames gives; nil where they can be read.
func refusal<Message: WireValue>(
    _ type: Message.Type, _ header: [UInt8], _ tensors: [[UInt8]] = []
) -> WireError? {
    do {
        _ = try Message(header: header, tensors: tensors)
        return nil
    } catch {
        return error
    }
}

/// The error that the receiver of `message` sees; nil where there is none.
func refusal<Message: WireValue>(of message: Message) -> WireError? {
    let encoded = message.encoded
    return refusal(Message.self, encoded.header, encoded.frames)
}
