import Foundation

/// Why bytes could not be moved. The description is one line that names the endpoint or the peer and says what to do.
package enum TransportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `text` is no endpoint.
    case badEndpoint(String, reason: String)
    /// Something else listens at the endpoint already.
    case addressInUse(Endpoint)
    /// The operating system does not let this user listen at the endpoint.
    case noPermission(Endpoint)
    /// The endpoint's address belongs to no network interface of this host.
    case addressNotAvailable(Endpoint)
    /// The path of an ipc endpoint is taken by a file that is no socket, which binding would remove.
    case notASocketFile(Endpoint)
    /// libzmq refused `operation` for another reason; `code` is its errno.
    case system(operation: String, subject: String, code: Int32)
    /// A CURVE key is not 40 characters of Z85. The key itself is not repeated: it may be a secret one.
    case badKey(reason: String)
    /// A router socket knows no connected peer of this identity.
    case unreachable(Peer, Endpoint)
    /// The peer does not take its messages as fast as they come, and the queue for it is full.
    case queueFull(Endpoint, messages: Int, bytes: Int)
    /// The socket, or its loop, was closed.
    case closed(Endpoint)
    /// Nobody answered a query in time; `connected` tells whether somebody was there at all.
    case noAnswer(Endpoint, timeout: Duration, connected: Bool)
    /// The keys do not fit.
    case wrongKeys(KeyMismatch)

    package var description: String {
        switch self {
        case .badEndpoint(let text, let reason):
            "\(printable(text)) is no endpoint: \(reason); write tcp://HOST:PORT or ipc://PATH"
        case .addressInUse(let endpoint):
            "\(endpoint) is in use; stop the program that listens there, or choose another port or path"
        case .noPermission(let endpoint):
            "not permitted to listen at \(endpoint); choose a port from 1024 up, or a folder that this user may write"
        case .addressNotAvailable(let endpoint):
            "no network interface of this host has the address of \(endpoint); use tcp://127.0.0.1:PORT for this host "
                + "alone, or tcp://*:PORT for all interfaces"
        case .notASocketFile(let endpoint):
            "\(endpoint): a file that is no socket is in the way; choose another path, or move the file away"
        case .system(let operation, let subject, let code):
            "cannot \(operation) \(printable(subject)): \(systemMessage(code))"
        case .badKey(let reason):
            "not a CURVE key: \(reason); expected 40 characters of Z85, as key generation prints them"
        case .unreachable(let peer, let endpoint):
            "peer \(peer) is not connected to \(endpoint)"
        case .queueFull(let endpoint, let messages, let bytes):
            "\(endpoint): the peer does not keep up: \(messages) messages, \(bytes) bytes are waiting for it already"
        case .closed(let endpoint):
            "\(endpoint): the socket is closed"
        case .noAnswer(let endpoint, let timeout, let connected):
            connected
                ? "\(endpoint) did not answer within \(seconds(timeout)) s; it may be busy: try again, or wait longer"
                : "nothing answers at \(endpoint) (waited \(seconds(timeout)) s); is a coordinator running there?"
        case .wrongKeys(let mismatch): mismatch.description
        }
    }

    private func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return String(format: "%g", Double(seconds) + Double(attoseconds) * 1e-18)
    }
}

/// `text` on one line: control characters are written as escapes.
func printable(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars {
        if scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}" {
            line += scalar.escaped(asASCII: true)
        } else {
            line.unicodeScalars.append(scalar)
        }
    }
    return line
}
