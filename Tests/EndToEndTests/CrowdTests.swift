import Foundation
import TestSupport
import Testing

/// Very many workers, each a session of the worker's own with a socket of its own.
@Suite(.blocking)
struct CrowdTests {
    @Test func `four thousand workers do a run's units, and it ends`() throws {
        let scratch = try TemporaryFolder()
        let ending = try ProgramProcess.run(
            "benchmarks", ["load", "--sessions", "4000", "--units", "6000", "--history", "-"], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.output.contains("units/s"), "\(ending.output)")
    }
}
