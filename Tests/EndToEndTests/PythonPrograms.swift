import Foundation
import TestSupport

/// Programs in Python with packages of PyPI, as outsiders write them.
enum PythonPrograms {
    static let absence = "no Python with pyzmq and grpcio-tools, and none can be made (python3 -m venv, pip install)"

    /// The packages as they were when the tests were written.
    private static let packages = ["pyzmq==27.3.0", "grpcio-tools==1.85.1"]

    /// An environment that has them; nil where it cannot be made. It goes when the tests end.
    static let interpreter: URL? = {
        guard let scratch = try? TemporaryFolder() else { return nil }
        environment = scratch
        let folder = scratch.file("python")
        let python = folder.appendingPathComponent("bin/python3")
        let commands = [
            ["/usr/bin/env", "python3", "-m", "venv", folder.path],
            [python.path, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--timeout", "10"]
                + packages,
        ]
        for command in commands {
            let process = try? ProgramProcess(path: command[0], Array(command.dropFirst()), in: scratch)
            guard let ending = try? process?.end(within: 240), ending.code == 0 else { return nil }
        }
        return python
    }()

    nonisolated(unsafe) private static var environment: TemporaryFolder?

    /// The programs of docs/PROTOCOL.md, in their order.
    static func inDocumentation() throws -> [String] {
        let text = try String(contentsOf: Repository.root.appendingPathComponent("docs/PROTOCOL.md"), encoding: .utf8)
        return text.components(separatedBy: "```python\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String], in scratch: TemporaryFolder) throws
        -> ProgramProcess.Ending
    {
        let file = scratch.file("\(UUID().uuidString).py")
        try Data(program.utf8).write(to: file)
        return try run([file.path] + arguments, in: scratch)
    }

    static func run(_ arguments: [String], in scratch: TemporaryFolder) throws -> ProgramProcess.Ending {
        guard let interpreter else { throw TimedOut(what: absence) }
        return try ProgramProcess(
            path: interpreter.path, arguments, in: scratch, environment: ["PYTHONPATH": scratch.url.path]
        ).end(within: 60)
    }
}
