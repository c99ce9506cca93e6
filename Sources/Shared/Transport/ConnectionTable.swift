import CZMQ
import Foundation

/// The connections of a router, by file descriptor: what libzmq does not keep account of.
///
/// libzmq tells of a connection when it is there and when it is gone, and can close none. Shutting the descriptor down
/// does: libzmq then finds that the other side has hung up.
struct ConnectionTable {
    private struct Entry {
        /// Where it comes from, for people; nil where that is no internet address.
        var address: String?
        /// The same as bytes with the port: a descriptor may have become another connection's.
        var peer: [UInt8]
        /// When it was accepted, nanoseconds.
        var opened: Int64
        var hasSpoken = false
        /// The key that its client has proved; nil before it has spoken, and where there are no keys.
        var key: String?
    }

    private var entries: [Int32: Entry] = [:]
    /// Those that have not spoken, in the order in which they came, and some that are gone.
    private var silent: [(descriptor: Int32, opened: Int64)] = []

    /// Those that were shut down and are not gone yet.
    private var closing: Set<Int32> = []

    mutating func open(_ descriptor: Int32, at now: Int64) {
        let (address, peer) = Self.peer(of: descriptor)
        entries[descriptor] = Entry(address: address, peer: peer, opened: now)
        silent.append((descriptor, now))
    }

    /// - Returns: where it came from.
    mutating func close(_ descriptor: Int32) -> String? {
        closing.remove(descriptor)
        return entries.removeValue(forKey: descriptor)?.address
    }

    mutating func note(messageBy descriptor: Int32, key: String?) {
        guard let entry = entries[descriptor], !entry.hasSpoken else { return }
        entries[descriptor]?.hasSpoken = true
        entries[descriptor]?.key = key
    }

    /// When the connection that has been silent longest came; nil where all have spoken.
    mutating func firstSilent() -> Int64? {
        while let first = silent.first {
            if let entry = entries[first.descriptor], entry.opened == first.opened, !entry.hasSpoken {
                return first.opened
            }
            silent.removeFirst()
        }
        return nil
    }

    /// Closes those that came before `moment` and have said nothing.
    /// - Returns: how many, and where the last one came from.
    mutating func shutDownSilent(before moment: Int64) -> (count: Int, address: String?) {
        var (count, address): (Int, String?) = (0, nil)
        while let opened = firstSilent(), opened <= moment {
            let descriptor = silent.removeFirst().descriptor
            count += 1
            address = entries[descriptor]?.address
            shutDown(descriptor)
        }
        return (count, address)
    }

    /// Closes connections until no more than `limit` are left: those first that have been silent longest.
    /// - Returns: how many, and where the last one came from.
    mutating func shed(beyond limit: Int) -> (count: Int, address: String?) {
        var (count, address): (Int, String?) = (0, nil)
        while entries.count - closing.count > limit, firstSilent() != nil {
            let descriptor = silent.removeFirst().descriptor
            count += 1
            address = entries[descriptor]?.address
            shutDown(descriptor)
        }
        return (count, address)
    }

    /// Closes those whose key is not among the admitted any more.
    mutating func shutDown(unless isAdmitted: (String) -> Bool) {
        for (descriptor, entry) in entries {
            if let key = entry.key, !isAdmitted(key) { shutDown(descriptor) }
        }
    }

    mutating func shutDown(_ descriptor: Int32) {
        guard let entry = entries[descriptor] else { return }
        closing.insert(descriptor)
        guard Self.peer(of: descriptor).bytes == entry.peer else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// The other end of a connection: its numeric address without the port where it is an internet one, and all of it as
    /// bytes.
    private static func peer(of descriptor: Int32) -> (address: String?, bytes: [UInt8]) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard getpeername(descriptor, address, &size) == 0, address.pointee.sa_family != sa_family_t(AF_UNIX)
                else { return -1 }
                return getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            }
        }
        let bytes = withUnsafeBytes(of: storage) { Array($0.prefix(Int(size))) }
        guard code == 0 else { return (nil, bytes) }
        let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (plainAddress(address), bytes)
    }
}
