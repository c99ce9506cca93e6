import Console
import DemoAssets
import Foundation
import Messaging
import Processes
import Run
import Transport
import Wire

/// A run of the shipped pair by the coordinator program, of whose local workers one may be slowed.
struct PairRun {
    var workers: Int
    /// Share of the time that the slowed worker runs.
    var share: Double

    /// Period of stopping and continuing.
    private static let period = 0.1

    func measure(slowed: Bool) throws -> StragglerBenchmark.Figures {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let endpoint = try Endpoint("ipc://\(folder.path)/status")
        let process = try start(folder, status: endpoint)
        defer { process.send(SIGTERM) }
        var (began, ended): (ContinuousClock.Instant?, ContinuousClock.Instant?)
        var last: RunStatus?
        var slowOne: WorkerStatus?
        while process.isRunning {
            if let status = Self.status(at: endpoint) {
                let isReady = status.workers.count { $0.state != .loading && $0.state != .lost } == workers
                if began == nil, isReady {
                    began = .now
                    slowOne = status.workers[0]
                }
                if status.stages.contains(where: { $0.unitsDone < $0.unitsTotal }) { ended = .now }
                last = status
            }
            if slowed, let slowOne {
                kill(slowOne.processID, SIGSTOP)
                usleep(UInt32(Self.period * (1 - share) * 1e6))
                kill(slowOne.processID, SIGCONT)
                usleep(UInt32(Self.period * share * 1e6))
            } else {
                usleep(UInt32(Self.period * 1e6))
            }
        }
        let ending = process.wait()
        guard ending == .exitCode(0), let began, let ended, let last else {
            let log = (try? String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)) ?? ""
            throw BenchmarkFailure(description: "the run of the pair \(ending): \(log)")
        }
        return StragglerBenchmark.Figures(
            seconds: (ended - began) / .seconds(1), units: last.workers.reduce(0) { $0 + $1.unitsDone },
            unitsOfSlowest: last.workers.first { $0.worker == slowOne?.worker }?.unitsDone ?? 0)
    }

    private func start(_ folder: URL, status: Endpoint) throws -> ChildProcess {
        let log = folder.appendingPathComponent("log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let written = try FileHandle(forWritingTo: log)
        return try ChildProcess(
            Program.file.deletingLastPathComponent().appendingPathComponent("coordinator"),
            [
                "run", "--model-a", DemoAssets.modelA, "--model-b", DemoAssets.modelB, "--layer-k", "4",
                "--layer-j", "4",
                "--c4", DemoAssets.corpus, "--cut", "word", "--rows", "2048", "--epochs", "40",
                "--squad", DemoAssets.questions, "--gsm8k", DemoAssets.wordProblems,
                "--workers", "\(workers)", "--threads", "1", "--status", status.text,
                "--output", folder.appendingPathComponent("run").path,
            ], output: .file(written), errors: written)
    }

    private static func status(at endpoint: Endpoint) -> RunStatus? {
        guard
            let frames = try? Query.ask(endpoint, WireFormat.encode(StatusQuery()).frames, timeout: .milliseconds(500)),
            case .status(let status)? = try? WireFormat.decodeStatusReply(frames)
        else { return nil }
        return status
    }
}
