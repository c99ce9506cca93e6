import Foundation

/// A stretch of network between a worker and a coordinator that can be cut: it passes bytes on between two local
/// sockets until ``cut()``; from then on what these connections carry is swallowed, without a word to either side,
/// while new connections work.
final class CuttableProxy: @unchecked Sendable {
    let path: String
    private let target: String
    private let listener: Int32
    private let lock = NSLock()
    /// Connections of earlier generations are cut.
    private var generation = 0

    init(to target: String, at path: String) throws {
        self.path = path
        self.target = target
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0, Self.withAddress(path, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0 else {
            throw TimedOut(what: "a socket at \(path): \(String(cString: strerror(errno)))")
        }
        Thread.detachNewThread { [self] in accept() }
    }

    deinit { close(listener) }

    func cut() { lock.withLock { generation += 1 } }

    private func accept() {
        while true {
            let near = Glibc.accept(listener, nil, nil)
            guard near >= 0 else { return }
            let far = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            guard Self.withAddress(target, { connect(far, $0, $1) }) == 0 else {
                close(near)
                close(far)
                continue
            }
            let generation = lock.withLock { self.generation }
            for (from, to) in [(near, far), (far, near)] {
                Thread.detachNewThread { [self] in pass(from, to, generation) }
            }
        }
    }

    private func pass(_ from: Int32, _ to: Int32, _ generation: Int) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(from, &buffer, buffer.count)
            guard count > 0 else { break }
            if lock.withLock({ self.generation != generation }) { continue }
            var sent = 0
            while sent < count {
                let written = buffer.withUnsafeBytes {
                    send(to, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { break }
                sent += written
            }
        }
        shutdown(to, Int32(SHUT_WR))
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix($0.count - 1))) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
