import Foundation
import ModelFolders
import Run

/// A model of random weights in the shape of a known one.
struct RandomShape {
    let name: String
    let hidden, blocks, heads, keyValueHeads, headDimension, feedForward, vocabulary: Int

    static let llama8B = RandomShape(
        name: "8B", hidden: 4096, blocks: 32, heads: 32, keyValueHeads: 8, headDimension: 128, feedForward: 14336,
        vocabulary: 128_256)
    static let llama3B = RandomShape(
        name: "3B", hidden: 3072, blocks: 28, heads: 24, keyValueHeads: 8, headDimension: 128, feedForward: 8192,
        vocabulary: 128_256)
    static let tiny = RandomShape(
        name: "tiny", hidden: 128, blocks: 2, heads: 4, keyValueHeads: 2, headDimension: 32, feedForward: 192,
        vocabulary: 512)

    /// Weights of a block's linear layers.
    var blockWeights: Int {
        hidden * headDimension * (2 * heads + 2 * keyValueHeads) + 3 * hidden * feedForward
    }

    /// Writes the folder, with a head of its own and weights of bfloat16.
    func write(to folder: URL) throws -> ModelFolder {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let config = folder.appendingPathComponent("config.json")
        try Data(
            """
            {"model_type": "llama", "hidden_size": \(hidden), "num_hidden_layers": \(blocks),
            "num_attention_heads": \(heads), "num_key_value_heads": \(keyValueHeads), "head_dim": \(headDimension),
            "intermediate_size": \(feedForward), "vocab_size": \(vocabulary), "max_position_embeddings": 8192,
            "rope_theta": 500000.0, "tie_word_embeddings": false}
            """.utf8
        ).write(to: config)
        try writeWeights(
            ModelLayout(try ModelConfiguration(config: config)).tensors,
            to: folder.appendingPathComponent("model.safetensors"))
        return try ModelFolder(path: folder.path)
    }

    private func writeWeights(_ tensors: [ModelLayout.Tensor], to file: URL) throws {
        var (entries, end): ([String], Int) = ([], 0)
        for tensor in tensors {
            let bytes = tensor.shape.reduce(2, *)
            let shape = tensor.shape.map(String.init).joined(separator: ", ")
            entries.append(
                "\"\(tensor.name)\": {\"dtype\": \"BF16\", \"shape\": [\(shape)], \"data_offsets\": [\(end), \(end + bytes)]}"
            )
            end += bytes
        }
        var header = "{" + entries.joined(separator: ", ") + "}"
        header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) })
        try handle.write(contentsOf: Data(header.utf8))
        // The same numbers again and again: they are as random as a kernel can tell.
        let piece = randomPiece()
        var left = end
        while left > 0 {
            try handle.write(contentsOf: piece.prefix(min(left, piece.count)))
            left -= piece.count
        }
        try handle.close()
    }

    /// 62 MB of values of bfloat16 of either sign from 1/64 to 1/32.
    private func randomPiece() -> Data {
        var state: UInt64 = 1
        let words = (0..<8_123_457).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return ((state ^ state >> 29) & 0x807f_807f_807f_807f) | 0x3c80_3c80_3c80_3c80
        }
        return words.withUnsafeBytes { Data($0) }
    }
}
