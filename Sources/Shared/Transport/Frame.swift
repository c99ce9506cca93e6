import CZMQ
package import Foundation

/// One frame of a message: bytes that are sent, and handed over when received, without a copy.
///
/// A message is an array of frames and arrives whole or not at all.
package struct Frame: Sendable {
    private let storage: Storage

    private enum Storage: Sendable {
        case bytes([UInt8])
        case data(Data)
        case borrowed(BorrowedBytes)
        case received(ReceivedFrame)
    }

    /// A frame of `bytes`.
    package init(_ bytes: [UInt8]) {
        storage = .bytes(bytes)
    }

    /// A frame of the bytes of `data`.
    package init(_ data: Data) {
        storage = .data(data)
    }

    /// A frame of memory that belongs to `owner`, which is kept alive until libzmq has sent the bytes.
    ///
    /// The bytes must stay where they are and as they are for as long as `owner` lives; `owner` may be released on
    /// another thread.
    package init(_ bytes: UnsafeRawBufferPointer, ownedBy owner: any AnyObject & Sendable) {
        storage = .borrowed(BorrowedBytes(owner: owner, bytes: bytes))
    }

    init(_ received: ReceivedFrame) {
        storage = .received(received)
    }

    /// The number of bytes.
    package var count: Int {
        switch storage {
        case .bytes(let bytes): bytes.count
        case .data(let data): data.count
        case .borrowed(let borrowed): borrowed.bytes.count
        case .received(let frame): frame.bytes.count
        }
    }

    /// Lends the bytes to `body`, in place. They are gone when the last copy of the frame is.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch storage {
        case .bytes(let bytes): return try bytes.withUnsafeBytes(body)
        case .data(let data): return try data.withUnsafeBytes(body)
        case .borrowed(let borrowed):
            defer { withExtendedLifetime(borrowed.owner) {} }
            return try body(borrowed.bytes)
        case .received(let frame):
            defer { withExtendedLifetime(frame) {} }
            return try body(frame.bytes)
        }
    }

    /// The address that a received frame came from, as far as the transport knows it.
    package var peerAddress: String? {
        if case .received(let frame) = storage { frame.peerAddress } else { nil }
    }

    /// The connection that a received frame came by.
    package var connection: Connection {
        if case .received(let frame) = storage {
            Connection(descriptor: frame.descriptor)
        } else {
            Connection(descriptor: -1)
        }
    }

    /// The key that the client of a received frame's connection has proved, where keys are used.
    var userID: String? { if case .received(let frame) = storage { frame.userID } else { nil } }

    /// A copy of the bytes, or the bytes themselves where the frame was made of an array.
    package var bytes: [UInt8] {
        if case .bytes(let bytes) = storage { bytes } else { withUnsafeBytes { Array($0) } }
    }

    /// A copy of the bytes, or the bytes themselves where the frame was made of a `Data`.
    package var data: Data {
        if case .data(let data) = storage { data } else { withUnsafeBytes { Data($0) } }
    }
}

/// A connection to a router, for as long as it stands.
package struct Connection: Hashable, Sendable {
    let descriptor: Int32
}

/// Memory that somebody else owns. Sendable because it is only read, and its owner is sendable.
private struct BorrowedBytes: @unchecked Sendable {
    let owner: any AnyObject & Sendable
    let bytes: UnsafeRawBufferPointer
}

/// The one owner of a received `zmq_msg_t`. Sendable because its bytes never change.
final class ReceivedFrame: @unchecked Sendable {
    private let message: UnsafeMutablePointer<zmq_msg_t>

    /// Takes over `message`, which was allocated and filled by ``RawSocket/receive(maximumFrames:)``.
    init(takingOver message: UnsafeMutablePointer<zmq_msg_t>) {
        self.message = message
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
    }

    var descriptor: Int32 { zmq_msg_get(message, ZMQ_SRCFD) }

    var userID: String? { zmq_msg_gets(message, "User-Id").map { String(cString: $0) } }

    var peerAddress: String? {
        zmq_msg_gets(message, "Peer-Address").map { plainAddress(printable(String(cString: $0))) }
    }
}

extension Frame {
    /// From how many bytes on a frame is sent in place: below it, copying costs less than keeping the owner.
    static let sentInPlaceFrom = 16 << 10

    /// Fills the uninitialised `message` with the frame; false, with errno set, where memory has run out.
    func initialize(_ message: UnsafeMutablePointer<zmq_msg_t>) -> Bool {
        withUnsafeBytes { bytes in
            guard bytes.count >= Frame.sentInPlaceFrom, let base = bytes.baseAddress else {
                guard zmq_msg_init_size(message, bytes.count) == 0 else { return false }
                if let base = bytes.baseAddress, let target = zmq_msg_data(message) {
                    target.copyMemory(from: base, byteCount: bytes.count)
                }
                return true
            }
            // The pointer outlives this closure: bytes of this size lie on the heap and stay there while something
            // refers to them, and `Lent` does until libzmq gives them back on one of its threads. Nobody changes
            // them meanwhile, for a writer to a shared Array or Data gets a copy.
            let lent = Unmanaged.passRetained(Lent(self))
            let release: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void = { _, hint in
                if let hint { Unmanaged<Lent>.fromOpaque(hint).release() }
            }
            let target = UnsafeMutableRawPointer(mutating: base)
            guard zmq_msg_init_data(message, target, bytes.count, release, lent.toOpaque()) == 0 else {
                lent.release()
                return false
            }
            return true
        }
    }

    private final class Lent {
        private let frame: Frame
        init(_ frame: Frame) { self.frame = frame }
    }
}
