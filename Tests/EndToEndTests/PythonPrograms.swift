import Foundation
import TestSupport

/// Programs in Python with packages of PyPI, as outsiders write them.
final class PythonPrograms: Sendable {
    /// The interpreter of an environment that has the packages.
    private let interpreter: URL
    /// It goes when the tests end.
    private let environment: TemporaryFolder?

    // The packages as they were when the tests were written.
    /// Asks the status socket.
    static let status = PythonPrograms(["pyzmq==27.3.0", "grpcio-tools==1.85.1"])
    /// Reads event files.
    static let tensorBoard = PythonPrograms(["tensorboard==2.21.0", "setuptools<81"])

    /// Reads what lm-evaluation-harness writes: the environment that `scripts/compare-lm-eval` keeps.
    static let harness = PythonPrograms(keptIn: "activation-lm-eval/python", having: "lm_eval")
    static let harnessAbsence =
        "no lm-evaluation-harness: scripts/compare-lm-eval --install makes an environment with it"

    static let absence = "no Python with the packages, and none can be made (python3 -m venv, pip install)"

    /// nil where the environment cannot be made.
    private init?(_ packages: [String]) {
        guard let scratch = try? TemporaryFolder() else { return nil }
        environment = scratch
        let folder = scratch.file("python")
        interpreter = folder.appendingPathComponent("bin/python3")
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "10"]
        for command in [
            ["/usr/bin/env", "python3", "-m", "venv", folder.path], [interpreter.path] + install + packages,
        ] {
            let process = try? ProgramProcess(path: command[0], Array(command.dropFirst()), in: scratch)
            guard let ending = try? process?.end(within: 300), ending.code == 0 else { return nil }
        }
    }

    /// An environment in the user's cache; nil where it is not there, or lacks the package.
    private init?(keptIn folder: String, having package: String) {
        let home = ProcessInfo.processInfo.environment["HOME"] ?? ""
        let cache = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? home + "/.cache"
        interpreter = URL(fileURLWithPath: "\(cache)/\(folder)/bin/python")
        environment = nil
        guard FileManager.default.isExecutableFile(atPath: interpreter.path), let scratch = try? TemporaryFolder(),
            let found = try? run(
                ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('\(package)') is None)"],
                in: scratch), found.code == 0
        else { return nil }
    }

    /// The programs of docs/PROTOCOL.md, in their order.
    static func inDocumentation() throws -> [String] {
        let file = Repository.root.appendingPathComponent("docs/PROTOCOL.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        return text.components(separatedBy: "```python\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
    }

    /// Runs a program to its end.
    func run(_ program: String, _ arguments: [String], in scratch: TemporaryFolder) throws -> ProgramProcess.Ending {
        let file = scratch.file("\(UUID().uuidString).py")
        try Data(program.utf8).write(to: file)
        return try run([file.path] + arguments, in: scratch)
    }

    func run(_ arguments: [String], in scratch: TemporaryFolder) throws -> ProgramProcess.Ending {
        try ProgramProcess(
            path: interpreter.path, arguments, in: scratch, environment: ["PYTHONPATH": scratch.url.path]
        ).end(within: 120)
    }
}
