import DemoAssets
import Foundation
import TestSupport
import Testing

/// Maps in closed form beside Adam's W: `--fit`.
@Suite(.serialized, .blocking)
struct MapTests {
    private let scratch: TemporaryFolder
    private static let fits = ["ridge", "procrustes", "reduced-rank", "whitened"]
    /// What depends on the moment, and in which order results came.
    private static let uncompared = ["timing.json", "timing.html", "journal", "logs", "status.address"]

    init() throws { scratch = try TemporaryFolder() }

    private func arguments(_ fits: [String], output: URL) -> [String] {
        [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
            "--c4", DemoAssets.corpus, "--cut", "word", "--rows", "384", "--epochs", "20", "--squad",
            DemoAssets.questions, "--limit", "12", "--endpoints", "likelihood", "--experiments", "projection,squad",
            "--status", "tcp://127.0.0.1:*", "--threads", "1", "--output", output.path,
        ] + (fits.isEmpty ? [] : ["--fit"] + fits)
    }

    private func contents(of output: URL) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: output.path)
        where !Self.uncompared.contains(name) {
            contents[name] = try Data(contentsOf: output.appendingPathComponent(name))
        }
        return contents
    }

    private func run(
        _ fits: [String], workers: Int = 1, environment: [String: String] = [:], _ name: String
    ) throws -> [String: Data] {
        let output = scratch.file(name)
        let ending = try ProgramProcess(
            "coordinator", arguments(fits, output: output) + ["--workers", "\(workers)"], in: scratch,
            environment: environment
        ).end()
        guard ending.code == 0 else { throw TimedOut(what: "a run: \(ending.errors)") }
        return try contents(of: output)
    }

    /// The figures of each map.
    private func maps(_ files: [String: Data]) throws -> [String: [String: Any]] {
        let results = try JSONSerialization.jsonObject(with: try #require(files["results.json"])) as? [String: Any]
        let lines = try #require(results?["maps"] as? [String: Any])
        return try #require(lines["4:4"] as? [String: [String: Any]])
    }

    @Test func `all maps are compared in one table, the same bytes by any workers and processors`() throws {
        let files = try run(["adam"] + Self.fits, "one")
        let maps = try maps(files)
        #expect(Set(maps.keys) == Set(["adam", "mean"] + Self.fits))
        func error(_ name: String) throws -> Double { try #require(maps[name]?["mse"] as? Double) }
        for fit in Self.fits {
            #expect(try error(fit) < error("mean"), "\(fit)")
            #expect(files["projection_128_to_96_k4_j4_\(fit).safetensors"] != nil)
            #expect((maps[fit]?["cag"] as? [String: Any])?["squad"] != nil, "\(fit)")
        }
        #expect(try error("ridge") <= error("adam"))
        let report = String(decoding: try #require(files["report.md"]), as: UTF8.self)
        #expect(report.contains("## Maps") && report.contains("| whitened |"))

        // Another number of workers, and a library that would take other kernels and more threads.
        let others = try run(
            ["whitened", "reduced-rank", "procrustes", "ridge", "adam"], workers: 2,
            environment: ["OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "2"], "two")
        #expect(others == files)

        // Made again of the folder alone.
        let ending = try ProgramProcess.run("coordinator", ["report", scratch.file("one").path], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try contents(of: scratch.file("one")) == files)
    }

    @Test func `each fit has what it has alone`() throws {
        let together = try run(["adam", "ridge"], "together")
        let adam = try run([], "adam")
        let ridge = try run(["ridge"], "ridge")
        #expect(adam["samples_squad.jsonl"] == together["samples_squad_k4_j4.jsonl"])
        #expect(ridge["samples_squad.jsonl"] == together["samples_squad_k4_j4_ridge.jsonl"])
        #expect(ridge["metrics.jsonl"] == nil && ridge["training.checkpoint"] == nil)
        // What stands before the tensors names the run.
        func tensors(_ data: Data?, _ count: Int) throws -> Data { try #require(data).suffix(4 * count) }
        let (w, withBias) = ("projection_128_to_96_k4_j4.safetensors", "projection_128_to_96_k4_j4_ridge.safetensors")
        #expect(try tensors(adam[w], 128 * 96) == tensors(together[w], 128 * 96))
        #expect(try tensors(ridge[withBias], 129 * 96) == tensors(together[withBias], 129 * 96))
        #expect(try maps(ridge).keys.sorted() == ["mean", "ridge"])
    }

    @Test(arguments: [
        (["--fit", "whitened", "--rows", "128"], "--fit whitened: 128 texts do not determine a map from 128 to 96"),
        (["--fit", "ridge", "--rows", "9"], "--fit ridge: expected --rows 10 or more"),
        (["--fit", "magic"], "magic"),
        (["--fit", "ridge", "--no-projection", "--experiments", "squad"], "--fit ridge: a W is fitted to texts"),
    ])
    func `what cannot be fitted is named before any work`(given: [String], named: String) throws {
        let others = ["--experiments", "projection,squad", "--rows", "384"]
        let ending = try ProgramProcess.run(
            "coordinator", arguments([], output: scratch.file("run")).filter { !others.contains($0) } + given,
            in: scratch)
        #expect(ending.code == 2 && ending.errors.contains(named), "\(ending.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.file("run").path))
    }

    @Test func `a W with a bias serves a later run as it is`() throws {
        let first = try run(["ridge"], "first")
        let w = scratch.file("first").appendingPathComponent("projection_128_to_96_k4_j4_ridge.safetensors").path
        let output = scratch.file("second")
        let ending = try ProgramProcess.run(
            "coordinator",
            [
                "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j",
                "4", "--squad", DemoAssets.questions, "--limit", "12", "--endpoints", "likelihood", "--experiments",
                "squad", "--projection", w, "--status", "tcp://127.0.0.1:*", "--threads", "1", "--workers", "1",
                "--output", output.path,
            ], in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(
            try Data(contentsOf: output.appendingPathComponent("samples_squad.jsonl")) == first["samples_squad.jsonl"])
    }
}
