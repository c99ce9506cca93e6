import Foundation
import Testing

/// A Unix domain socket that speaks whatever a test makes it speak.
final class UnixClient {
    private let descriptor: Int32

    private init() {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    }

    deinit {
        close(descriptor)
    }

    /// Connects to the socket at `path`.
    static func connected(to path: String) throws -> UnixClient {
        let client = UnixClient()
        let result = client.withAddress(path) { Glibc.connect(client.descriptor, $0, $1) }
        try #require(result == 0, "connect: errno \(errno)")
        return client
    }

    /// Leaves a socket file at `path` that nobody listens at, as a program does that was killed.
    static func leaveFile(at path: String) throws {
        let client = UnixClient()
        let result = client.withAddress(path) { Glibc.bind(client.descriptor, $0, $1) }
        try #require(result == 0, "bind: errno \(errno)")
    }

    func send(_ bytes: [UInt8]) throws {
        let count = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        try #require(count == bytes.count)
    }

    private func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// What a ZMTP 3.1 peer says (RFC 37): the greeting with the NULL mechanism, and the commands.
enum ZMTP {
    static let greeting: [UInt8] =
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)

    static func command(_ name: String, _ body: [UInt8] = []) -> [UInt8] {
        let content = [UInt8(name.utf8.count)] + Array(name.utf8) + body
        return [4, UInt8(content.count)] + content
    }

    /// A DEALER introduces itself.
    static let ready = command(
        "READY", [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8))
}
