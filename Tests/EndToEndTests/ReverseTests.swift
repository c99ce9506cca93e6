import DemoAssets
import Foundation
import TestSupport
import Testing

/// W's that map B's activations to A's, from the texts of the others: `--reverse`.
@Suite(.serialized, .blocking)
struct ReverseTests {
    private let scratch: TemporaryFolder
    private static let (a, b) = (DemoAssets.modelA, DemoAssets.modelB)

    init() throws { scratch = try TemporaryFolder() }

    private func run(
        _ output: String, from a: String = a, to b: String = b, k: Int = 4, j: Int = 2, workers: Int = 1,
        texts: Bool = true, _ more: [String]
    ) throws -> ProgramProcess.Ending {
        try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", a, "--model-b", b, "--layer-k", "\(k)", "--layer-j", "\(j)", "--squad",
                DemoAssets.questions, "--limit", "8", "--endpoints", "likelihood", "--experiments",
                texts ? "projection,squad" : "squad", "--status", "tcp://127.0.0.1:*", "--threads", "1", "--workers",
                "\(workers)", "--output", scratch.file(output).path,
            ] + (texts ? ["--c4", DemoAssets.corpus, "--cut", "word", "--rows", "192", "--epochs", "4"] : []) + more,
            in: scratch)
    }

    private func content(_ output: String, _ file: String) throws -> Data {
        try Data(contentsOf: scratch.file(output).appendingPathComponent(file))
    }

    private static func file(_ fit: String?, reverse: Bool, from: Int, to: Int, k: Int, j: Int) -> String {
        "projection_\(from)_to_\(to)_k\(k)_j\(j)\(fit.map { "_\($0)" } ?? "")\(reverse ? "_reverse" : "").safetensors"
    }

    /// What stands before the tensors names the run.
    private func tensors(_ output: String, _ file: String) throws -> Data {
        let data = try content(output, file)
        let header = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        return data.dropFirst(8 + header)
    }

    private static let fits: [String?] = [nil, "ridge", "procrustes", "reduced-rank", "whitened"]

    @Test func `both ways come of one extraction, and the other way serves a run with A and B exchanged`() throws {
        let fits = ["--fit", "adam,ridge,procrustes,reduced-rank,whitened"]
        let ending = try run("both", workers: 1, fits + ["--reverse"])
        #expect(ending.code == 0, "\(ending.errors)")
        let second = try run("two", workers: 2, fits + ["--reverse"])
        #expect(second.code == 0, "\(second.errors)")
        let exchanged = try run("exchanged", from: Self.b, to: Self.a, k: 2, j: 4, fits)
        #expect(exchanged.code == 0, "\(exchanged.errors)")
        let forward = try run("forward", fits)
        #expect(forward.code == 0, "\(forward.errors)")
        for fit in Self.fits {
            let reverse = Self.file(fit, reverse: true, from: 96, to: 128, k: 4, j: 2)
            let own = Self.file(fit, reverse: false, from: 96, to: 128, k: 2, j: 4)
            #expect(try content("both", reverse) == content("two", reverse), "\(reverse)")
            #expect(try tensors("both", reverse) == tensors("exchanged", own), "\(reverse)")
            let there = Self.file(fit, reverse: false, from: 128, to: 96, k: 4, j: 2)
            #expect(try tensors("both", there) == tensors("forward", there), "\(there)")
        }
        for file in ["results.json", "report.md", "run.json"] {
            #expect(try content("both", file) == content("two", file), "\(file)")
        }
        // Its figures are those of the exchanged run.
        func maps(_ output: String, _ line: String) throws -> [String: [String: Any]] {
            let results = try JSONSerialization.jsonObject(with: content(output, "results.json")) as? [String: Any]
            return try #require((results?["maps"] as? [String: Any])?[line] as? [String: [String: Any]])
        }
        let (found, expected) = (try maps("both", "4:2"), try maps("exchanged", "2:4"))
        for name in Self.fits.map({ $0 ?? "adam" }) + ["mean"] {
            for figure in ["r2", "mse", "standardised_mse", "cosine"] {
                let value = try #require(found["\(name)/reverse"]?[figure] as? Double)
                #expect(value == expected[name]?[figure] as? Double, "\(name) \(figure)")
            }
        }
        #expect(
            found["ridge/reverse"]?["file"] as? String
                == Self.file("ridge", reverse: true, from: 96, to: 128, k: 4, j: 2))
        #expect(try maps("forward", "4:2").keys.allSatisfy { !$0.hasSuffix("/reverse") })
        #expect(ending.output.contains("ridge, B to A"), "\(ending.output)")

        // The file carries messages as the exchanged run's own W does.
        let w = scratch.file("both").appendingPathComponent(
            Self.file("ridge", reverse: true, from: 96, to: 128, k: 4, j: 2))
        let given = try run("given", from: Self.b, to: Self.a, k: 2, j: 4, texts: false, ["--projection", w.path])
        #expect(given.code == 0 && !given.errors.contains("was trained for"), "\(given.errors)")
        #expect(try content("given", "samples_squad.jsonl") == content("exchanged", "samples_squad_k2_j4_ridge.jsonl"))

        // Made again of the folder alone.
        let report = try ProgramProcess.run("coordinator", ["report", scratch.file("both").path], in: scratch)
        #expect(report.code == 0, "\(report.errors)")
        #expect(try content("both", "results.json") == content("two", "results.json"))
    }

    @Test func `what was read for one way serves both`() throws {
        #expect(try run("one", []).code == 0)
        let ending = try run("both", ["--reverse", "--activations", scratch.file("one").path])
        #expect(
            ending.code == 0 && ending.errors.contains("units of texts were read by the run in"), "\(ending.errors)")
        let w = Self.file(nil, reverse: false, from: 128, to: 96, k: 4, j: 2)
        #expect(try tensors("one", w) == tensors("both", w))
        // There are maps to compare where nothing else is fitted.
        #expect(String(decoding: try content("both", "report.md"), as: UTF8.self).contains("| adam, B to A |"))
        let other = try run("one", ["--reverse"])
        #expect(other.code == 2 && other.errors.contains("--reverse: none there, true here"), "\(other.errors)")
    }

    @Test(arguments: [
        (["--reverse", "--no-projection"], "--reverse: a W is fitted to texts"),
        (["--reverse", "--training", "averaged"], "--training averaged trains the W of one channel"),
    ])
    func `what cannot be made both ways is named before any work`(given: [String], named: String) throws {
        let ending = try run("run", texts: !given.contains("--no-projection"), given)
        #expect(ending.code == 2 && ending.errors.contains(named), "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run/journal").path))
    }
}
