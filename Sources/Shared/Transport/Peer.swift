/// Who sent a message to a router socket: the routing identity of one connection.
///
/// libzmq makes up 5 bytes for a connection that names none; a name that the peer chose itself has 1 to 255 bytes
/// and proves nothing about who it is.
package struct Peer: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The identity's bytes.
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The identity as text where it is printable ASCII, else in hexadecimal.
    package var description: String {
        if !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7E).contains($0) }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        return bytes.reduce(into: "0x") { text, byte in
            text += byte < 16 ? "0" : ""
            text += String(byte, radix: 16)
        }
    }

    package static func < (left: Peer, right: Peer) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
