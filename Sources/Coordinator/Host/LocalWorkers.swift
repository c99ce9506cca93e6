import CoordinatorControl
import Foundation
import Locking
import Storage

/// Starts and kills worker processes on this machine, and reports how they end. Whether another one follows is
/// decided in ``RunControl``.
final class LocalWorkers: @unchecked Sendable {
    private let lock = Lock()
    private let program: URL
    private let arguments: @Sendable (_ number: Int) -> [String]
    private let logs: URL
    private let onEnding: @Sendable (_ number: Int, _ processID: Int32, ProcessEnding) -> Void
    /// By number.
    private var processes: [Int: Process] = [:]
    private var isStopping = false

    /// - Parameters:
    ///   - logs: a folder; worker n writes to `worker-n.log` in it.
    ///   - onEnding: called on some thread.
    init(
        program: URL, arguments: @escaping @Sendable (_ number: Int) -> [String], logs: URL,
        onEnding: @escaping @Sendable (_ number: Int, _ processID: Int32, ProcessEnding) -> Void
    ) throws {
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw HostError.noWorkerProgram(path: program.path)
        }
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
        self.program = program
        self.arguments = arguments
        self.logs = logs
        self.onEnding = onEnding
    }

    /// Starts a process.
    /// - Returns: its id.
    func start(_ number: Int) throws -> Int32 {
        try Descriptors.withReserve { try startProcess(number) }
    }

    private func startProcess(_ number: Int) throws -> Int32 {
        let log = logs.appendingPathComponent("worker-\(number).log")
        if !FileManager.default.fileExists(atPath: log.path) {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        }
        let output = try FileHandle(forWritingTo: log)
        try output.seekToEnd()
        let process = Process()
        process.executableURL = program
        process.arguments = arguments(number)
        process.environment = ServerKeys.environmentWithoutKeys
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [weak self] ended in self?.note(ended, number: number, log: log) }
        return try lock.withLock {
            try process.run()
            processes[number] = process
            return process.processIdentifier
        }
    }

    private func note(_ ended: Process, number: Int, log: URL) {
        let ending: ProcessEnding =
            ended.terminationReason == .uncaughtSignal
            ? .signal(ended.terminationStatus)
            : .exitCode(ended.terminationStatus, lastLine: lastLine(of: log))
        let isReported = lock.withLock {
            processes[number] = nil
            return !isStopping
        }
        if isReported { onEnding(number, ended.processIdentifier, ending) }
    }

    private func lastLine(of log: URL) -> String? {
        guard let handle = try? FileHandle(forReadingFrom: log), let end = try? handle.seekToEnd() else { return nil }
        try? handle.seek(toOffset: end > 4096 ? end - 4096 : 0)
        let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").last.map(String.init)
    }

    func kill(_ number: Int) {
        lock.withLock {
            if let process = processes[number] { Foundation.kill(process.processIdentifier, SIGKILL) }
        }
    }

    /// Waits for the workers to end by themselves; those that have not after `seconds` are terminated.
    func stop(within seconds: Double) {
        let living = lock.withLock {
            isStopping = true
            return Array(processes.values)
        }
        let deadline = Date().addingTimeInterval(seconds)
        while living.contains(where: \.isRunning), Date() < deadline { usleep(5_000) }
        for process in living where process.isRunning { process.terminate() }
        let last = Date().addingTimeInterval(2)
        while living.contains(where: \.isRunning), Date() < last { usleep(5_000) }
        for process in living where process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }
}
