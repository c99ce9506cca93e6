/// What befalls a socket besides messages.
package enum SocketEvent: Equatable, Sendable, CustomStringConvertible {
    /// A connection is up: both sides have introduced themselves, and agreed on keys where there are any.
    case connected
    /// A connection is gone. The connecting side tries again by itself.
    case disconnected
    /// Nobody was there; the next attempt follows after so long.
    case retrying(after: Duration)
    /// Somebody was there, but the two sides did not come to an understanding: with CURVE, a wrong key. A router
    /// names the address that the connection came from where it can still be found out.
    case handshakeFailed(HandshakeFailure, address: String? = nil)
    /// A connection could not be accepted; `code` is the errno (too many open files, say).
    case acceptFailed(code: Int32)
    /// So many connections were closed because they had said nothing; where the last one came from.
    case silent(connections: Int, address: String? = nil)
    /// So many connections were closed because there were too many; where the last one came from.
    case crowded(connections: Int, address: String? = nil)
    /// A peer went away while messages were queued for it; so many were dropped.
    case unreachable(Peer, droppedMessages: Int)
    /// A message of more frames than allowed was dropped.
    case messageRefused(Peer?, frames: Int, maximum: Int, address: String? = nil)
    /// libzmq refused to receive for another reason.
    case receiveFailed(code: Int32)

    package var description: String {
        switch self {
        case .connected: "connected"
        case .disconnected: "disconnected"
        case .retrying(let delay): "nobody there, trying again in \(delay)"
        case .handshakeFailed(let failure, let address):
            "handshake\(address.map { " with \($0)" } ?? "") failed: \(failure)"
        case .acceptFailed(let code): "cannot accept a connection: \(systemMessage(code))"
        case .silent(let count, let address):
            "\(count) connections\(address.map { ", the last from \($0)," } ?? "") said nothing and were closed"
        case .crowded(let count, let address):
            "\(count) connections too many\(address.map { ", the last from \($0)," } ?? "") were closed"
        case .unreachable(let peer, let count): "peer \(peer) went away; \(count) messages for it were dropped"
        case .messageRefused(let peer, let frames, let maximum, _):
            "a message\(peer.map { " of peer \($0)" } ?? "") with \(frames) frames was dropped; "
                + "at most \(maximum) are accepted"
        case .receiveFailed(let code): "cannot receive: \(systemMessage(code))"
        }
    }
}

/// Why two sides did not come to an understanding.
package enum HandshakeFailure: Equatable, Sendable, CustomStringConvertible {
    /// The other side closed the connection, or was silent for too long; `code` is the errno.
    case connectionLost(code: Int32)
    /// Bytes could not be decrypted: one side has a wrong key.
    case wrongKey
    /// One side uses keys, the other does not.
    case mechanismMismatch
    /// The other side broke ZMTP in another way; `code` is one of libzmq's `ZMQ_PROTOCOL_ERROR_…`.
    case protocolError(code: Int32)
    /// The other side's key is not admitted; `status` is the ZAP status code, 300 to 500.
    case notAdmitted(status: Int32)

    package var description: String {
        switch self {
        case .connectionLost(let code):
            "the other side broke off (\(systemMessage(code))); where keys are in use, check them on both sides"
        case .wrongKey: "the keys do not fit; check the server's public key"
        case .mechanismMismatch: "one side uses CURVE keys, the other does not"
        case .protocolError(let code): "the other side does not speak ZMTP as expected (0x\(String(code, radix: 16)))"
        case .notAdmitted(let status): "the key is not admitted (status \(status))"
        }
    }
}
