import DemoAssets
import Foundation
import Run
import TestSupport

/// A run of all experiments over three channels, two of which share a site of A and two one of B, and the runs with
/// each of them alone.
struct ChannelRun {
    static let channels = [Channel(k: 2, j: 2), Channel(k: 2, j: 4), Channel(k: 4, j: 4)]
    static let tasks = ["squad", "gsm8k"]

    static func arguments(output: URL, channels: [Channel] = channels, _ more: [String]) -> [String] {
        [
            "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--channel",
        ] + channels.map(\.description) + [
            "--c4", DemoAssets.corpus, "--cut", "word", "--rows", "128", "--epochs", "1200",
            "--squad", DemoAssets.questions, "--gsm8k", DemoAssets.wordProblems, "--limit", "10",
            "--similarity-tokens", "6", "--status", "tcp://127.0.0.1:*", "--output", output.path, "--threads", "1",
        ] + more
    }

    static func projection(_ channel: Channel) -> String {
        "projection_128_to_96_k\(channel.k)_j\(channel.j).safetensors"
    }

    static func samples(_ task: String, _ channel: Channel) -> String {
        "samples_\(task)_k\(channel.k)_j\(channel.j).jsonl"
    }

    /// The files that depend on the inputs alone.
    static let files =
        ["results.json", "report.md", "report.html", "run.json"]
        + channels.flatMap { channel in [projection(channel)] + tasks.map { samples($0, channel) } }

    static func contents(of output: URL) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for file in files { contents[file] = try Data(contentsOf: output.appendingPathComponent(file)) }
        return contents
    }

    /// What the run that nothing disturbed left, with one worker.
    static func undisturbed() throws -> [String: Data] { try together.get() }

    private static let together = Result {
        let scratch = try TemporaryFolder()
        let output = scratch.file("together")
        let ending = try ProgramProcess.run(
            "coordinator", arguments(output: output, ["--workers", "1"]), in: scratch)
        guard ending.code == 0 else { throw TimedOut(what: "the undisturbed run: \(ending.errors)") }
        return try contents(of: output)
    }
}
