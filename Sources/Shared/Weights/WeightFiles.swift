package import Foundation

/// A model's tensors, over one file or several shards, looked up by name and checked for shape.
package struct WeightFiles: Sendable {
    package let files: [SafetensorsFile]
    private let fileOfName: [String: Int]

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

    /// The tensor `name`, which must have the shape `shape`.
    package func tensor(_ name: String, shape: [Int]) throws(WeightError) -> StoredTensor {
        guard let index = fileOfName[name], let tensor = try files[index].tensor(name) else {
            throw .missing(tensor: name, files: files.map(\.url.path).joined(separator: ", "))
        }
        guard tensor.shape == shape else {
            throw .wrongShape(path: tensor.path, tensor: name, expected: shape, found: tensor.shape)
        }
        return tensor
    }
}
