/// What a worker returns for a unit: a function of the unit alone, bit for bit.
package enum UnitResult: Hashable, Sendable {
    case extract(ExtractResult)
    case train(TrainResult)
    case trainRows(TrainRowsResult)
    case similarity(SimilarityResult)
    case evaluate(EvaluateResult)
}

/// The final-token activations of an ``ExtractUnit``'s texts.
package struct ExtractResult: Hashable, Sendable {
    /// [texts, d_A]: A's residual stream after block k.
    package var a: FloatMatrix
    /// [texts, d_B]: B's residual stream after block j.
    package var b: FloatMatrix

    package init(a: FloatMatrix, b: FloatMatrix) {
        self.a = a
        self.b = b
    }
}

/// The loss and gradient of a ``TrainUnit``'s rows.
package struct TrainResult: Hashable, Sendable {
    /// Sum over the rows and over d_B of the squared error: not yet a mean. Each of B's dimensions is summed over the
    /// rows, these sums over each block of ``OutputBlocks``, and those over the blocks.
    package var squaredErrorSum: Double
    package var gradient: ShardGradient

    package init(squaredErrorSum: Double, gradient: ShardGradient) {
        self.squaredErrorSum = squaredErrorSum
        self.gradient = gradient
    }
}

/// A shard's gradient of the summed squared error, up to the factor 2 / (batch rows × d_B) that the coordinator
/// applies once: EᵀX with E = X·Wᵀ − Y. Both forms give the same bits of W.
package enum ShardGradient: Hashable, Sendable {
    /// EᵀX, [d_B, d_A].
    case dense(FloatMatrix)
    /// E, [rows, d_B]; the coordinator holds X.
    case factor(FloatMatrix)
}

/// What a ``TrainRowsUnit``'s block has become.
package struct TrainRowsResult: Hashable, Sendable {
    /// The block's rows after the last step, [outputs, d_A].
    package var w: FloatMatrix
    /// The block's part of ``TrainResult/squaredErrorSum``, for each shard of each step, in their order.
    package var squaredErrorSums: [Double]

    package init(w: FloatMatrix, squaredErrorSums: [Double]) {
        self.w = w
        self.squaredErrorSums = squaredErrorSums
    }
}
