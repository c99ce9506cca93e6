/// What a model's blocks compute, beyond the plain Llama block
///
///     x += attention(norm(x));  x += feedForward(norm(x))
///
/// with RMS norms, rotary positions, grouped heads and a gated feed-forward network. The families differ in what
/// stands here and in nothing else.
package struct ModelArithmetic: Hashable, Sendable {
    package enum Activation: String, Hashable, Sendable {
        /// z / (1 + exp(-z))
        case silu
        /// The tanh approximation of GELU.
        case geluTanh = "gelu_pytorch_tanh"
    }

    /// What the gate goes through in the feed-forward network.
    package var activation = Activation.silu
    /// Query, key and value have a bias.
    package var queryKeyValueBias = false
    /// The attention's output has a bias.
    package var attentionOutputBias = false
    /// Gate, up and down have a bias.
    package var feedForwardBias = false
    /// Each head's query and key go through an RMS norm before they are rotated.
    package var queryKeyNorm = false
    /// The outputs of attention and feed-forward network go through a norm before they are added to the stream.
    package var outputNorms = false
    /// Norms multiply by 1 + weight instead of by weight.
    package var normsAddOne = false
    /// The embedding is multiplied by the square root of the hidden size.
    package var scalesEmbedding = false
    /// A query's products with the keys are divided by the square root of this.
    package var attentionDivisor: Double
    /// A scaled product s becomes cap * tanh(s / cap).
    package var attentionSoftCap: Double?
    /// A logit z becomes cap * tanh(z / cap).
    package var logitSoftCap: Double?
    /// Of each block, how many positions a query sees, its own among them; nil for all before it.
    package var windows: [Int?]

    /// The plain block, in `blockCount` blocks with heads of `headDimension` coordinates.
    init(blockCount: Int, headDimension: Int) {
        attentionDivisor = Double(headDimension)
        windows = Array(repeating: nil, count: blockCount)
    }
}
