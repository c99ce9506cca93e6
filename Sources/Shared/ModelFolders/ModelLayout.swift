/// The tensors that a model is made of: their names, which are those of transformers and shared by all families, and
/// the shapes that its configuration gives them.
package struct ModelLayout: Sendable {
    /// A norm's weight, or a bias.
    package struct Vector: Sendable {
        package let name: String
        package let count: Int
    }

    /// Matrices `[outputs, inputs]` that are multiplied with the same input.
    package struct Linear: Sendable {
        package struct Part: Sendable {
            /// Without `.weight` and `.bias`.
            package let name: String
            package let outputs: Int
        }
        package let inputs: Int
        package let parts: [Part]
        package let hasBias: Bool
    }

    package struct Block: Sendable {
        package let attentionNorm: Vector
        /// Parts key, value, query.
        package let keyValueQuery: Linear
        /// Of a head's key and of its query, where they are normed.
        package let keyNorm, queryNorm: Vector?
        package let attentionOutput: Linear
        /// Of the attention's output, where that is normed.
        package let attentionOutputNorm: Vector?
        package let feedForwardNorm: Vector
        /// Parts gate, up.
        package let gateUp: Linear
        package let down: Linear
        /// Of the feed-forward network's output, where that is normed.
        package let feedForwardOutputNorm: Vector?
    }

    /// A tensor as a file holds it.
    package struct Tensor: Hashable, Sendable {
        package let name: String
        package let shape: [Int]
    }

    package let embedding: Linear
    package let blocks: [Block]
    package let finalNorm: Vector
    /// Nil where the embedding is the head.
    package let head: Linear?

    package init(_ shape: ModelConfiguration) {
        let (hidden, vocabulary) = (shape.hiddenSize, shape.vocabularySize)
        embedding = Linear(hidden, [("model.embed_tokens", vocabulary)])
        blocks = (0..<shape.blockCount).map { Block(shape, name: "model.layers.\($0)") }
        finalNorm = Vector(name: "model.norm.weight", count: hidden)
        head = shape.tiedEmbeddings ? nil : Linear(hidden, [("lm_head", vocabulary)])
    }

    /// All tensors, in the order of the computation.
    package var tensors: [Tensor] {
        embedding.tensors + blocks.flatMap(\.tensors) + [finalNorm.tensor] + (head?.tensors ?? [])
    }
}

extension ModelLayout.Block {
    fileprivate init(_ shape: ModelConfiguration, name: String) {
        let (hidden, arithmetic) = (shape.hiddenSize, shape.arithmetic)
        let queryWidth = shape.headCount * shape.headDimension
        let keyWidth = shape.keyValueHeadCount * shape.headDimension
        let (attention, feedForward) = ("\(name).self_attn", "\(name).mlp")
        func norm(_ part: String, _ count: Int) -> ModelLayout.Vector {
            ModelLayout.Vector(name: "\(part).weight", count: count)
        }

        attentionNorm = norm("\(name).input_layernorm", hidden)
        keyValueQuery = ModelLayout.Linear(
            hidden,
            [
                ("\(attention).k_proj", keyWidth), ("\(attention).v_proj", keyWidth),
                ("\(attention).q_proj", queryWidth),
            ], bias: arithmetic.queryKeyValueBias)
        keyNorm = arithmetic.queryKeyNorm ? norm("\(attention).k_norm", shape.headDimension) : nil
        queryNorm = arithmetic.queryKeyNorm ? norm("\(attention).q_norm", shape.headDimension) : nil
        attentionOutput = ModelLayout.Linear(
            queryWidth, [("\(attention).o_proj", hidden)], bias: arithmetic.attentionOutputBias)
        // What Llama calls the norm after attention stands before the feed-forward network; where the attention's
        // output has a norm of its own, that has the name.
        attentionOutputNorm = arithmetic.outputNorms ? norm("\(name).post_attention_layernorm", hidden) : nil
        feedForwardNorm = norm(
            arithmetic.outputNorms ? "\(name).pre_feedforward_layernorm" : "\(name).post_attention_layernorm", hidden)
        gateUp = ModelLayout.Linear(
            hidden,
            [("\(feedForward).gate_proj", shape.feedForwardSize), ("\(feedForward).up_proj", shape.feedForwardSize)],
            bias: arithmetic.feedForwardBias)
        down = ModelLayout.Linear(
            shape.feedForwardSize, [("\(feedForward).down_proj", hidden)], bias: arithmetic.feedForwardBias)
        feedForwardOutputNorm = arithmetic.outputNorms ? norm("\(name).post_feedforward_layernorm", hidden) : nil
    }

    fileprivate var tensors: [ModelLayout.Tensor] {
        let norms = [
            attentionNorm, keyNorm, queryNorm, attentionOutputNorm, feedForwardNorm, feedForwardOutputNorm,
        ]
        return [keyValueQuery, attentionOutput, gateUp, down].flatMap(\.tensors) + norms.compactMap { $0?.tensor }
    }
}

extension ModelLayout.Linear {
    fileprivate init(_ inputs: Int, _ parts: [(name: String, outputs: Int)], bias: Bool = false) {
        self.init(
            inputs: inputs, parts: parts.map { Part(name: $0.name, outputs: $0.outputs) }, hasBias: bias)
    }

    /// The biases, where there are any.
    package var biases: [ModelLayout.Vector]? {
        hasBias ? parts.map { ModelLayout.Vector(name: "\($0.name).bias", count: $0.outputs) } : nil
    }

    /// The matrices, in the order of the parts.
    package var weights: [ModelLayout.Tensor] {
        parts.map { ModelLayout.Tensor(name: "\($0.name).weight", shape: [$0.outputs, inputs]) }
    }

    fileprivate var tensors: [ModelLayout.Tensor] { weights + (biases ?? []).map(\.tensor) }
}

extension ModelLayout.Vector {
    fileprivate var tensor: ModelLayout.Tensor { ModelLayout.Tensor(name: name, shape: [count]) }
}
