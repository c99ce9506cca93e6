import ModelFolders
import Tensors
import Weights

/// The weights of a model, packed for the device.
///
/// The names are those of transformers, which all families share. Embedding and head are one matrix where they are
/// tied.
struct ModelWeights: Sendable {
    struct Block: Sendable {
        /// `[hidden]`
        let attentionNorm: [Float]
        /// Parts key, value, query: `[kvHeads * d | kvHeads * d | heads * d, hidden]`
        let keyValueQuery: BiasedLinear
        /// Of a head's key and of its query, where they are normed, `[d]`
        let keyNorm, queryNorm: [Float]?
        /// `[hidden, heads * d]`
        let attentionOutput: BiasedLinear
        /// Of the attention's output, where that is normed, `[hidden]`
        let attentionOutputNorm: [Float]?
        /// `[hidden]`
        let feedForwardNorm: [Float]
        /// Parts gate, up: `[feedForward | feedForward, hidden]`
        let gateUp: BiasedLinear
        /// `[hidden, feedForward]`
        let down: BiasedLinear
        /// Of the feed-forward network's output, where that is normed, `[hidden]`
        let feedForwardOutputNorm: [Float]?
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
        let reader = Reader(files: files, device: device, normsAddOne: shape.arithmetic.normsAddOne)
        let hidden = shape.hiddenSize
        embedding = try reader.linear(inputs: hidden, [("model.embed_tokens", shape.vocabularySize)])
        var blocks: [Block] = []
        for index in 0..<shape.blockCount { blocks.append(try Block(reader, shape, name: "model.layers.\(index)")) }
        self.blocks = blocks
        finalNorm = try reader.norm("model.norm", count: hidden)
        head =
            shape.tiedEmbeddings
            ? embedding : try reader.linear(inputs: hidden, [("lm_head", shape.vocabularySize)])
    }

    fileprivate struct Reader {
        let files: WeightFiles
        let device: CPUDevice
        let normsAddOne: Bool

        func vector(_ name: String, count: Int) throws -> [Float] {
            let tensor = try files.tensor(name, shape: [count])
            let values = try tensor.floats()
            tensor.releasePages()
            return values
        }

        /// What a norm multiplies by.
        func norm(_ name: String, count: Int) throws -> [Float] {
            let weight = try vector("\(name).weight", count: count)
            return normsAddOne ? weight.map { 1 + $0 } : weight
        }

        func linear(
            inputs: Int, _ parts: [(name: String, outputs: Int)], bias: Bool
        ) throws -> BiasedLinear {
            BiasedLinear(
                weights: try linear(inputs: inputs, parts),
                biases: bias ? try parts.map { try vector("\($0.name).bias", count: $0.outputs) } : nil)
        }

        func linear(inputs: Int, _ parts: [(name: String, outputs: Int)]) throws -> PackedLinear {
            let tensors = try parts.map { try files.tensor("\($0.name).weight", shape: [$0.outputs, inputs]) }
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

/// A linear layer with the biases of its parts, where it has any.
struct BiasedLinear: Sendable {
    let weights: PackedLinear
    /// Of each part, `[outputs]`
    let biases: [[Float]]?
}

extension ModelWeights.Block {
    fileprivate init(_ reader: ModelWeights.Reader, _ shape: ModelConfiguration, name: String) throws {
        let (hidden, arithmetic) = (shape.hiddenSize, shape.arithmetic)
        let queryWidth = shape.headCount * shape.headDimension
        let keyWidth = shape.keyValueHeadCount * shape.headDimension
        let (attention, feedForward) = ("\(name).self_attn", "\(name).mlp")
        /// A norm that some families have.
        func norm(_ name: String, _ count: Int, if present: Bool) throws -> [Float]? {
            present ? try reader.norm(name, count: count) : nil
        }

        attentionNorm = try reader.norm("\(name).input_layernorm", count: hidden)
        keyValueQuery = try reader.linear(
            inputs: hidden,
            [
                ("\(attention).k_proj", keyWidth), ("\(attention).v_proj", keyWidth),
                ("\(attention).q_proj", queryWidth),
            ], bias: arithmetic.queryKeyValueBias)
        keyNorm = try norm("\(attention).k_norm", shape.headDimension, if: arithmetic.queryKeyNorm)
        queryNorm = try norm("\(attention).q_norm", shape.headDimension, if: arithmetic.queryKeyNorm)
        attentionOutput = try reader.linear(
            inputs: queryWidth, [("\(attention).o_proj", hidden)], bias: arithmetic.attentionOutputBias)
        // What Llama calls the norm after attention stands before the feed-forward network; where the attention's
        // output has a norm of its own, that has the name.
        attentionOutputNorm = try norm("\(name).post_attention_layernorm", hidden, if: arithmetic.outputNorms)
        feedForwardNorm = try reader.norm(
            arithmetic.outputNorms ? "\(name).pre_feedforward_layernorm" : "\(name).post_attention_layernorm",
            count: hidden)
        gateUp = try reader.linear(
            inputs: hidden,
            [("\(feedForward).gate_proj", shape.feedForwardSize), ("\(feedForward).up_proj", shape.feedForwardSize)],
            bias: arithmetic.feedForwardBias)
        down = try reader.linear(
            inputs: shape.feedForwardSize, [("\(feedForward).down_proj", hidden)], bias: arithmetic.feedForwardBias)
        feedForwardOutputNorm = try norm("\(name).post_feedforward_layernorm", hidden, if: arithmetic.outputNorms)
    }
}

extension LinearPart {
    /// The whole of a stored matrix. Its mapping outlives the part only while `tensor` does.
    fileprivate init(outputs: Int, tensor: StoredTensor) {
        self.init(outputs: outputs, scalar: tensor.scalar, bytes: tensor.withBytes { $0 })
    }
}
