import CZMQ
import Foundation

/// How a ZeroMQ socket introduces itself on a fresh connection (ZMTP 3, RFC 23): 64 bytes that name its mechanism.
///
/// libzmq keeps the greeting to itself: of a handshake that fails it only says that the other side broke off. To
/// tell a coordinator that wants other keys from a tunnel that has nobody behind it, one has to look.
package struct Greeting: Equatable, Sendable {
    /// `NULL` or `CURVE`, in the main.
    package let mechanism: String

    private static let count = 64
    /// Signature and major version. The rest would tell that the mechanisms differ, upon which libzmq hangs up without
    /// sending the rest of its own.
    private static let opening: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3]

    /// Reads a greeting; nil where the bytes are none of version 3.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Greeting.count, bytes[0] == 0xFF, bytes[9] & 1 == 1, bytes[10] >= 3 else { return nil }
        let name = bytes[12..<32].prefix { $0 != 0 }
        guard !name.isEmpty, name.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        mechanism = String(decoding: name, as: UTF8.self)
    }

    /// The greeting of whoever listens at `endpoint`; nil where nobody does, or says nothing of the kind in time.
    ///
    /// It blocks the calling thread, at most for about `timeout`, resolving a host's name apart.
    static func ask(_ endpoint: Endpoint, timeout: Duration) -> Greeting? {
        guard let descriptor = connect(to: endpoint, timeout: timeout) else { return nil }
        defer { close(descriptor) }
        guard send(descriptor, opening, opening.count, Int32(MSG_NOSIGNAL)) == opening.count else { return nil }
        let deadline = ContinuousClock.now + timeout
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: count)
        while bytes.count < count, ContinuousClock.now < deadline {
            let received = recv(descriptor, &buffer, count - bytes.count, 0)
            guard received > 0 else { break }
            bytes += buffer.prefix(received)
        }
        return Greeting(bytes)
    }

    /// A connected stream socket that gives up on sending and receiving after `timeout`.
    private static func connect(to endpoint: Endpoint, timeout: Duration) -> Int32? {
        switch endpoint.address {
        case .ipc(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(AF_UNIX, $0, socklen_t(MemoryLayout<sockaddr_un>.size), timeout)
                }
            }
        case .tcp(let host, let port):
            guard let port else { return nil }
            var hints = addrinfo()
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
            hints.ai_family = AF_UNSPEC
            var list: UnsafeMutablePointer<addrinfo>?
            let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
            guard getaddrinfo(name, String(port), &hints, &list) == 0 else { return nil }
            defer { freeaddrinfo(list) }
            var next = list
            while let address = next?.pointee {
                if let descriptor = connect(address.ai_family, address.ai_addr, address.ai_addrlen, timeout) {
                    return descriptor
                }
                next = address.ai_next
            }
            return nil
        }
    }

    private static func connect(
        _ family: Int32, _ address: UnsafePointer<sockaddr>, _ size: socklen_t, _ timeout: Duration
    ) -> Int32? {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        // On Linux the sending timeout bounds connect as well.
        let (seconds, attoseconds) = timeout.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        guard Glibc.connect(descriptor, address, size) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
