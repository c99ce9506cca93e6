import DemoAssets
import Foundation
import Run
import Storage
import TestSupport

/// A run of all experiments on the shipped pair, small enough for a test and long enough to be disturbed.
struct DemoRun {
    /// The files that depend on the inputs alone.
    static let files = [
        "projection_128_to_96_k4_j4.safetensors", "samples_squad.jsonl", "samples_gsm8k.jsonl", "results.json",
        "report.md", "report.html", "run.json",
    ]

    static func arguments(output: URL, _ more: [String] = []) -> [String] {
        arguments(output: output, texts: 256, items: 32, more)
    }

    /// The run whose digests are kept, and the archive's tests make: three times as large.
    static func goldenArguments(output: URL) -> [String] {
        arguments(output: output, texts: 512, items: 96, ["--workers", "2", "--threads", "1"])
    }

    private static func arguments(output: URL, texts: Int, items: Int, _ more: [String]) -> [String] {
        [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
            "--c4", DemoAssets.corpus, "--cut", "word", "--rows", "\(texts)", "--epochs", "20",
            "--squad", DemoAssets.questions, "--gsm8k", DemoAssets.wordProblems, "--limit", "\(items)",
            "--status", "tcp://127.0.0.1:*", "--output", output.path,
        ] + more
    }

    /// SHA-256 of each file.
    static func digests(in output: URL) throws -> [String: String] {
        var digests: [String: String] = [:]
        for file in files {
            digests[file] = try ContentHasher.digest(ofFileAt: output.appendingPathComponent(file)).hex
        }
        return digests
    }

    /// The digests of the run that nothing disturbed, with one worker.
    static func undisturbed() throws -> [String: String] {
        try reference.get()
    }

    private static let reference = Result {
        let scratch = try TemporaryFolder()
        let output = scratch.file("undisturbed")
        let ending = try ProgramProcess.run(
            "coordinator", arguments(output: output, ["--workers", "1", "--threads", "1"]), in: scratch)
        guard ending.code == 0 else { throw TimedOut(what: "the undisturbed run: \(ending.errors)") }
        return try digests(in: output)
    }
}

extension Stage {
    /// Of ``DemoRun``.
    static let allOfDemo = ["extract", "train", "similarity", "squad", "gsm8k"].map(Stage.init)
}
