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
}

extension RunConfiguration {
    /// The same with other texts in place of the data files' paths: those of C4, then the tasks' by the tasks' names,
    /// then the W's.
    package func mapFiles(_ transform: (_ flag: String, _ path: String) throws -> String) rethrows -> RunConfiguration {
        var mapped = self
        mapped.training.files = try training.files.map { try transform("c4", $0) }
        for (task, path) in evaluation.files.sorted(by: { $0.key < $1.key }) {
            mapped.evaluation.files[task] = try transform(task, path)
        }
        if case .files(let files) = projection {
            mapped.projection = .files(try files.map { try transform("projection", $0) })
        }
        return mapped
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
