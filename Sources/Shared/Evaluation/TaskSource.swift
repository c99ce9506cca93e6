import Run

/// Where a task's items come from.
package struct TaskSource: Hashable, Sendable {
    /// What is read, as the task's ``TaskDefinition/files`` found it; at least one.
    package var files: [String]
    /// Worked examples before each question; 0 for none.
    package var shots: Int
    /// The run's.
    package var seed: UInt64

    package init(files: [String], shots: Int = 0, seed: UInt64 = 42) {
        self.files = files
        self.shots = shots
        self.seed = seed
    }

    /// The only file, or the first.
    package var file: String { files.first ?? "" }

    /// The file of a task that has neither a generator nor worked examples.
    package func plainFile(of task: String) throws(TaskSourceError) -> String {
        guard generated == nil else { throw .noGenerator(task: task) }
        guard shots == 0 else { throw .shots(task: task, found: shots, expected: "no worked examples") }
        return file
    }

    /// What follows `generated:` in place of a file.
    package var generated: String? { RunConfiguration.generated(file) }
}

/// Why a task's source is none.
package enum TaskSourceError: Error, Hashable, Sendable, CustomStringConvertible {
    case generated(task: String, found: String, capacity: Int)
    case noGenerator(task: String)
    case noFiles(task: String, folder: String, expected: String)
    case shots(task: String, found: Int, expected: String)
    case unknownGroup(String, task: String, known: [String])

    package var description: String {
        switch self {
        case .generated(let task, let found, let capacity):
            "--\(task) generated:\(found): expected a number from 2 to \(capacity)"
        case .noGenerator(let task): "--\(task): has no generator; expected a file"
        case .noFiles(let task, let folder, let expected): "--\(task) \(folder): holds no \(expected)"
        case .shots(let task, let found, let expected): "--shots \(found): \(task) has \(expected)"
        case .unknownGroup(let group, let task, let known):
            "--groups: \(task) has no group '\(group)'; there are \(known.joined(separator: ", "))"
        }
    }
}
