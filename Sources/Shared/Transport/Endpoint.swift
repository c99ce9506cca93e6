import Foundation

/// Where a socket listens or connects: `tcp://HOST:PORT` or `ipc://PATH`.
///
///     try Endpoint("tcp://127.0.0.1:5555")      // this host alone
///     try Endpoint("tcp://127.0.0.1:*")         // any free port; the bound socket tells which
///     try Endpoint("tcp://[::1]:5555")          // IPv6 addresses are in brackets
///     try Endpoint("ipc:///tmp/run.socket")     // a file: this host, this user
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// How bytes travel.
    enum Address: Hashable, Sendable {
        case tcp(host: String, port: UInt16?)
        case ipc(path: String)
    }

    let address: Address

    /// The endpoint as libzmq reads it.
    package let text: String

    package var description: String { text }

    /// The longest path of a Unix domain socket in bytes, on Linux.
    private static let longestPath = 107

    /// Reads an endpoint; throws ``TransportError/badEndpoint(_:reason:)`` where `text` is none.
    package init(_ text: String) throws(TransportError) {
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw .badEndpoint(text, reason: "it holds a control character")
        }
        if let rest = Endpoint.rest(of: text, after: "tcp://") {
            let (host, port) = try Endpoint.hostAndPort(rest, of: text)
            address = .tcp(host: host, port: port)
            self.text = "tcp://\(host):\(port.map(String.init) ?? "*")"
        } else if let path = Endpoint.rest(of: text, after: "ipc://") {
            guard !path.isEmpty else { throw .badEndpoint(text, reason: "the path is missing") }
            guard path.utf8.count <= Endpoint.longestPath else {
                throw .badEndpoint(
                    text, reason: "the path has \(path.utf8.count) bytes, at most \(Endpoint.longestPath) are possible")
            }
            guard !path.utf8.starts(with: "@".utf8), path != "*" else {
                throw .badEndpoint(text, reason: "the path must name a file, so that its permissions hold")
            }
            address = .ipc(path: path)
            self.text = "ipc://\(path)"
        } else {
            throw .badEndpoint(text, reason: "it begins with neither tcp:// nor ipc://")
        }
    }

    /// Whether only this host can reach the endpoint: a path, or a loopback address.
    ///
    /// A host name does not count, whatever it stands for today; `localhost` is read as 127.0.0.1.
    package var isLocalOnly: Bool {
        switch address {
        case .ipc: true
        case .tcp(let host, _): host == "[::1]" || Endpoint.ipv4(host)?.first == 127
        }
    }

    /// The same endpoint under the name `host` where it stands for all addresses of this one; else as it is.
    package func onHost(named host: String) -> Endpoint {
        guard case .tcp(let every, let port?) = address, ["*", "0.0.0.0", "[::]"].contains(every) else { return self }
        return (try? Endpoint("tcp://\(host):\(port)")) ?? self
    }

    /// Whether the host is an IPv6 address, or every address of this host: then it listens on both families, or on one
    /// where the system has no other.
    var usesIPv6: Bool {
        if case .tcp(let host, _) = address { host == "*" || host.utf8.first == UInt8(ascii: "[") } else { false }
    }

    /// The file of an ipc endpoint.
    var path: String? {
        if case .ipc(let path) = address { path } else { nil }
    }

    /// Whether there is a place to connect to: every interface, or any port, is one to listen at only.
    var isConnectable: Bool {
        if case .tcp(let host, let port) = address { host != "*" && port != nil } else { true }
    }

    private static func hostAndPort(
        _ rest: String, of text: String
    ) throws(TransportError) -> (host: String, port: UInt16?) {
        guard let colon = rest.utf8.lastIndex(of: UInt8(ascii: ":")) else {
            throw .badEndpoint(text, reason: "the port is missing")
        }
        let host = String(rest[..<colon])
        let digits = rest[rest.utf8.index(after: colon)...]
        var port: UInt16?
        if digits != "*" {
            guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = UInt16(digits), number > 0
            else { throw .badEndpoint(text, reason: "the port is neither * nor a number from 1 to 65535") }
            port = number
        }
        if host == "localhost" { return ("127.0.0.1", port) }
        if host == "*" || ipv4(host) != nil { return (host, port) }
        if let address = Endpoint.rest(of: host, after: "[") {
            guard address.utf8.last == UInt8(ascii: "]"), let bracketed = ipv6(String(address.dropLast())) else {
                throw .badEndpoint(text, reason: "the host is no IPv6 address in brackets")
            }
            return (bracketed, port)
        }
        guard isName(host) else { throw .badEndpoint(text, reason: "the host is no address and no host name") }
        return (host, port)
    }

    private static func isName(_ host: String) -> Bool {
        guard let first = host.utf8.first, (1...253).contains(host.utf8.count) else { return false }
        func isLetterOrDigit(_ character: UInt8) -> Bool {
            switch character {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        // A name of digits and dots alone is an address that was mistyped.
        return isLetterOrDigit(first)
            && host.utf8.allSatisfy { isLetterOrDigit($0) || "-._".utf8.contains($0) }
            && !host.utf8.allSatisfy { "0123456789.".utf8.contains($0) }
    }

    private static func ipv4(_ text: String) -> [UInt8]? {
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: address) { Array($0) }
    }

    /// The shortest form of an IPv6 address, in brackets.
    private static func ipv6(_ text: String) -> String? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard let form = inet_ntop(AF_INET6, &address, &buffer, socklen_t(buffer.count)) else { return nil }
        return "[\(String(cString: form))]"
    }

    private static func rest(of text: String, after prefix: String) -> String? {
        guard text.utf8.starts(with: prefix.utf8) else { return nil }
        return String(text.utf8.dropFirst(prefix.utf8.count))
    }
}
