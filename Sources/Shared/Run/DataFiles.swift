/// A file that a run reads, models apart.
package struct DataFile: Codable, Hashable, Sendable {
    /// The flag that names it, without the dashes.
    package var flag: String
    package var name: String
    /// SHA-256, hexadecimal.
    package var sha256: String

    package init(flag: String, name: String, sha256: String) {
        self.flag = flag
        self.name = name
        self.sha256 = sha256
    }

    /// What is read of it: the content, and the name of a table, which says what it holds (MMLU's say their subject).
    package var content: String { name.hasSuffix(".csv") ? "\(sha256) \(name)" : sha256 }
}

extension RunConfiguration {
    /// The same with other texts in place of the data files' paths: those that W learns from, then the tasks' by the tasks' names,
    /// then the W's, then the models' references.
    package func mapFiles(_ transform: (_ flag: String, _ path: String) throws -> String) rethrows -> RunConfiguration {
        var mapped = self
        mapped.training.files = try training.files.map { try transform(training.fitOn ?? "c4", $0) }
        for (task, paths) in evaluation.files.sorted(by: { $0.key < $1.key }) {
            mapped.evaluation.files[task] = try paths.map { path in
                Self.generated(path) == nil ? try transform(task, path) : path
            }
        }
        if case .files(let files) = projection {
            mapped.projection = .files(try files.map { try transform("projection", $0) })
        }
        mapped.verifyA = try verifyA.map { try transform("verify-a", $0) }
        mapped.verifyB = try verifyB.map { try transform("verify-b", $0) }
        return mapped
    }

    /// What follows `generated:` where a task's items are made and not read.
    package static func generated(_ path: String) -> String? {
        path.hasPrefix("generated:") ? String(path.dropFirst("generated:".count)) : nil
    }

    /// The same with other texts in place of the data files' paths, in the order of ``mapFiles(_:)``.
    package func withFiles(_ texts: [String]) -> RunConfiguration {
        var rest = texts[...]
        return mapFiles { _, path in rest.popFirst() ?? path }
    }

    /// The data files, in the order of ``mapFiles(_:)``.
    package var files: [(flag: String, path: String)] {
        var files: [(flag: String, path: String)] = []
        _ = mapFiles { flag, path in
            files.append((flag, path))
            return path
        }
        return files
    }
}
