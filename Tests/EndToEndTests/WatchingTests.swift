import Foundation
import Run
import TestSupport
import Testing

/// A run in front of people: who watches it knows how it ended, and a terminal that is closed ends it cleanly.
@Suite(.serialized, .blocking)
struct WatchingTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func start(_ more: [String], through wrapper: [String] = []) throws -> ProgramProcess {
        let coordinator = ProgramProcess.folder.appendingPathComponent("coordinator").path
        let command = wrapper + [coordinator] + ShortRun.arguments(output: scratch.file("run"), more)
        return try ProgramProcess(path: command[0], Array(command.dropFirst()), in: scratch)
    }

    private func watch(_ coordinator: ProgramProcess, _ more: [String] = []) throws -> ProgramProcess {
        try ProgramProcess(
            "coordinator", ["status", "--watch", "--connect", try coordinator.statusEndpoint().text] + more, in: scratch
        )
    }

    @Test func `who watches is told that the run is done, and ends as it does`() throws {
        let coordinator = try start(["--workers", "0", "--listen", "tcp://127.0.0.1:*"])
        let watchers = try (0..<3).map { _ in try watch(coordinator, ["--format", "json"]) }
        #expect(wait(20) { watchers.allSatisfy { (try? $0.outputSoFar)?.isEmpty == false } })
        let worker = try ProgramProcess(
            "worker", ["--connect", try coordinator.workerEndpoint(), "--threads", "1"], in: scratch)
        #expect(try coordinator.end().code == 0)
        for watcher in watchers {
            let ending = try watcher.end(within: 10)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(ending.output.split(separator: "\n").last?.contains(#""phase":"done""#) == true, "\(ending.output)")
        }
        #expect(try worker.end().code == 0)
    }

    @Test func `who watches a run that is interrupted ends with its exit code`() throws {
        let coordinator = try start(["--workers", "0", "--listen", "tcp://127.0.0.1:*"])
        let watcher = try watch(coordinator)
        #expect(wait(20) { (try? watcher.outputSoFar)?.isEmpty == false })
        coordinator.send(SIGINT)
        #expect(try coordinator.end().code == 130)
        #expect(try watcher.end(within: 10).code == 130)
    }

    @Test func `one who asks once keeps nobody waiting`() throws {
        let coordinator = try start(["--workers", "0", "--listen", "tcp://127.0.0.1:*"])
        try coordinator.status(at: try coordinator.statusEndpoint()) { $0.phase == .running }
        let start = ContinuousClock.now
        coordinator.send(SIGTERM)
        #expect(try coordinator.end().code == 130)
        #expect(ContinuousClock.now - start < .seconds(4))
    }

    @Test func `a terminal that is closed ends the run as Ctrl-C does`() throws {
        let coordinator = try start(["--workers", "0", "--listen", "tcp://127.0.0.1:*"])
        _ = try coordinator.statusEndpoint()
        coordinator.send(SIGHUP)
        let ending = try coordinator.end()
        #expect(ending.code == 130 && ending.errors.contains("the same command goes on from there"), "\(ending.errors)")
    }

    @Test func `under nohup it goes on without its terminal`() throws {
        let coordinator = try start(["--workers", "0", "--listen", "tcp://127.0.0.1:*"], through: ["/usr/bin/nohup"])
        let endpoint = try coordinator.statusEndpoint()
        coordinator.send(SIGHUP)
        usleep(300_000)
        try coordinator.status(at: endpoint) { $0.phase == .running }
        coordinator.send(SIGTERM)
        #expect(try coordinator.end().code == 130)
    }

    @Test func `lines of a log have the time, and a locale of ASCII gets ASCII`() throws {
        let coordinator = ProgramProcess.folder.appendingPathComponent("coordinator").path
        let ending = try ProgramProcess(
            path: coordinator, ShortRun.arguments(output: scratch.file("run"), ["--workers", "1", "--threads", "1"]),
            in: scratch, environment: ["LC_ALL": "C", "COLUMNS": "40"]
        ).end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(
            ending.errors.contains(#/(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ squad *: (\d+)/\1 answers, 100 %/#),
            "\(ending.errors)")
        let written = ending.output + ending.errors
        let isASCII = written.utf8.allSatisfy { $0 < 0x80 }
        #expect(isASCII, "\(written)")
        let logs = scratch.file("run/logs")
        let name = try #require(FileManager.default.contentsOfDirectory(atPath: logs.path).first)
        let log = try String(contentsOf: logs.appendingPathComponent(name), encoding: .utf8)
        #expect(log.contains(#/(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ worker \d+: ready/#), "\(log)")
    }
}
