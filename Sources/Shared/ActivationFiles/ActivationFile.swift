package import Foundation
import Weights

/// A model's activations at one token in a safetensors file: `layer.<k>`, [d] float32, the residual stream after k
/// blocks (0 is the embedding); or at all tokens of a prompt, [tokens, d].
///
///     let file = try ActivationFile(url)
///     let activation = try file.activation(afterBlocks: 26)
package struct ActivationFile {
    private let file: TensorFile
    /// The block counts whose activations the file holds, ascending.
    package let layers: [Int]

    private static let prefix = "layer."

    private static func name(_ layer: Int) -> String { prefix + String(layer) }

    /// The block count that a tensor's name gives; nil for any other name, `layer.07` among them.
    private static func layer(_ tensor: String) -> Int? {
        guard tensor.hasPrefix(prefix), let layer = Int(tensor.dropFirst(prefix.count)), layer >= 0,
            name(layer) == tensor
        else { return nil }
        return layer
    }

    /// Opens a file.
    /// - Throws: ``ActivationFileError`` where it is missing or damaged, or holds no activation.
    package init(_ url: URL) throws(ActivationFileError) {
        file = try TensorFile(url)
        layers = file.names.compactMap(Self.layer).sorted()
        guard !layers.isEmpty else { throw file.missing(Self.prefix + "<k>") }
    }

    /// The activation after so many blocks.
    /// - Parameter dimension: the width that it has to have; nil takes any.
    /// - Throws: ``ActivationFileError`` where the file has none of that layer, or it is no such vector, or has a value
    ///   that is not finite.
    package func activation(
        afterBlocks layer: Int, dimension: Int? = nil
    ) throws(ActivationFileError) -> [Float] {
        try file.values(of: file.tensor(Self.name(layer), shape: [("d", dimension)]))
    }

    /// The activations after so many blocks at all tokens of a prompt, `[tokens][d]`.
    /// - Throws: as ``activation(afterBlocks:dimension:)``.
    package func activations(
        afterBlocks layer: Int, dimension: Int? = nil
    ) throws(ActivationFileError) -> [[Float]] {
        let tensor = try file.tensor(Self.name(layer), shape: [("tokens", nil), ("d", dimension)])
        let (values, width) = (try file.values(of: tensor), tensor.shape[1])
        return (0..<tensor.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    /// Writes activations to the file at `url`, in place of what is there.
    /// - Parameters:
    ///   - activations: of different layers.
    ///   - tokens: how many they are of each, one after the other; nil for one token's.
    /// - Returns: the names of the tensors.
    /// - Throws: `WeightError` where a layer stands twice; `StorageError`, naming the file, where writing fails.
    @discardableResult
    package static func write(
        _ activations: [(afterBlocks: Int, values: [Float])], tokens: Int? = nil, metadata: [String: String],
        to url: URL
    ) throws -> [String] {
        let tensors = activations.map { layer, values in
            let shape = tokens.map { [$0, values.count / $0] } ?? [values.count]
            return SafetensorsWriter.Tensor(name: name(layer), shape: shape, values: .float32(values))
        }
        try SafetensorsWriter.write(tensors, metadata: metadata, to: url)
        return tensors.map(\.name)
    }
}
