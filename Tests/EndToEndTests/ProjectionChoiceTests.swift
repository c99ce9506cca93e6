import DemoAssets
import Foundation
import Storage
import TestSupport
import Testing

/// Where W comes from is said, never guessed: trained, from a file, or none.
@Suite(.blocking)
struct ProjectionChoiceTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    /// - Parameter c4: whether there are texts to train W on.
    private func run(_ output: String, c4: Bool = false, j: Int = 4, _ more: [String]) throws -> ProgramProcess.Ending {
        try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j",
                "\(j)", "--squad", DemoAssets.questions, "--limit", "16", "--similarity-tokens", "4", "--workers", "1",
                "--threads", "1", "--status", "tcp://127.0.0.1:*", "--output", scratch.file(output).path,
            ] + (c4 ? ["--c4", DemoAssets.corpus, "--cut", "word", "--rows", "128", "--epochs", "20"] : []) + more,
            in: scratch)
    }

    private func contents(_ output: String, _ file: String) throws -> String {
        try String(contentsOf: scratch.file(output).appendingPathComponent(file), encoding: .utf8)
    }

    private static let w = "projection_128_to_96_k4_j4.safetensors"

    @Test func `a W that a run has trained serves another run to the same bytes, and is named with its digest`() throws
    {
        let trained = try run("trained", c4: true, [])
        #expect(trained.code == 0, "\(trained.errors)")
        let w = scratch.file("trained").appendingPathComponent(Self.w)
        let given = try run("given", ["--projection", w.path])
        #expect(given.code == 0, "\(given.errors)")
        #expect(try contents("given", "samples_squad.jsonl") == contents("trained", "samples_squad.jsonl"))
        let digest = try ContentHasher.digest(ofFileAt: w).hex
        let line = "projection 96 × 128 from \(Self.w) (SHA-256 \(digest.prefix(12))…)"
        #expect(given.output.contains(line), "\(given.output)")
        #expect(try contents("given", "report.html").contains(line))
        for file in ["results.json", "run.json"] { #expect(try contents("given", file).contains(digest), "\(file)") }
        #expect(!given.output.contains("was trained for"))

        // Elsewhere in B it is another's, which is said.
        let moved = try run("moved", j: 3, ["--projection", w.path])
        #expect(moved.code == 0, "\(moved.errors)")
        #expect(
            moved.output.contains("\(Self.w) was trained for j = 4, and serves channel 4:3 here"), "\(moved.output)")
    }

    @Test func `two workers elsewhere are sent a W from a file as a whole, to the same bytes`() throws {
        let trained = try run("trained", c4: true, ["--experiments", "projection"])
        #expect(trained.code == 0, "\(trained.errors)")
        let w = scratch.file("trained").appendingPathComponent(Self.w).path
        for (output, more) in [
            ("shared", ["--weights", "auto"]), ("whole", ["--weights", "whole", "--workers", "2"]),
        ] {
            let ending = try run(output, ["--projection", w] + more)
            #expect(ending.code == 0, "\(ending.errors)")
        }
        #expect(try contents("shared", "results.json") == contents("whole", "results.json"))
    }

    @Test func `without a W what goes into B is said`() throws {
        let bare = try run("bare", ["--no-projection"])
        #expect(bare.code == 0, "\(bare.errors)")
        let line = "no projection: the last 96 of A's 128 coordinates go into B as they are"
        #expect(bare.output.contains(line), "\(bare.output)")
        #expect(try contents("bare", "report.md").contains(line))
        #expect(try contents("bare", "results.json").contains(#""source": "none""#))
    }

    @Test(arguments: [
        (false, [], ["similarity maps A's activation by W", "--c4", "--projection", "--no-projection"]),
        (false, ["--experiments", "squad"], ["condition 'injected' of squad maps A's activation by W"]),
        (true, ["--no-projection"], ["--no-projection stands in place of training W"]),
        (true, ["--projection", "w.safetensors"], ["--projection stands in place of training W"]),
        (false, ["--projection", "w.safetensors", "--no-projection"], ["exclude each other"]),
        (false, ["--projection", "a", "b"], ["--projection: 2 files for 1 channel (4:4)"]),
        (false, ["--projection", DemoAssets.modelA + "/model.safetensors"], ["expected tensor proj.weight"]),
    ])
    func `a missing or contradictory choice is one of usage, before any work`(
        c4: Bool, more: [String], named: [String]
    ) throws {
        let ending = try run("run", c4: c4, more)
        #expect(ending.code == 2, "\(ending.errors)")
        for words in named { #expect(ending.errors.contains(words), "\(words): \(ending.errors)") }
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run/journal").path))
    }

    @Test func `a run that maps nothing needs no choice`() throws {
        let ending = try run("alone", ["--experiments", "squad", "--conditions", "b_full,a_full"])
        #expect(ending.code == 0, "\(ending.errors)")
    }

    @Test func `another W is another run`() throws {
        let trained = try run("trained", c4: true, ["--experiments", "projection"])
        #expect(trained.code == 0, "\(trained.errors)")
        let w = scratch.file("trained").appendingPathComponent(Self.w)
        #expect(try run("run", ["--projection", w.path]).code == 0)
        var bytes = try Data(contentsOf: w)
        bytes[bytes.count - 1] ^= 1
        let other = scratch.file(Self.w)
        try bytes.write(to: other)
        let ending = try run("run", ["--projection", other.path])
        #expect(ending.code == 2)
        #expect(ending.errors.contains("differs in --projection: "), "\(ending.errors)")
    }
}
