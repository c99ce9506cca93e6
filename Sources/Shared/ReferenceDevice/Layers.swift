/// y = x / √(mean(x²) + ε) · weight (Zhang & Sennrich, arXiv:1910.07467). The mean square is a sum of 16 partial sums
/// of fused multiply-adds.
struct RMSNorm: Sendable {
    /// `[width]`
    let weight: Vector
    let epsilon: Float

    func callAsFunction(_ x: Vector) -> Vector {
        let squares: Float = sixteenPartialSums(of: x) { $0.addProduct($1, $1) }
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
    /// Where the inputs are rounded to bfloat16, how their products are summed.
    let sums: BFloat16Sums?

    /// - Parameter sums: where W is stored as bfloat16 and the compute type is bfloat16.
    init(_ weights: [Vector], bias: Vector?, sums: BFloat16Sums?) {
        self.weights = sums.map { sums in weights.map(sums.operands) } ?? weights
        self.bias = bias
        self.sums = sums
    }

    /// W·x
    func product(_ x: Vector) -> Vector {
        guard let sums else { return weights.map { chain(x, $0) } }
        let inputs = sums.operands(x.map(rounded))
        return weights.map { sums.sum(inputs, $0) }
    }

    func callAsFunction(_ x: Vector) -> Vector { bias.map { product(x) .+ $0 } ?? product(x) }

    /// What a block adds to the stream: (stream + W·x) + bias, or stream + norm(W·x + bias) where there is a norm.
    func added(to stream: Vector, of x: Vector, norm: RMSNorm?) -> Vector {
        if let norm { return stream .+ norm(self(x)) }
        let sum = stream .+ product(x)
        return bias.map { sum .+ $0 } ?? sum
    }
}
