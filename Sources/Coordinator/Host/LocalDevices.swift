package import Foundation
import JSON
import Processes
package import Run

/// What local workers compute on: a GPU each where there are some that can be used, else all on the processor.
///
/// The worker program is asked, which opens each GPU: one whose driver crashes or hangs takes no coordinator with it.
package struct LocalDevices: Sendable, Equatable {
    /// As `--device` names them.
    package var gpus: [String] = []
    /// Why GPUs of this machine are not used.
    package var remarks: [String] = []

    package init() {}

    /// - Parameters:
    ///   - program: the worker.
    ///   - gpuArguments: what the worker is told of GPUs.
    ///   - kind: of all of the run's workers, where that is settled.
    package init(program: URL, _ gpuArguments: [String], kind: DeviceKind?) {
        // A run on the processor has no use for others.
        guard kind != .cpu else { return }
        guard let output = Self.output(of: program, ["devices", "--format", "json"] + gpuArguments) else {
            remarks = ["'worker devices' does not say what this machine has; workers compute on the processor"]
            return
        }
        for line in output.split(separator: "\n") { try? note(line, kind) }
    }

    private mutating func note(_ line: Substring, _ wanted: DeviceKind?) throws(JSONError) {
        let listing = try JSONField<JSONError>(file: "worker devices", bytes: Array(line.utf8))
        guard let name = try listing.string("device"), name.hasPrefix("cuda:") else { return }
        let title = try listing.string("model").map { "\(name) (\($0))" } ?? name
        if let kind = try listing.string("kind").map(DeviceKind.init(rawValue:)) {
            if wanted == nil || wanted == kind {
                gpus.append(name)
            } else {
                remarks.append(
                    "\(title) is not used: it is of kind '\(kind)', the run is computed on '\(wanted ?? kind)'")
            }
        } else {
            remarks.append("\(title) is not used: \(try listing.string("problem") ?? "it has no kind")")
        }
    }

    /// Seconds that the worker may take: it compiles kernels for each GPU.
    private static let patience = 120.0

    private static func output(of program: URL, _ arguments: [String]) -> String? {
        guard
            let process = try? ChildProcess(
                program, arguments, environment: ServerKeys.environmentWithoutKeys, output: .pipe, errors: nil)
        else { return nil }
        let guardian = DispatchWorkItem { process.send(SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: guardian)
        let data = (try? process.output?.readToEnd()) ?? Data()
        let ending = process.wait()
        guardian.cancel()
        return ending == .exitCode(0) ? String(decoding: data, as: UTF8.self) : nil
    }

    /// The arguments of worker `number` that say what it computes on: not what it would choose by itself, which may be a
    /// GPU that the run has no use for.
    func arguments(ofWorker number: Int) -> [String] {
        ["--device", gpus.isEmpty ? "cpu" : gpus[number % gpus.count]]
    }
}
