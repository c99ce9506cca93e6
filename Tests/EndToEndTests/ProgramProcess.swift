import Foundation
import Messaging
import Processes
import Run
import TestSupport
import Transport
import Wire

/// One of the two programs as a process of its own, as a user runs it.
final class ProgramProcess: @unchecked Sendable {
    /// Where the build put the programs: beside the tests.
    static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    struct Ending {
        var code: Int32
        var output: String
        var errors: String
    }

    private let process: ChildProcess
    private let arguments: [String]
    private let scratch: TemporaryFolder
    private let outputFile: URL
    private let errorFile: URL

    /// - Parameter environment: variables set besides those of the tests.
    convenience init(
        _ program: String, _ arguments: [String], in scratch: TemporaryFolder, environment: [String: String] = [:]
    ) throws {
        try self.init(
            path: Self.folder.appendingPathComponent(program).path, arguments, in: scratch, environment: environment)
    }

    init(path: String, _ arguments: [String], in scratch: TemporaryFolder, environment: [String: String] = [:]) throws {
        self.scratch = scratch
        outputFile = scratch.file("\(UUID().uuidString).out")
        errorFile = scratch.file("\(UUID().uuidString).err")
        for file in [outputFile, errorFile] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        self.arguments = arguments
        process = try ChildProcess(
            URL(fileURLWithPath: path), arguments,
            // What a program that is killed leaves behind goes with the test.
            environment: ProcessInfo.processInfo.environment
                .merging(["TMPDIR": scratch.url.path]) { $1 }.merging(environment) { $1 },
            output: .file(FileHandle(forWritingTo: outputFile)), errors: FileHandle(forWritingTo: errorFile))
    }

    var processID: Int32 { process.processID }
    var isRunning: Bool { process.isRunning }

    /// What it has written to standard error so far.
    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    /// What it has written to standard output so far.
    var outputSoFar: String { get throws { try String(contentsOf: outputFile, encoding: .utf8) } }

    func send(_ signal: Int32) { process.send(signal) }

    /// Waits for the end; a process that takes longer than `seconds` is killed and reported.
    func end(within seconds: Double = 120) throws -> Ending {
        guard let ending = process.wait(atMost: seconds) else {
            send(SIGKILL)
            throw TimedOut(what: "\(arguments) to end; it wrote: \(errors)")
        }
        let code =
            switch ending {
            case .exitCode(let code): code
            case .signal(let signal): signal
            }
        return Ending(code: code, output: try String(contentsOf: outputFile, encoding: .utf8), errors: errors)
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String], in scratch: TemporaryFolder) throws -> Ending {
        try ProgramProcess(program, arguments, in: scratch).end()
    }
}

struct TimedOut: Error, CustomStringConvertible {
    var what: String
    var description: String { "waited too long for \(what)" }
}

/// Waits for a condition, at most so many seconds; whether it came.
func wait(_ seconds: Double, until condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        usleep(5_000)
    }
    return try condition()
}

extension ProgramProcess {
    /// Where a coordinator says that progress can be asked for.
    func statusEndpoint() throws -> Endpoint {
        var text: String?
        let found = wait(60) {
            text = errors.split(separator: "\n").first { $0.hasPrefix("progress: ") }
                .flatMap { $0.split(separator: " ").last.map(String.init) }
            return text != nil || !isRunning
        }
        guard found, let text else { throw TimedOut(what: "the status endpoint; it wrote: \(errors)") }
        return try Endpoint(text)
    }

    /// Asks the coordinator at `endpoint` until `condition` holds for its status.
    @discardableResult
    func status(
        at endpoint: Endpoint, within seconds: Double = 60, until condition: (RunStatus) -> Bool
    ) throws -> RunStatus {
        var last: RunStatus?
        let held = try wait(seconds) {
            guard isRunning else { throw TimedOut(what: "a status; the coordinator ended: \(errors)") }
            guard let frames = try? Query.ask(endpoint, WireFormat.encode(StatusQuery()).frames, timeout: .seconds(5)),
                case .status(let status) = try WireFormat.decodeStatusReply(frames)
            else { return false }
            last = status
            return condition(status)
        }
        guard held, let last else {
            throw TimedOut(what: "a status that fits; the last was \(String(describing: last))")
        }
        return last
    }

    /// Catches the run at work in `stage`, with `condition`.
    ///
    /// From the stage before on the workers stand still while the coordinator is asked, so that a stage of some
    /// milliseconds is not over before the question is, however busy the machine.
    @discardableResult
    func status(
        at endpoint: Endpoint, in stage: Stage, where condition: (RunStatus) -> Bool = { _ in true }
    ) throws -> RunStatus {
        var stopped: [Int32] = []
        func go() {
            for process in stopped { kill(process, SIGCONT) }
            stopped = []
        }
        defer { go() }
        return try status(at: endpoint) { status in
            if status.isAtWork(in: stage), condition(status) { return true }
            go()
            guard status.isNear(stage) else { return false }
            usleep(status.hasReached(stage) ? 3_000 : 30_000)
            stopped = status.workers.filter { $0.state != .lost }.map(\.processID).filter { kill($0, SIGSTOP) == 0 }
            // A status is shared by all who ask within a tenth of a second: the next one is made anew.
            usleep(110_000)
            return false
        }
    }
}

extension RunStatus {
    /// Whether the stage has begun, has something done and something left.
    func isAtWork(in stage: Stage) -> Bool {
        guard let status = stages.first(where: { $0.stage == stage }) else { return false }
        return hasReached(stage) && status.unitsDone > 0 && status.unitsDone < status.unitsTotal
            && workers.contains { $0.state == .working }
    }

    /// Whether all stages before are done.
    fileprivate func hasReached(_ stage: Stage) -> Bool {
        stages.prefix { $0.stage != stage }.allSatisfy { $0.unitsDone == $0.unitsTotal }
    }

    /// Whether all is done but the stage before, the stage itself and what follows.
    fileprivate func isNear(_ stage: Stage) -> Bool {
        stages.prefix { $0.stage != stage }.dropLast().allSatisfy { $0.unitsDone == $0.unitsTotal }
    }
}
