/// y = x / √(mean(x²) + ε) · weight (Zhang & Sennrich, arXiv:1910.07467). The mean square is a sum of 16 partial sums
/// of fused multiply-adds.
struct RMSNorm: Sendable {
    /// `[width]`
    let weight: Vector
    let epsilon: Float

    func callAsFunction(_ x: Vector) -> Vector {
        let squares = sixteenPartialSums(of: x) { $0.addProduct($1, $1) }
        let scale = 1 / (squares / Float(x.count) + epsilon).squareRoot()
        return zip(x, weight).map { $0 * scale * $1 }
    }
}

/// y = W·x + bias: each output is one chain over its inputs, to which the bias is added.
struct Linear: Sendable {
    /// W, `[outputs][inputs]`, widened to float32, which is exact.
    let weights: [Vector]
    /// `[outputs]`
    let bias: Vector?
    /// Whether the inputs are rounded to bfloat16 and the sums are those of bfloat16 values.
    let isBFloat16: Bool

    /// - Parameter roundsInputs: whether W is stored as bfloat16 and the compute type is bfloat16.
    init(_ weights: [Vector], bias: Vector?, roundsInputs: Bool) {
        self.weights = roundsInputs ? weights.map { $0.map(withoutSubnormals) } : weights
        self.bias = bias
        isBFloat16 = roundsInputs
    }

    /// W·x
    func product(_ x: Vector) -> Vector {
        guard isBFloat16 else { return weights.map { chain(x, $0) } }
        let inputs = x.map { withoutSubnormals(rounded($0)) }
        return weights.map { bfloat16Chain(inputs, $0) }
    }

    func callAsFunction(_ x: Vector) -> Vector { bias.map { product(x) .+ $0 } ?? product(x) }

    /// What a block adds to the stream: (stream + W·x) + bias, or stream + norm(W·x + bias) where there is a norm.
    func added(to stream: Vector, of x: Vector, norm: RMSNorm?) -> Vector {
        if let norm { return stream .+ norm(self(x)) }
        let sum = stream .+ product(x)
        return bias.map { sum .+ $0 } ?? sum
    }
}
