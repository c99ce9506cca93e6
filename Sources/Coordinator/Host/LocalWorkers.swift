import Foundation
import Locking

/// Starts worker processes on this machine, and starts another one in a dead one's place.
///
/// A worker that is killed or crashes is replaced, up to a limit, and so is one that ends after ``kill(_:)``. One that
/// ends with an exit code of its own is not: it has said why it cannot work (a broken model file, say), and another one
/// would say the same.
final class LocalWorkers: @unchecked Sendable {
    /// What became of a process.
    enum Ending: Sendable {
        /// It ended; another one takes its place.
        case replaced(processID: Int32, how: String)
        /// It ended, and no local worker is left or will be started.
        case exhausted(processID: Int32, how: String)
        /// It ended, and others go on.
        case reduced(processID: Int32, how: String)
    }

    private let lock = Lock()
    private let program: URL
    private let arguments: [String]
    private let logs: URL
    private let restartLimit: Int
    private let onEnding: @Sendable (Ending) -> Void
    private var processes: [Int: Process] = [:]
    /// Process ids of those that were given up.
    private var givenUp: Set<Int32> = []
    private var restarts = 0
    private var isStopping = false

    /// - Parameters:
    ///   - logs: a folder; worker n writes to `worker-n.log` in it.
    ///   - onEnding: called on some thread.
    init(
        program: URL, arguments: [String], logs: URL, restartLimit: Int = 8,
        onEnding: @escaping @Sendable (Ending) -> Void
    ) {
        self.program = program
        self.arguments = arguments
        self.logs = logs
        self.restartLimit = restartLimit
        self.onEnding = onEnding
    }

    func start(count: Int) throws {
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw HostError.noWorkerProgram(path: program.path)
        }
        try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
        for number in 0..<count { try lock.withLock { try launch(number) } }
    }

    private func launch(_ number: Int) throws {
        let log = logs.appendingPathComponent("worker-\(number).log")
        if !FileManager.default.fileExists(atPath: log.path) {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        }
        let output = try FileHandle(forWritingTo: log)
        try output.seekToEnd()
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { !ServerKeys.variables.contains($0.key) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        process.terminationHandler = { [weak self] ended in self?.note(ended, number: number, log: log) }
        try process.run()
        processes[number] = process
    }

    private func note(_ ended: Process, number: Int, log: URL) {
        let status = ended.terminationStatus
        let how =
            ended.terminationReason == .uncaughtSignal
            ? "was killed by signal \(status)" : "ended with exit code \(status)\(lastLine(of: log))"
        let ending: Ending? = lock.withLock {
            processes[number] = nil
            if isStopping { return nil }
            let isGivenUp = givenUp.remove(ended.processIdentifier) != nil
            if isGivenUp || ended.terminationReason == .uncaughtSignal, restarts < restartLimit {
                restarts += 1
                if (try? launch(number)) != nil { return .replaced(processID: ended.processIdentifier, how: how) }
            }
            return processes.isEmpty
                ? .exhausted(processID: ended.processIdentifier, how: how)
                : .reduced(processID: ended.processIdentifier, how: how)
        }
        if let ending { onEnding(ending) }
    }

    private func lastLine(of log: URL) -> String {
        guard let handle = try? FileHandle(forReadingFrom: log), let end = try? handle.seekToEnd() else { return "" }
        try? handle.seek(toOffset: end > 4096 ? end - 4096 : 0)
        let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
        guard let line = text.split(separator: "\n").last else { return "" }
        return " (\(line))"
    }

    /// Kills one of them, which another takes the place of.
    func kill(_ processID: Int32) {
        lock.withLock {
            guard processes.values.contains(where: { $0.processIdentifier == processID }) else { return }
            givenUp.insert(processID)
            Foundation.kill(processID, SIGKILL)
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
