import Foundation
import TestSupport
import Testing

/// The user's command for a run's end: it is told how the run ended, and changes nothing of it.
@Suite(.serialized, .blocking)
struct EndCommandTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    /// Writes down what it is told.
    private var command: String {
        "env | grep ^RUN_ | sort > '\(scratch.file("told").path)'"
    }

    private func told() throws -> [String] {
        try String(contentsOf: scratch.file("told"), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func start(_ command: String, workers: Int, more: [String] = []) throws -> ProgramProcess {
        try ProgramProcess(
            "coordinator",
            ShortRun.arguments(
                output: scratch.file("run"),
                ["--workers", "\(workers)", "--threads", "1", "--on-end", command] + more),
            in: scratch, environment: ["RUN_CAUSE": "of somebody else"])
    }

    @Test func `a run that is done names its figures`() throws {
        let ending = try start(command, workers: 1).end()
        #expect(ending.code == 0, "\(ending.errors)")
        let folder = scratch.file("run").path
        #expect(
            try told() == [
                "RUN_OUTCOME=done", "RUN_OUTPUT=\(folder)", "RUN_RESULTS=\(folder)/results.json",
                "RUN_SUMMARY=\(folder)/summary.txt",
            ])
        #expect(FileManager.default.fileExists(atPath: "\(folder)/results.json"))
    }

    @Test func `one that is interrupted says so`() throws {
        let coordinator = try start(command, workers: 0, more: ["--listen", "tcp://127.0.0.1:*"])
        _ = try coordinator.statusEndpoint()
        coordinator.send(SIGTERM)
        #expect(try coordinator.end().code == 130)
        #expect(try told() == ["RUN_OUTCOME=interrupted", "RUN_OUTPUT=\(scratch.file("run").path)"])
    }

    @Test func `how a command ended is known also where the ends of processes are ignored`() throws {
        let coordinator = ProgramProcess.folder.appendingPathComponent("coordinator").path
        let ending = try ProgramProcess(
            path: "/usr/bin/env",
            ["--ignore-signal=CHLD", coordinator]
                + ShortRun.arguments(
                    output: scratch.file("run"), ["--workers", "1", "--threads", "1", "--on-end", "exit 3"]),
            in: scratch
        ).end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(ending.errors.contains("note: the command of --on-end ended with exit code 3"), "\(ending.errors)")
    }

    @Test func `a command that fails is told of, and its output is no result`() throws {
        let ending = try start("echo spoken; exit 3", workers: 1).end()
        #expect(ending.code == 0)
        #expect(ending.errors.contains("note: the command of --on-end ended with exit code 3"), "\(ending.errors)")
        #expect(ending.errors.contains("spoken") && !ending.output.contains("spoken"))
    }
}
