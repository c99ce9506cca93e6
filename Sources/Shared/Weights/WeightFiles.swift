package import Foundation

/// A model's tensors, over one file or several shards, looked up by name and checked for shape.
package struct WeightFiles: Sendable {
    package let files: [SafetensorsFile]
    private let fileOfName: [String: Int]
    /// Names that tensors are asked for by, where the files have them under others.
    private var storedNames: [String: String] = [:]

    /// Opens `urls`. A tensor that is in two of them is an error.
    package init(_ urls: [URL]) throws(WeightError) {
        var files: [SafetensorsFile] = []
        var fileOfName: [String: Int] = [:]
        for url in urls {
            let file = try SafetensorsFile(url)
            for name in file.names {
                if let other = fileOfName.updateValue(files.count, forKey: name) {
                    throw .duplicate(tensor: RawEntry.shown(name), first: files[other].url.path, second: url.path)
                }
            }
            files.append(file)
        }
        self.files = files
        self.fileOfName = fileOfName
    }

    /// The names of all tensors, sorted.
    package var names: [String] { fileOfName.keys.sorted() }

    /// Whether a file has a tensor of that very name.
    package func contains(_ name: String) -> Bool { fileOfName[name] != nil }

    /// The same files, of which a tensor may be asked for by another name.
    /// - Parameter names: what a tensor has to be called, and what it is called in the files.
    package func renaming(_ names: [String: String]) -> WeightFiles {
        var renamed = self
        renamed.storedNames.merge(names) { $1 }
        return renamed
    }

    /// What a tensor that is asked for as `name` is called in the files.
    package func storedName(of name: String) -> String { storedNames[name] ?? name }

    /// The tensor `name`, which must have the shape `shape`.
    package func tensor(_ name: String, shape: [Int]) throws(WeightError) -> StoredTensor {
        let stored = storedName(of: name)
        guard let index = fileOfName[stored], let tensor = try files[index].tensor(stored) else {
            throw .missing(tensor: name, files: files.map(\.url.path).joined(separator: ", "))
        }
        guard tensor.shape == shape else {
            throw .wrongShape(path: tensor.path, tensor: stored, expected: shape, found: tensor.shape)
        }
        return tensor
    }
}
