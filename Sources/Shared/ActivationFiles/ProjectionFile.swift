package import Foundation
package import Run
import Weights

/// A W in a safetensors file: `proj.weight`, [d_B, d_A] float32, and where it has one `proj.bias`, [d_B], which PyTorch's
/// `nn.Linear` loads, with what it was trained on and how as metadata.
package enum ProjectionFile {
    /// The tensor's name.
    package static let tensor = "proj.weight"
    private static let bias = "proj.bias"

    /// Hands the bytes of W's file to `piece`, one after the other.
    /// - Parameters:
    ///   - w: [d_B, d_A], or with the bias as its last column [d_B, d_A + 1].
    ///   - hasBias: whether that is so.
    package static func write(
        _ w: FloatMatrix, hasBias: Bool = false, metadata: [String: String],
        _ piece: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let width = w.columns - (hasBias ? 1 : 0)
        let values = hasBias ? (0..<w.rows).flatMap { w[row: $0].prefix(width) } : w.values
        var tensors = [SafetensorsWriter.Tensor(name: tensor, shape: [w.rows, width], values: .float32(values))]
        if hasBias {
            let values = (0..<w.rows).map { w.values[($0 + 1) * w.columns - 1] }
            tensors.append(SafetensorsWriter.Tensor(name: bias, shape: [w.rows], values: .float32(values)))
        }
        try SafetensorsWriter.write(tensors, metadata: metadata, piece)
    }

    /// Reads W, of any floating-point type that weights may have: `proj.weight` with `proj.bias` where there is one, or
    /// the only tensor of a file, as it is where PyTorch's layer was saved by itself (`weight`) or as part of another
    /// module.
    /// - Parameters:
    ///   - dimensionA: the width that W has to take; nil takes any.
    ///   - dimensionB: the width that W has to give; nil takes any.
    /// - Throws: ``ActivationFileError`` where the file or the tensor is missing or damaged, is no such matrix, or has
    ///   a value that is not finite.
    /// - Returns: [d_B, d_A], or with a bias as its last column [d_B, d_A + 1].
    package static func read(
        _ url: URL, dimensionA: Int? = nil, dimensionB: Int? = nil
    ) throws(ActivationFileError) -> FloatMatrix {
        let file = try TensorFile(url)
        let names = file.names
        let only = names.count == 1 && (names[0] == "weight" || names[0].hasSuffix(".weight")) ? names[0] : nil
        let stored = try file.tensor(only ?? tensor, shape: [("d_B", dimensionB), ("d_A", dimensionA)])
        let w = FloatMatrix(rows: stored.shape[0], columns: stored.shape[1], values: try file.values(of: stored))
        guard names.contains(bias) else { return w }
        let added = try file.values(of: file.tensor(bias, shape: [("d_B", w.rows)]))
        return FloatMatrix(
            rows: w.rows, columns: w.columns + 1, values: (0..<w.rows).flatMap { w[row: $0] + [added[$0]] })
    }

    /// What a file says of how its W was made.
    package static func metadata(_ url: URL) throws(ActivationFileError) -> [String: String] {
        try TensorFile(url).metadata
    }
}
