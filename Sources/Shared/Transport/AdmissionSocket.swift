import CZMQ
import Foundation

/// A connection that asks to be let in: its client has proved that it holds the secret half of `key`.
package struct AdmissionRequest: Equatable, Sendable {
    /// The address that the connection comes from.
    package let address: String
    /// The key that the client is known by.
    package let key: CurvePublicKey
}

/// libzmq's authentication handler (ZAP, RFC 27): libzmq asks it about every connection to a CURVE server of the
/// same context before a message of it is read.
///
/// It also gives each connection its identity. libzmq lets a peer choose one, and stops the program where it has drawn
/// one for somebody else that is taken; one that is given here takes the place of what the peer said, so that no
/// connection has one that was chosen or drawn.
///
/// libzmq is answered with text of ours only, so a peer can neither wait here nor be repeated to.
final class AdmissionSocket {
    /// libzmq looks for the handler at this address.
    private static let address = "inproc://zeromq.zap.01"
    private static let requestsPerTurn = 64
    /// How long an answer waits, in nanoseconds: libzmq reads the identity that the peer says right after it has asked,
    /// on another thread, and the later of the two counts.
    private static let delay: Int64 = 2_000_000

    private(set) var handle: UnsafeMutableRawPointer?
    /// Whether a client may come in; asked of sockets with keys. Without it all may.
    var decide: ((AdmissionRequest) -> Bool)?
    private var answers: [(due: Int64, frames: [[UInt8]])] = []
    private var identityCount: UInt64 = 0

    init(in context: Context) throws(TransportError) {
        guard let handle = zmq_socket(context.handle, ZMQ_ROUTER) else {
            throw .system(operation: "open", subject: "the admission socket", code: zmq_errno())
        }
        self.handle = handle
        var (linger, unlimited): (Int32, Int32) = (0, 0)
        let size = MemoryLayout<Int32>.size
        guard zmq_setsockopt(handle, ZMQ_LINGER, &linger, size) == 0,
            zmq_setsockopt(handle, ZMQ_RCVHWM, &unlimited, size) == 0,
            zmq_bind(handle, AdmissionSocket.address) == 0
        else {
            let code = zmq_errno()
            close()
            throw .system(operation: "open", subject: "the admission socket", code: code)
        }
    }

    deinit {
        close()
    }

    func close() {
        guard let handle else { return }
        self.handle = nil
        zmq_close(handle)
    }

    /// When the next answer is to leave, nanoseconds of the loop's clock; nil where none waits.
    var nextAnswer: Int64? { answers.first?.due }

    /// Takes in what was asked, up to a turn's share.
    func hear(at now: Int64) {
        for _ in 0..<AdmissionSocket.requestsPerTurn {
            guard let frames = receive() else { return }
            if let answer = answer(to: frames) { answers.append((now + AdmissionSocket.delay, answer)) }
        }
    }

    /// Sends the answers that are due.
    func answer(at now: Int64) {
        let due = answers.prefix { $0.due <= now }
        answers.removeFirst(due.count)
        for (_, frames) in due {
            for (index, frame) in frames.enumerated() {
                zmq_send(handle, frame, frame.count, ZMQ_DONTWAIT | (index < frames.count - 1 ? ZMQ_SNDMORE : 0))
            }
        }
    }

    private func receive() -> [[UInt8]]? {
        guard let handle else { return nil }
        var frames: [[UInt8]] = []
        while true {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            guard zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) >= 0 else { return nil }
            frames.append(Array(UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))))
            guard zmq_msg_more(&message) != 0 else { return frames }
        }
    }

    /// The frames are libzmq's connection, an empty one, version, request id, domain, address, the socket's own identity,
    /// mechanism, and the mechanism's credentials: of CURVE the 32 bytes of the client's key. Sockets without keys
    /// don't ask.
    private func answer(to frames: [[UInt8]]) -> [[UInt8]]? {
        guard frames.count >= 4 else { return nil }
        var key: CurvePublicKey?
        if frames.count == 9, frames[7] == Array("CURVE".utf8) { key = CurvePublicKey(bytes: frames[8]) }
        var isAdmitted = false
        if let key {
            let isOpen = frames[4] == Array(AdmissionSocket.openDomain.utf8)
            let address = plainAddress(printable(String(decoding: frames[5], as: UTF8.self)))
            isAdmitted = isOpen || decide?(AdmissionRequest(address: address, key: key)) ?? true
        }
        let status = isAdmitted ? ("200", "OK") : ("400", "not admitted")
        let user = key.map { Array($0.z85.utf8) } ?? []
        return [
            frames[0], [], Array("1.0".utf8), frames[3], Array(status.0.utf8), Array(status.1.utf8), user,
            isAdmitted ? nextIdentity() : [],
        ]
    }

    /// Domains of sockets that let anybody in, and of those that ask.
    static let openDomain = "open"
    static let keyDomain = "keys"

    /// Metadata (RFC 23) that names an identity which nobody had before: the name's length and the name, the value's
    /// length in four bytes and the value.
    private func nextIdentity() -> [UInt8] {
        identityCount += 1
        let name = Array("Identity".utf8)
        let value = [1] + withUnsafeBytes(of: identityCount.bigEndian) { Array($0) }
        return [UInt8(name.count)] + name + [0, 0, 0, UInt8(value.count)] + value
    }
}
