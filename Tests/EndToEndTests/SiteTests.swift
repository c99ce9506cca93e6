import DemoAssets
import Foundation
import TestSupport
import Testing

/// Where and how messages are written: `--match-norm`, `--position`.
@Suite(.serialized, .blocking)
struct SiteTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func run(_ more: [String], output: String) throws -> URL {
        let ending = try ProgramProcess.run(
            "coordinator",
            ShortRun.arguments(output: scratch.file(output), ["--limit", "6", "--threads", "1"] + more), in: scratch)
        guard ending.code == 0 else { throw TimedOut(what: "a run: \(ending.errors)") }
        return scratch.file(output)
    }

    private func identity(of run: URL) throws -> String {
        struct Manifest: Decodable { let run: String }
        return try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: run.appendingPathComponent("run.json")))
            .run
    }

    @Test(arguments: [
        ["--match-norm", "--alpha", "0.5"], ["--position", "-2:-3"], ["--position", "all", "--match-norm"],
    ])
    func `how messages are written is the run's own, and the number of workers changes no byte`(
        settings: [String]
    ) throws {
        let one = try run(settings + ["--workers", "1"], output: "one")
        let two = try run(settings + ["--workers", "2"], output: "two")
        let plain = try run(["--workers", "1"], output: "plain")
        #expect(try ShortRun.results(in: one) == ShortRun.results(in: two))
        #expect(try ShortRun.results(in: one)[1] != ShortRun.results(in: plain)[1])
        #expect(try identity(of: one) == identity(of: two) && identity(of: one) != identity(of: plain))
        // The settings written stand for the same run.
        let file = one.appendingPathComponent("config.yaml").path
        let again = try run(["--config", file, "--workers", "1"], output: "again")
        #expect(try identity(of: again) == identity(of: one))
    }

    private func refusal(_ more: [String]) throws -> String {
        let output = scratch.file("refused")
        let ending = try ProgramProcess.run(
            "coordinator", ShortRun.arguments(output: output, ["--workers", "1"] + more), in: scratch)
        #expect(ending.code == 2 && !FileManager.default.fileExists(atPath: output.path), "\(ending.errors)")
        return ending.errors
    }

    @Test(arguments: [
        (["--position", "0"], "--position"), (["--position", "3"], "--position"),
        (["--position", "all:-1"], "--position"), (["--position", "last"], "--position"),
        (
            ["--position", "content"],
            "--position content: the content ends where the chat template closes it; give --chat"
        ),
        (["--position", "-1:content"], "give --chat"),
        (["--position", "all", "--op", "replace"], "--position all with --op replace: expected --op sum"),
        (["--position", "-400"], "position -400 is outside of the"),
        (["--position", "-1:-400"], "tokens that model-b reads"),
    ])
    func `positions that cannot be are named before any work`(given: [String], named: String) throws {
        #expect(try refusal(given).contains(named))
    }

    @Test func `a prompt without the token is named by its file and item`() throws {
        let errors = try refusal(["--position", "-400"])
        #expect(errors.contains("questions.json, item ") && errors.contains("that model-a reads"), "\(errors)")
        #expect(try refusal(["--position", "-400", "--skip-unreadable", "3"]).contains("item "))
    }

    @Test func `prompts that the models read in different numbers of tokens cannot be aligned, and are named`() throws {
        // A template in one model's folder alone: the same text is more tokens there.
        let folder = scratch.file("wordy")
        try FileManager.default.copyItem(atPath: DemoAssets.modelA, toPath: folder.path)
        try Data("<{{ messages[0].content }}> and so on".utf8).write(
            to: folder.appendingPathComponent("chat_template.jinja"))
        let other = scratch.file("terse")
        try FileManager.default.copyItem(atPath: DemoAssets.modelB, toPath: other.path)
        try Data("{{ messages[0].content }}".utf8).write(to: other.appendingPathComponent("chat_template.jinja"))
        let models = ["--model-a", folder.path, "--model-b", other.path, "--chat"]
        let errors = try refusal(models + ["--position", "all"])
        #expect(errors.contains("questions.json, item ") && errors.contains("cannot be aligned"), "\(errors)")
        // Where messages end they can be read and written.
        let ending = try ProgramProcess.run(
            "coordinator",
            ShortRun.arguments(
                output: scratch.file("content"),
                models + ["--position", "content:-1", "--limit", "4", "--workers", "1"]),
            in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.output.contains("content:-1") || ending.errors.contains("content:-1"))
    }
}
