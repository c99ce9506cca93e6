import Foundation

/// Where the page is served: `http://HOST:PORT`, the scheme may be left out.
package struct PageAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address, IPv6 without brackets.
    package let host: String
    /// 0 takes any that is free.
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Where it is served if nobody says otherwise.
    package static let standard = PageAddress(host: "127.0.0.1", port: 5757)

    /// - Throws: ``PageError/badAddress(_:)``.
    package init(_ text: String) throws(PageError) {
        let place = text.hasPrefix("http://") ? text.dropFirst(7) : text[...]
        guard let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw .badAddress(text) }
        var host = place[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .badAddress(text)
        }
        let isHost = host.utf8.allSatisfy { byte in
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "*")].contains(byte)
        }
        guard !host.isEmpty, isHost else { throw .badAddress(text) }
        self.init(host: host == "*" ? "0.0.0.0" : String(host), port: port)
    }

    /// Whether only this machine can reach it.
    package var isLocalOnly: Bool { Self.isLoopback(host) }

    /// Whether a name or an address is this machine's own, whoever resolves it.
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && parts.allSatisfy { $0 != nil }
    }

    package var description: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// Why the page is not served.
package enum PageError: Error, CustomStringConvertible {
    case badAddress(String)
    /// Others could reach it, and nothing keeps them out.
    case noToken(PageAddress)
    case unusableToken(place: String, cause: String)
    case cannotListen(PageAddress, cause: String)

    package var description: String {
        switch self {
        case .badAddress(let text):
            "--page \(text): expected HOST:PORT, such as 127.0.0.1:5757 or [::1]:5757, port 0 for any that is free"
        case .noToken(let address):
            "--page \(address): without a token anybody could read it there; write one of \(PageToken.leastLength) or "
                + "more characters to a file that is yours alone (chmod 600) and add --page-token FILE, or set "
                + "\(PageToken.variable)"
        case .unusableToken(let place, let cause): "\(place): \(cause)"
        case .cannotListen(let address, let cause): "--page \(address): cannot listen there: \(cause)"
        }
    }
}
