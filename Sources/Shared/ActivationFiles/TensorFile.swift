import Foundation
import Weights

/// A safetensors file whose tensors are asked for by name and shape.
struct TensorFile {
    private let file: SafetensorsFile

    init(_ url: URL) throws(ActivationFileError) {
        if Self.isPickle(url) { throw .pickle(path: url.path) }
        file = try reading { () throws(WeightError) in try SafetensorsFile(url) }
    }

    var names: [String] { file.names }
    var metadata: [String: String] { file.metadata }

    /// Whether a file begins as what `torch.save` writes: a zip archive, or in older versions a pickle.
    private static func isPickle(_ url: URL) -> Bool {
        guard let handle = try? FileHandle(forReadingFrom: url) else { return false }
        defer { try? handle.close() }
        let head = [UInt8]((try? handle.read(upToCount: 4)) ?? Data())
        // A safetensors file begins with the length of its header, which is far shorter than this would say.
        return head == Array("PK\u{3}\u{4}".utf8) || head == [0x80, 2, 0x8a, 0x0a]
    }

    /// A tensor of this many dimensions, not read yet.
    /// - Parameter shape: what each dimension is called, and its size where that is known.
    func tensor(
        _ name: String, shape: [(name: String, size: Int?)]
    ) throws(ActivationFileError) -> StoredTensor {
        let found = try reading { () throws(WeightError) in try file.tensor(name) }
        guard let found else { throw missing(name) }
        let fits =
            found.shape.count == shape.count
            && zip(found.shape, shape).allSatisfy { size, expected in size == expected.size ?? size }
        guard fits else {
            let expected = shape.map { $0.size.map(String.init) ?? $0.name }.joined(separator: ", ")
            throw .shape(path: file.url.path, tensor: name, expected: "[\(expected)]", found: found.shape)
        }
        return found
    }

    /// A tensor's values as float32, all of them finite.
    func values(of tensor: StoredTensor) throws(ActivationFileError) -> [Float] {
        try reading { () throws(WeightError) in try tensor.floats() }
    }

    /// What the file has instead of a tensor.
    func missing(_ name: String) -> ActivationFileError {
        .missing(path: file.url.path, tensor: name, found: file.names)
    }
}

private func reading<Value>(_ body: () throws(WeightError) -> Value) throws(ActivationFileError) -> Value {
    do throws(WeightError) {
        return try body()
    } catch {
        throw .unusable(error)
    }
}
