import Foundation

/// Why the keys of two sides do not fit: nothing that waiting would mend.
package enum KeyMismatch: Error, Equatable, Sendable, CustomStringConvertible {
    /// The other side wants keys, and this one has none.
    case keysNeeded(Endpoint)
    /// This side has keys, and the other one uses none.
    case keysUnused(Endpoint)
    /// The other side's public key is not the one that this side was given.
    case otherServerKey(Endpoint)
    /// The other side does not know this side's key.
    case notAdmitted(Endpoint, key: CurvePublicKey)

    package var description: String {
        switch self {
        case .keysNeeded(let endpoint):
            "\(endpoint) wants keys and none were given; name them with --key and --coordinator-key"
        case .keysUnused(let endpoint):
            "\(endpoint) uses no keys; leave out --key and --coordinator-key, or check the address"
        case .otherServerKey(let endpoint):
            "the coordinator at \(endpoint) has another key than --coordinator-key says; copy its public key anew, or "
                + "leave out --key and --coordinator-key where it uses none"
        case .notAdmitted(let endpoint, let key):
            "the coordinator at \(endpoint) does not admit this key; add the public key \(key.abbreviation) "
                + "to its --worker-keys file"
        }
    }
}

/// Finds out from what happens to a connecting socket whether its keys fit.
///
/// With CURVE a wrong key is answered by silence: the coordinator breaks off, just as one that is being stopped does,
/// or a tunnel with no coordinator behind it. So before a key is called wrong, whoever listens there has to have said
/// that it uses keys, and to have broken off several times.
///
///     if diagnosis.note(event), let mismatch = diagnosis.mismatch(HandshakeDiagnosis.ask(endpoint)) { … }
package struct HandshakeDiagnosis: Sendable {
    /// So many handshakes in a row have to fail before a key is called wrong.
    private static let patience = 3

    private let endpoint: Endpoint
    /// The key that this side is known by; nil where it uses none.
    private let key: CurvePublicKey?
    /// Whether this side uses no mechanism of keys at all.
    private let isPlain: Bool
    private var failures = 0
    /// Whether the next ``SocketEvent/retrying(after:)`` only tells of the failure before it.
    private var isRetryOfFailure = false
    private var isRefused = false

    package init(_ endpoint: Endpoint, _ security: SocketOptions.Security) {
        self.endpoint = endpoint
        if case .curveClient(_, let own) = security { key = own.publicKey } else { key = nil }
        if case .none = security { isPlain = true } else { isPlain = false }
    }

    /// Takes an event in.
    /// - Returns: whether it is worth asking ``mismatch(_:)``, after ``ask(_:)``.
    package mutating func note(_ event: SocketEvent) -> Bool {
        switch event {
        case .connected:
            failures = 0
            return false
        case .retrying:
            // Nobody is there any more: whoever comes next may have other keys.
            if !isRetryOfFailure { failures = 0 }
            isRetryOfFailure = false
            return false
        case .handshakeFailed(.notAdmitted, _):
            isRefused = true
            return true
        case .handshakeFailed:
            failures += 1
            isRetryOfFailure = true
            return true
        default: return false
        }
    }

    /// What is known so far about the keys.
    /// - Parameter mechanism: what ``ask(_:)`` was told.
    package func mismatch(_ mechanism: String?) -> KeyMismatch? {
        if isRefused, let key { return .notAdmitted(endpoint, key: key) }
        switch mechanism {
        case "CURVE":
            // Sockets that let anybody in use a key as well, which everybody knows.
            guard failures >= Self.patience || isPlain else { return nil }
            return key == nil ? .keysNeeded(endpoint) : .otherServerKey(endpoint)
        case "NULL": return key == nil ? nil : .keysUnused(endpoint)
        default: return nil
        }
    }

    /// Asks whoever listens at `endpoint` for the mechanism that it uses; nil where nobody answers. It blocks the
    /// calling thread for some seconds at most.
    package static func ask(_ endpoint: Endpoint, timeout: Duration = .seconds(2)) -> String? {
        Greeting.ask(endpoint, timeout: timeout)?.mechanism
    }
}
