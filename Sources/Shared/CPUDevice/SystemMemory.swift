import Foundation

/// The memory of this machine.
enum SystemMemory {
    /// Bytes that can be taken without swapping: what the kernel estimates, and no more than the control group's
    /// limit leaves. nil where neither is known.
    static var availableBytes: Int? {
        let system = lines("/proc/meminfo").first { $0.hasPrefix("MemAvailable:") }.flatMap { line in
            line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
        }
        let group = lines("/sys/fs/cgroup/memory.max").first.flatMap { Int($0) }.flatMap { limit in
            lines("/sys/fs/cgroup/memory.current").first.flatMap { Int($0) }.map { used in
                // Pages of files count as used, and are given back when memory is asked for.
                let files = lines("/sys/fs/cgroup/memory.stat").first { $0.hasPrefix("file ") }.flatMap {
                    Int($0.dropFirst(5))
                }
                return max(0, limit - used + (files ?? 0))
            }
        }
        return [system, group].compactMap { $0 }.min()
    }

    private static func lines(_ path: String) -> [Substring] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }
}
