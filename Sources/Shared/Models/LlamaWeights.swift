import ModelFolders
import Tensors
import Weights

/// The weights of a Llama model, packed for the device.
///
/// The names are those of transformers' `LlamaForCausalLM`. Embedding and head are one matrix where they are tied.
struct LlamaWeights: Sendable {
    struct Block: Sendable {
        /// `[hidden]`
        let attentionNorm: [Float]
        /// Parts key, value, query: `[kvHeads * d | kvHeads * d | heads * d, hidden]`
        let keyValueQuery: PackedLinear
        /// `[hidden, heads * d]`
        let attentionOutput: PackedLinear
        /// `[hidden]`
        let feedForwardNorm: [Float]
        /// Parts gate, up: `[feedForward | feedForward, hidden]`
        let gateUp: PackedLinear
        /// `[hidden, feedForward]`
        let down: PackedLinear
    }

    /// `[vocabulary, hidden]`: an embedding is an output's row.
    let embedding: PackedLinear
    let blocks: [Block]
    /// `[hidden]`
    let finalNorm: [Float]
    /// `[vocabulary, hidden]`
    let head: PackedLinear

    /// Reads and packs all tensors. Each one's pages are given back once it is packed, so that no more than one
    /// layer's weights are held twice.
    init(_ files: WeightFiles, _ shape: ModelConfiguration, device: CPUDevice) throws {
        let reader = Reader(files: files, device: device)
        let hidden = shape.hiddenSize
        let queryWidth = shape.headCount * shape.headDimension
        let keyWidth = shape.keyValueHeadCount * shape.headDimension

        embedding = try reader.linear(inputs: hidden, [("model.embed_tokens.weight", shape.vocabularySize)])
        var blocks: [Block] = []
        for index in 0..<shape.blockCount {
            let name = "model.layers.\(index)"
            let attention = "\(name).self_attn"
            blocks.append(
                Block(
                    attentionNorm: try reader.vector("\(name).input_layernorm.weight", count: hidden),
                    keyValueQuery: try reader.linear(
                        inputs: hidden,
                        [
                            ("\(attention).k_proj.weight", keyWidth), ("\(attention).v_proj.weight", keyWidth),
                            ("\(attention).q_proj.weight", queryWidth),
                        ]),
                    attentionOutput: try reader.linear(inputs: queryWidth, [("\(attention).o_proj.weight", hidden)]),
                    feedForwardNorm: try reader.vector("\(name).post_attention_layernorm.weight", count: hidden),
                    gateUp: try reader.linear(
                        inputs: hidden,
                        [
                            ("\(name).mlp.gate_proj.weight", shape.feedForwardSize),
                            ("\(name).mlp.up_proj.weight", shape.feedForwardSize),
                        ]),
                    down: try reader.linear(
                        inputs: shape.feedForwardSize, [("\(name).mlp.down_proj.weight", hidden)])))
        }
        self.blocks = blocks
        finalNorm = try reader.vector("model.norm.weight", count: hidden)
        head =
            shape.tiedEmbeddings
            ? embedding : try reader.linear(inputs: hidden, [("lm_head.weight", shape.vocabularySize)])
    }

    private struct Reader {
        let files: WeightFiles
        let device: CPUDevice

        func vector(_ name: String, count: Int) throws -> [Float] {
            let tensor = try files.tensor(name, shape: [count])
            let values = try tensor.floats()
            tensor.releasePages()
            return values
        }

        func linear(inputs: Int, _ parts: [(name: String, outputs: Int)]) throws -> PackedLinear {
            let tensors = try parts.map { try files.tensor($0.name, shape: [$0.outputs, inputs]) }
            let stored = zip(parts, tensors).map { LinearPart(outputs: $0.outputs, tensor: $1) }
            do {
                let packed = try PackedLinear(inputs: inputs, parts: stored, device: device)
                for tensor in tensors { tensor.releasePages() }
                return packed
            } catch {
                throw Self.named(error, tensors)
            }
        }

        /// The error with the file and tensor that it is about, where it is about one.
        private static func named(_ error: TensorError, _ tensors: [StoredTensor]) -> any Error {
            guard case .notFinite(let part, let index) = error else { return error }
            return WeightError.notFinite(path: tensors[part].path, tensor: tensors[part].name, index: index)
        }
    }
}

extension LinearPart {
    /// The whole of a stored matrix. Its mapping outlives the part only while `tensor` does.
    fileprivate init(outputs: Int, tensor: StoredTensor) {
        self.init(outputs: outputs, scalar: tensor.scalar, bytes: tensor.withBytes { $0 })
    }
}
