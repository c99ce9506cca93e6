import CoordinatorControl
import Foundation
import Locking
import Processes
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
    private var processes: [Int: ChildProcess] = [:]
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
        return try lock.withLock {
            let process = try ChildProcess(
                program, arguments(number), environment: ServerKeys.environmentWithoutKeys, output: .file(output),
                errors: output
            ) { [weak self] in self?.note($0, $1, number: number, log: log) }
            processes[number] = process
            return process.processID
        }
    }

    private func note(_ processID: Int32, _ ended: ChildProcess.Ending, number: Int, log: URL) {
        let ending: ProcessEnding =
            switch ended {
            case .signal(let signal): .signal(signal)
            case .exitCode(let code): .exitCode(code, lastLine: lastLine(of: log))
            }
        let isReported = lock.withLock {
            processes[number] = nil
            return !isStopping
        }
        if isReported { onEnding(number, processID, ending) }
    }

    private func lastLine(of log: URL) -> String? {
        guard let handle = try? FileHandle(forReadingFrom: log), let end = try? handle.seekToEnd() else { return nil }
        try? handle.seek(toOffset: end > 4096 ? end - 4096 : 0)
        let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").last.map(String.init)
    }

    func kill(_ number: Int) {
        lock.withLock { processes[number]?.send(SIGKILL) }
    }

    /// Waits for the workers to end by themselves; those that have not after `seconds` are terminated.
    func stop(within seconds: Double) {
        let living = lock.withLock {
            isStopping = true
            return Array(processes.values)
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        Self.wait(for: living, until: deadline)
        for process in living { process.send(SIGTERM) }
        Self.wait(for: living, until: deadline + .seconds(2))
        for process in living { process.send(SIGKILL) }
    }

    private static func wait(for processes: [ChildProcess], until deadline: ContinuousClock.Instant) {
        for process in processes { _ = process.wait(atMost: max(0, (deadline - .now) / .seconds(1))) }
    }
}
