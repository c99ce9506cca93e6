import CZMQ
import Foundation

/// A CURVE public key: what a peer is known by.
package struct CurvePublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The key as 40 characters of Z85.
    package let z85: String

    /// Takes 40 characters of Z85, or throws ``TransportError/badKey(reason:)``.
    package init(z85: String) throws(TransportError) {
        self.z85 = try checkedKey(z85)
    }

    /// Takes the 32 bytes of a key; nil where there are more or fewer.
    init?(bytes: [UInt8]) {
        var text = [CChar](repeating: 0, count: 41)
        guard bytes.count == 32, zmq_z85_encode(&text, bytes, bytes.count) != nil else { return nil }
        z85 = keyText(text)
    }

    package var description: String { z85 }

    /// Enough of the key to find it in a list, for logs.
    package var abbreviation: String { z85.prefix(8) + "…" }
}

/// A CURVE secret key. Its description does not show it.
package struct CurveSecretKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// The key as 40 characters of Z85.
    package let z85: String

    /// Takes 40 characters of Z85, or throws ``TransportError/badKey(reason:)``.
    package init(z85: String) throws(TransportError) {
        self.z85 = try checkedKey(z85)
    }

    package var description: String { "a secret CURVE key" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A CURVE key pair.
package struct CurveKeyPair: Sendable {
    /// The half that others know this side by.
    package let publicKey: CurvePublicKey
    /// The half that stays here.
    package let secretKey: CurveSecretKey

    /// The pair of `secretKey`, whose public half is computed from it.
    package init(secretKey: CurveSecretKey) throws(TransportError) {
        var text = [CChar](repeating: 0, count: 41)
        guard zmq_curve_public(&text, secretKey.z85) == 0 else {
            throw .system(operation: "derive", subject: "a CURVE public key", code: zmq_errno())
        }
        publicKey = try CurvePublicKey(z85: keyText(text))
        self.secretKey = secretKey
    }

    /// The pair of sockets that let anybody in: known to everybody, on both sides.
    static func open() throws(TransportError) -> CurveKeyPair {
        var text = [CChar](repeating: 0, count: 41)
        let bytes = (1...32).map { UInt8($0) }
        guard zmq_z85_encode(&text, bytes, bytes.count) != nil else { throw .badKey(reason: "it cannot be written") }
        return try CurveKeyPair(secretKey: CurveSecretKey(z85: keyText(text)))
    }

    /// A new pair from the system's randomness.
    package static func generate() throws(TransportError) -> CurveKeyPair {
        var publicText = [CChar](repeating: 0, count: 41)
        var secretText = [CChar](repeating: 0, count: 41)
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw .system(operation: "generate", subject: "a CURVE key pair", code: zmq_errno())
        }
        return try CurveKeyPair(secretKey: CurveSecretKey(z85: keyText(secretText)))
    }
}

private func keyText(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private func checkedKey(_ text: String) throws(TransportError) -> String {
    guard text.utf8.count == 40 else { throw .badKey(reason: "it has \(text.utf8.count) bytes") }
    var key = [UInt8](repeating: 0, count: 32)
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), zmq_z85_decode(&key, text) != nil else {
        throw .badKey(reason: "it holds other characters")
    }
    return text
}
