import Console
import Foundation

/// The shape of a model that is measured. The weights are random: speed does not depend on them.
struct BenchmarkModel {
    enum Storage: String {
        case float32
        case bfloat16
    }

    /// What tables call it.
    let name: String
    let storage: Storage
    let hiddenSize: Int
    let feedForwardSize: Int
    let blockCount: Int
    let headCount: Int
    let keyValueHeadCount: Int
    let vocabularySize: Int
    let maximumPositions: Int

    /// The shape of Llama 3.2 1B.
    static let m = BenchmarkModel(
        name: "M", storage: .bfloat16, hiddenSize: 2048, feedForwardSize: 8192, blockCount: 16, headCount: 32,
        keyValueHeadCount: 8, vocabularySize: 128_256, maximumPositions: 2048)
    /// 15 million parameters, as small story models have.
    static func s(_ storage: Storage) -> BenchmarkModel {
        BenchmarkModel(
            name: "S", storage: storage, hiddenSize: 288, feedForwardSize: 768, blockCount: 6, headCount: 6,
            keyValueHeadCount: 6, vocabularySize: 32_000, maximumPositions: 1024)
    }

    private var keyValueWidth: Int { hiddenSize / headCount * keyValueHeadCount }

    /// Names and shapes of the tensors, as transformers names them; embedding and head are one.
    private var tensors: [(name: String, shape: [Int])] {
        var result = [("model.embed_tokens.weight", [vocabularySize, hiddenSize])]
        for block in 0..<blockCount {
            let prefix = "model.layers.\(block)"
            result += [
                ("\(prefix).input_layernorm.weight", [hiddenSize]),
                ("\(prefix).self_attn.q_proj.weight", [hiddenSize, hiddenSize]),
                ("\(prefix).self_attn.k_proj.weight", [keyValueWidth, hiddenSize]),
                ("\(prefix).self_attn.v_proj.weight", [keyValueWidth, hiddenSize]),
                ("\(prefix).self_attn.o_proj.weight", [hiddenSize, hiddenSize]),
                ("\(prefix).post_attention_layernorm.weight", [hiddenSize]),
                ("\(prefix).mlp.gate_proj.weight", [feedForwardSize, hiddenSize]),
                ("\(prefix).mlp.up_proj.weight", [feedForwardSize, hiddenSize]),
                ("\(prefix).mlp.down_proj.weight", [hiddenSize, feedForwardSize]),
            ]
        }
        return result + [("model.norm.weight", [hiddenSize])]
    }

    private var scalarBytes: Int { storage == .float32 ? 4 : 2 }

    /// Bytes of the weights.
    var weightBytes: Int { tensors.reduce(0) { $0 + $1.shape.reduce(1, *) } * scalarBytes }

    /// Weights that a token is multiplied with in the blocks.
    var blockWeights: Int {
        blockCount * (2 * hiddenSize * hiddenSize + 2 * hiddenSize * keyValueWidth + 3 * hiddenSize * feedForwardSize)
    }

    /// Operations on `count` tokens, read as sequences of `length`, of the last of which the head is computed: in the
    /// linear layers, and in attention.
    func operations(tokens count: Int, length: Int) -> Double {
        let linear = 2 * Double(blockWeights) * Double(count)
        let attention = 4 * Double(hiddenSize) * Double(blockCount) * Double(count) * Double(length + 1) / 2
        let head = 2 * Double(hiddenSize * vocabularySize) * Double(count) / Double(length)
        return linear + attention + head
    }

    private var configuration: String {
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": \
        \(hiddenSize), "intermediate_size": \(feedForwardSize), "num_hidden_layers": \(blockCount), \
        "num_attention_heads": \(headCount), "num_key_value_heads": \(keyValueHeadCount), "head_dim": \
        \(hiddenSize / headCount), "vocab_size": \(vocabularySize), "max_position_embeddings": \(maximumPositions), \
        "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": true, "bos_token_id": 1, \
        "eos_token_id": 2, "torch_dtype": "\(storage.rawValue)"}
        """
    }

    /// The model's folder in `place`, written if it is not there yet.
    func folder(in place: URL) throws -> URL {
        let folder = place.appendingPathComponent("\(name)-\(storage.rawValue)")
        if !FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.safetensors").path) {
            Terminal.error.writeLine("writing \(folder.path)")
            try write(to: folder)
        }
        return folder
    }

    /// Writes the model's folder: random weights of a size at which activations neither vanish nor grow, norms of 1.
    private func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(configuration.utf8).write(to: folder.appendingPathComponent("config.json"))
        var offset = 0
        let fields = tensors.map { tensor in
            let begin = offset
            offset += tensor.shape.reduce(1, *) * scalarBytes
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let type = storage == .float32 ? "F32" : "BF16"
            return
                "\"\(tensor.name)\":{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(offset)]}"
        }
        var header = Data("{\(fields.joined(separator: ","))}".utf8)
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
        let path = folder.appendingPathComponent("model.safetensors")
        guard FileManager.default.createFile(atPath: path.path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        let file = try FileHandle(forWritingTo: path)
        defer { try? file.close() }
        try file.write(contentsOf: withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header)
        var state: UInt64 = 88_172_645_463_325_252
        for tensor in tensors {
            let isNorm = tensor.shape.count == 1
            var rest = tensor.shape.reduce(1, *)
            while rest > 0 {
                let count = min(rest, 1 << 22)
                try file.write(contentsOf: values(count, isNorm: isNorm, &state))
                rest -= count
            }
        }
    }

    /// Values of either sign with magnitudes 2^-7…2^-5, or ones.
    private func values(_ count: Int, isNorm: Bool, _ state: inout UInt64) -> Data {
        func bits() -> UInt16 {
            if isNorm { return 0x3f80 }
            // Marsaglia, Xorshift RNGs (2003).
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return 0x3c00 + UInt16(truncatingIfNeeded: state >> 20) % 256 | UInt16(truncatingIfNeeded: state >> 40)
                << 15
        }
        if storage == .bfloat16 { return (0..<count).map { _ in bits() }.withUnsafeBytes { Data($0) } }
        return (0..<count).map { _ in UInt32(bits()) << 16 }.withUnsafeBytes { Data($0) }
    }
}
