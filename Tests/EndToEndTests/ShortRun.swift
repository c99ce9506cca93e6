import DemoAssets
import Foundation
import TestSupport

/// A run of one experiment without W, over in a second: for what is not about the results themselves.
enum ShortRun {
    static func arguments(output: URL, _ more: [String]) -> [String] {
        [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4", "--layer-j", "4",
            "--squad", DemoAssets.questions, "--experiments", "squad", "--no-projection", "--op", "sum", "--limit",
            "16", "--status",
            "tcp://127.0.0.1:*", "--output", output.path,
        ] + more
    }

    /// What the run found out, byte by byte.
    static func results(in output: URL) throws -> [Data] {
        try ["results.json", "samples_squad.jsonl"].map { try Data(contentsOf: output.appendingPathComponent($0)) }
    }

    /// The results of the run that nothing disturbed, with one local worker and without keys.
    static func undisturbed() throws -> [Data] { try reference.get() }

    private static let reference = Result {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try ProgramProcess.run(
            "coordinator", arguments(output: output, ["--workers", "1", "--threads", "1"]), in: scratch)
        guard ending.code == 0 else { throw TimedOut(what: "the undisturbed run: \(ending.errors)") }
        return try results(in: output)
    }
}
