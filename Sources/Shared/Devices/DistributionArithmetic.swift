import ElementaryFunctions

/// Probabilities of next tokens, from logits in this process's memory.
///
/// Every number is defined to the bit, so that all devices give the same. A probability is exp(logit − largest logit) / sum,
/// in double, with the project's own exp; a sum over the vocabulary keeps 16 partial sums,
/// token i in partial i mod 16, which a tree adds up: i and i + 8, then + 4, + 2, + 1.
package protocol DistributionArithmetic: Sendable {
    /// What each row's softmax divides by.
    /// - Parameter logits: `[rows, vocabulary]`, of finite values.
    func sums(of logits: [Float], vocabulary: Int) -> [SoftmaxSum]

    /// The Jensen–Shannon divergence of two rows' distributions (Lin, 1991) in nats, of each pair of rows: from 0 for equal
    /// ones, exactly, to ln 2.
    ///
    /// It is half the sum over the tokens of p·ln(p/m) + q·ln(q/m), with m = (p + q) / 2: the same for a pair either way
    /// round.
    func divergences(of pairs: [RowPair], among logits: [Float], vocabulary: Int) -> [Double]
}

/// Two rows of a matrix.
package struct RowPair: Hashable, Sendable {
    package var first: Int
    package var second: Int

    package init(_ first: Int, _ second: Int) {
        self.first = first
        self.second = second
    }
}

/// What the softmax of a row of logits divides by.
package struct SoftmaxSum: Hashable, Sendable {
    package var largest: Float
    /// Σ exp(logit − largest), in double: at least 1.
    package var sum: Double

    package init(largest: Float, sum: Double) {
        self.largest = largest
        self.sum = sum
    }

    /// ln of the probability of the token with such a logit: at most 0, which rounding could go beyond.
    package func logProbability(ofLogit logit: Float) -> Double {
        let value = Double(logit) - (Double(largest) + naturalLogarithm(sum))
        return value > 0 ? 0 : value
    }
}
