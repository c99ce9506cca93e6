import Foundation

/// What tells a file's content from any other that had its name, without reading it: size, inode, and when content and
/// inode last changed.
struct FileIdentity: Hashable {
    let bytes: UInt64
    let inode: UInt64
    /// Nanoseconds since 1970 of the last change of the content, and of anything about the file.
    let modified: Int64
    let changed: Int64

    /// Of an open file's `stat`.
    init(_ status: stat) {
        bytes = UInt64(max(status.st_size, 0))
        inode = UInt64(status.st_ino)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Whether the last change is so long ago that a later one has another time: clocks of file systems tick.
    func isSettled(at now: Date) -> Bool {
        let ticks = Int64(now.timeIntervalSince1970 * 1e9) - 2_000_000_000
        return max(modified, changed) < ticks
    }
}
