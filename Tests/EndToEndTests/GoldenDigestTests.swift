import DemoAssets
import Foundation
import Storage
import TestSupport
import Testing

/// What a run on the shipped pair and data gives, byte by byte, is what it gave before.
@Suite(.blocking)
struct GoldenDigestTests {
    private struct Golden: Decodable {
        /// SHA-256, hexadecimal, by the file's name.
        let digests: [String: String]
    }

    private static let file = "Golden/demo.json"

    @Test func `the projection, the samples and the results are those of the runs before`() throws {
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Repository.fixture(Self.file)))
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try ProgramProcess.run("coordinator", DemoRun.goldenArguments(output: output), in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        let digests = try DemoRun.digests(in: output).filter { golden.digests[$0.key] != nil }
        #expect(
            digests == golden.digests,
            """
            The same command gives other bytes than it gave before. Where that is meant, put these digests into \
            Tests/Fixtures/\(Self.file), in a commit that says why; everywhere else it is a mistake.
            """)
    }
}
