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
/// libzmq is answered at once and with text of ours only, so a peer can neither wait here nor be repeated to.
final class AdmissionSocket {
    /// libzmq looks for the handler at this address.
    private static let address = "inproc://zeromq.zap.01"
    private static let requestsPerTurn = 64

    private(set) var handle: UnsafeMutableRawPointer?
    private let decide: (AdmissionRequest) -> Bool

    init(in context: Context, _ decide: @escaping (AdmissionRequest) -> Bool) throws(TransportError) {
        self.decide = decide
        guard let handle = zmq_socket(context.handle, ZMQ_REP) else {
            throw .system(operation: "open", subject: "the admission socket", code: zmq_errno())
        }
        self.handle = handle
        var linger: Int32 = 0
        guard zmq_setsockopt(handle, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size) == 0,
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

    /// Answers what was asked, up to a turn's share.
    func answer() {
        for _ in 0..<AdmissionSocket.requestsPerTurn {
            guard let frames = receive() else { return }
            reply(to: frames)
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

    /// The frames are version, request id, domain, address, identity, mechanism, and the mechanism's credentials: of
    /// CURVE the 32 bytes of the client's key. Sockets without keys don't ask, since they name no domain.
    private func reply(to frames: [[UInt8]]) {
        let requestID = frames.count > 1 ? frames[1] : []
        var isAdmitted = false
        if frames.count == 7, frames[5] == Array("CURVE".utf8), let key = CurvePublicKey(bytes: frames[6]) {
            let address = String(decoding: frames[3], as: UTF8.self)
            isAdmitted = decide(AdmissionRequest(address: printable(address), key: key))
        }
        let status = isAdmitted ? ("200", "OK") : ("400", "not admitted")
        let answer = ["1.0".utf8.map { $0 }, requestID, Array(status.0.utf8), Array(status.1.utf8), [], []]
        for (index, frame) in answer.enumerated() {
            zmq_send(handle, frame, frame.count, ZMQ_DONTWAIT | (index < answer.count - 1 ? ZMQ_SNDMORE : 0))
        }
    }
}
