import Foundation
import TestSupport
import Testing

/// As many workers as a run admits, each a session of the worker's own with a socket of its own.
@Suite(.blocking)
struct CrowdTests {
    /// Two processes hold 2,000 sessions each, of four descriptors.
    @Test(.enabled(if: OpenFileLimit.hard > 9_000, "a process may have \(OpenFileLimit.hard) files open here at most"))
    func `4,000 workers do a run's units, and it ends`() throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "benchmarks", ["load", "--sessions", "4000", "--units", "8000", "--history", "-"], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.output.contains("units/s"), "\(ending.output)")
    }
}

private enum OpenFileLimit {
    static let hard: UInt64 = {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(limit.rlim_max)
    }()
}
