import Foundation
import Synchronization

/// File descriptors kept back for files: connections, which anybody may open, get what is left.
///
/// The process's limit is lowered by the reserve, and raised by it for as long as a file is opened. What is open already
/// stays open.
package enum Descriptors {
    /// Files that a coordinator opens at a time, and pipes of the processes that it starts, with room to spare.
    private static let reserve: rlim_t = 64
    private static let lock = Mutex(())

    /// Raises the process's limit to what it may be, less the reserve. To be called once, at the start.
    package static func keepReserve() {
        change { limit in
            let most = min(limit.rlim_max, 1 << 20)
            limit.rlim_cur = most - min(reserve, most / 2)
        }
    }

    /// How many may be open at a time, the reserve apart.
    package static var limit: Int { change { _ in }.map { Int(clamping: $0) } ?? 1024 }

    /// Runs `body`, which opens files, with the reserve at its disposal.
    package static func withReserve<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = change { $0.rlim_cur = min($0.rlim_max, max($0.rlim_cur, $0.rlim_cur + reserve)) }
        defer { if let before { change { $0.rlim_cur = before } } }
        return try body()
    }

    /// - Returns: the limit before.
    @discardableResult
    private static func change(_ body: (inout rlimit) -> Void) -> rlim_t? {
        lock.withLock { _ in
            var limit = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
            let before = limit.rlim_cur
            body(&limit)
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
            return before
        }
    }
}
