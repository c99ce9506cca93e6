import Foundation

/// What the name of an endpoint's host stands for at the moment.
package enum NameResolution: Equatable, Sendable {
    /// It is an address, a path, or a name with an IPv4 address.
    case plain
    /// A name with IPv6 addresses alone.
    case ipv6Only
    /// A name that stands for nothing, and why.
    case none(cause: String)

    /// Asks the system, which may take some seconds to answer.
    package init(_ endpoint: Endpoint) {
        guard case .tcp(let host, _) = endpoint.address, host != "*", !endpoint.usesIPv6 else {
            self = .plain
            return
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_family = AF_UNSPEC
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            self = .none(cause: String(cString: gai_strerror(code)))
            return
        }
        defer { freeaddrinfo(list) }
        var families: Set<Int32> = []
        var next = list
        while let address = next?.pointee {
            families.insert(address.ai_family)
            next = address.ai_next
        }
        self = families.contains(AF_INET) ? .plain : .ipv6Only
    }
}

/// A numeric address without what a socket of both families puts before one of IPv4.
func plainAddress(_ text: String) -> String {
    let prefix = "::ffff:"
    guard text.hasPrefix(prefix), text.dropFirst(prefix.count).contains(".") else { return text }
    return String(text.dropFirst(prefix.count))
}
