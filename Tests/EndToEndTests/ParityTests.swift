import DemoAssets
import Foundation
import JSON
import TestSupport
import Testing

/// Runs whose models are compared with another implementation's figures first.
@Suite(.blocking)
struct ParityTests {
    private let scratch: TemporaryFolder
    private var output: URL { scratch.file("run") }
    private static let referenceA = Repository.fixture("References/model-a.json")
    private static let referenceB = Repository.fixture("References/model-b.json")

    init() throws { scratch = try TemporaryFolder() }

    private func run(_ more: [String]) throws -> ProgramProcess.Ending {
        try ProgramProcess.run(
            "coordinator",
            ShortRun.arguments(output: output, ["--workers", "1", "--threads", "1", "--limit", "2"] + more), in: scratch
        )
    }

    @Test func `a run of models that are what they should be says so in its files, and again when they are made again`()
        throws
    {
        let ending = try run([
            "--verify-a", Self.referenceA.path, "--verify-b", Self.referenceB.path, "--compute-type", "float32",
        ])
        #expect(ending.code == 0, "\(ending.errors)")
        let results = try Data(contentsOf: output.appendingPathComponent("results.json"))
        let root = try JSONField<DocumentError>(file: "results.json", bytes: Array(results))
        let gates = try root.required("gates").elements()
        let parity = try gates.prefix(2).map { gate in
            try gate.required("passed").members().map(\.name) + [try gate.required("reference").string()]
        }
        #expect(parity == [["parity_a", "model-a.json"], ["parity_b", "model-b.json"]])
        let logits = try gates[0].required("figures").required("logits")
        #expect(try logits.required("failed").integer(in: 0...9) == 0)
        #expect(try logits.required("largest").number() < 1e-3)
        #expect(gates.count == 3, "those of the task")
        let report = try String(contentsOf: output.appendingPathComponent("report.md"), encoding: .utf8)
        #expect(report.contains("parity\\_b: B's figures are those of another implementation, of model-b.json"))
        #expect(report.contains("| A: residual streams, relative |"))

        let again = try ProgramProcess.run("coordinator", ["report", output.path], in: scratch)
        #expect(again.code == 0, "\(again.errors)")
        #expect(try Data(contentsOf: output.appendingPathComponent("results.json")) == results)
        let config = try String(contentsOf: output.appendingPathComponent("config.yaml"), encoding: .utf8)
        #expect(config.contains("verify-a: \"model-a.json\""))
    }

    @Test func `a figure that is off ends the run with the gate's name, before any other work`() throws {
        let text = try String(contentsOf: Self.referenceB, encoding: .utf8)
        let place = try #require(text.range(of: #""continuation_ids":\s*\["#, options: .regularExpression))
        let changed = scratch.file("changed.json")
        try text.replacingCharacters(in: place.upperBound..<place.upperBound, with: "5, ")
            .write(to: changed, atomically: true, encoding: .utf8)
        let ending = try run(["--verify-b", changed.path])
        #expect(ending.code == 1)
        #expect(ending.errors.contains("gate parity_b: B's figures are those of another implementation"))
        #expect(ending.errors.contains("1 of 2 decoded texts are off; the first: [5, "), "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: output.appendingPathComponent("results.json").path))
    }

    @Test func `activations that are rounded are off, and the error says how they are not`() throws {
        let ending = try run(["--verify-a", Self.referenceA.path, "--compute-type", "bfloat16"])
        #expect(ending.code == 1)
        #expect(ending.errors.contains("gate parity_a") && ending.errors.contains("residual streams, relative are off"))
        #expect(ending.errors.contains("--compute-type float32 computes as references are made"), "\(ending.errors)")
    }

    @Test func `a file of another model is named before any work`() throws {
        let ending = try run(["--verify-a", Self.referenceB.path])
        #expect(ending.code == 2)
        #expect(
            ending.errors.contains("--verify-a \(Self.referenceB.path): not of \(DemoAssets.modelA): prompts[0]."),
            "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: output.path))
    }
}

private struct DocumentError: JSONFailure {
    init(_ error: JSONError) {}
}
