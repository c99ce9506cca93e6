import Foundation

/// Memory that this process holds.
package enum ProcessMemory {
    /// Bytes; nil where the system does not say. On a GPU what lies there is not among it.
    package static var resident: UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        return pages.map { $0 * UInt64(sysconf(Int32(_SC_PAGESIZE))) }
    }
}
