/// The final-token activations of an ``ExtractUnit``'s texts.
package struct ExtractResult: Hashable, Sendable {
    /// A's residual streams, one matrix for each of the unit's sites of A: [texts, d_A].
    package var a: [FloatMatrix]
    /// B's, one for each of its sites of B: [texts, d_B].
    package var b: [FloatMatrix]

    package init(a: [FloatMatrix], b: [FloatMatrix]) {
        self.a = a
        self.b = b
    }
}

/// The loss and gradient of a ``TrainUnit``'s texts.
package struct TrainResult: Hashable, Sendable {
    /// Sum over the texts and over d_B of the squared error: not yet a mean. Each of B's dimensions is summed over the
    /// texts, these sums over each block of ``OutputBlocks``, and those over the blocks.
    package var squaredErrorSum: Double
    package var gradient: ShardGradient
    /// Of a gradient that is given as a matrix, the squared errors of each of B's dimensions, [d_B]; else empty: they
    /// follow from the factor.
    package var outputErrors: [Double]

    package init(squaredErrorSum: Double, gradient: ShardGradient, outputErrors: [Double] = []) {
        self.squaredErrorSum = squaredErrorSum
        self.gradient = gradient
        self.outputErrors = outputErrors
    }
}

/// A shard's gradient of the summed squared error, up to the factor 2 / (batch texts × d_B) that the coordinator
/// applies once: EᵀX with E = X·Wᵀ − Y. Both forms give the same bits of W.
package enum ShardGradient: Hashable, Sendable {
    /// EᵀX, [d_B, d_A].
    case dense(FloatMatrix)
    /// E, [texts, d_B]; the coordinator holds X.
    case factor(FloatMatrix)
}

/// What a ``TrainOutputsUnit``'s block has become.
package struct TrainOutputsResult: Hashable, Sendable {
    /// The block's outputs after the last step, [outputs, d_A].
    package var w: FloatMatrix
    /// The block's part of ``TrainResult/squaredErrorSum``, for each shard of each step, in their order.
    package var squaredErrorSums: [Double]
    /// The same with each of B's dimensions in units of its variance over all texts; those that never vary count for
    /// nothing.
    package var standardisedErrorSums: [Double]

    package init(w: FloatMatrix, squaredErrorSums: [Double], standardisedErrorSums: [Double]) {
        self.w = w
        self.squaredErrorSums = squaredErrorSums
        self.standardisedErrorSums = standardisedErrorSums
    }
}

/// The sums over the texts of a ``SumsUnit``.
package struct SumsResult: Hashable, Sendable {
    /// Of each column of the first matrix, one after the other, the products with all columns of the second: each exact in
    /// double, added in double in the texts' order.
    package var products: [Double]

    package init(products: [Double]) {
        self.products = products
    }
}
