import Foundation

/// How many files and connections the process may have open at once.
package enum OpenFiles {
    /// Raises the limit to the most that the system lets this user have.
    /// - Throws: where that is less than `needed`.
    package static func raiseLimit(needed: Int) throws(UsageError) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        // More costs time in programs that close all that could be open.
        let wanted = min(limit.rlim_max, max(limit.rlim_cur, 1 << 16))
        if limit.rlim_cur < wanted {
            limit.rlim_cur = wanted
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        guard limit.rlim_cur >= rlim_t(needed) else {
            throw UsageError(
                "at most \(limit.rlim_cur) files may be open at once, expected at least \(needed); raise the limit "
                    + "(ulimit -n \(needed))")
        }
    }
}
