import Foundation
import TestSupport
import Testing

/// Very many workers, each a session of the worker's own with a socket of its own.
@Suite(.blocking)
struct CrowdTests {
    /// In a release build 4,000 do: `benchmarks load --sessions 4000`.
    @Test func `a thousand workers do a run's units, and it ends`() throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "benchmarks", ["load", "--sessions", "1000", "--units", "2000", "--history", "-"], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.output.contains("units/s"), "\(ending.output)")
    }
}
