import Console
import CoordinatorControl
import CoordinatorHost
import Foundation
import Processes

/// The user's command for a run's end (`--on-end`), such as one that sends a message. It changes nothing of how the run
/// ended.
struct EndCommand: Sendable {
    let command: String

    /// Seconds that it may take.
    private static let patienceSeconds = 60.0

    /// What the command is told, in its environment.
    static func environment(of outcome: RunControl.Outcome, output: String) -> [String: String] {
        let folder = URL(fileURLWithPath: output).standardizedFileURL
        var told = ["RUN_OUTPUT": folder.path]
        switch outcome {
        case .done:
            told["RUN_OUTCOME"] = "done"
            told["RUN_RESULTS"] = folder.appendingPathComponent("results.json").path
            told["RUN_SUMMARY"] = folder.appendingPathComponent("summary.txt").path
        case .failed(let cause):
            told["RUN_OUTCOME"] = "failed"
            told["RUN_CAUSE"] = cause
        case .interrupted: told["RUN_OUTCOME"] = "interrupted"
        }
        return told
    }

    /// Runs it to its end; what goes wrong with it is told, and is all that comes of it.
    func run(after outcome: RunControl.Outcome, output: String) {
        do {
            // Results alone go to standard output.
            let process = try ChildProcess(
                URL(fileURLWithPath: "/bin/sh"), ["-c", command],
                environment: ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("RUN_") }
                    .merging(Self.environment(of: outcome, output: output)) { $1 },
                output: .file(.standardError))
            guard let ending = process.wait(atMost: Self.patienceSeconds) else {
                process.sendToGroup(SIGTERM)
                return Self.tell("takes longer than \(Int(Self.patienceSeconds)) s and was ended")
            }
            if ending != .exitCode(0) { Self.tell("\(ending)") }
        } catch {
            Self.tell("cannot be run: \(error)")
        }
    }

    private static func tell(_ what: String) {
        Terminal.error.writeLine("note: the command of --on-end \(what); the run is not concerned")
    }
}
