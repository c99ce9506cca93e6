package import Foundation
package import Run
import Weights

/// A W in a safetensors file: `proj.weight`, [d_B, d_A] float32, which PyTorch's `nn.Linear(bias=False)` loads, with
/// what it was trained on and how as metadata.
package enum ProjectionFile {
    /// The tensor's name.
    package static let tensor = "proj.weight"
    private static let bias = "proj.bias"

    /// Hands the bytes of W's file to `piece`, one after the other.
    package static func write(
        _ w: FloatMatrix, metadata: [String: String], _ piece: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let tensor = SafetensorsWriter.Tensor(
            name: tensor, shape: [w.rows, w.columns], values: .float32(w.values))
        try SafetensorsWriter.write([tensor], metadata: metadata, piece)
    }

    /// Reads W, [d_B, d_A], of any floating-point type that weights may have: `proj.weight`, or the only tensor of a
    /// file, as it is where PyTorch's layer was saved by itself (`weight`) or as part of another module.
    /// - Parameters:
    ///   - dimensionA: the width that W has to take; nil takes any.
    ///   - dimensionB: the width that W has to give; nil takes any.
    /// - Throws: ``ActivationFileError`` where the file or the tensor is missing or damaged, is no such matrix, or has
    ///   a value that is not finite, or where a bias belongs to it.
    package static func read(
        _ url: URL, dimensionA: Int? = nil, dimensionB: Int? = nil
    ) throws(ActivationFileError) -> FloatMatrix {
        let file = try TensorFile(url)
        let names = file.names
        if names.contains(bias) { throw .bias(path: url.path, tensor: bias) }
        let only = names.count == 1 && (names[0] == "weight" || names[0].hasSuffix(".weight")) ? names[0] : nil
        let stored = try file.tensor(only ?? tensor, shape: [("d_B", dimensionB), ("d_A", dimensionA)])
        return FloatMatrix(rows: stored.shape[0], columns: stored.shape[1], values: try file.values(of: stored))
    }

    /// What a file says of how its W was made.
    package static func metadata(_ url: URL) throws(ActivationFileError) -> [String: String] {
        try TensorFile(url).metadata
    }
}
