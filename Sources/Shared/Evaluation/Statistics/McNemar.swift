/// McNemar's test (1947) of two right-or-wrong answers to the same items: only the items on which they differ say
/// anything.
package struct McNemar: Hashable, Sendable {
    /// Items that the first has right and the second wrong, and the other way round.
    package let first: Int
    package let second: Int

    package init(first: Int, second: Int) {
        precondition(first >= 0 && second >= 0, "counts")
        self.first = first
        self.second = second
    }

    /// The two-sided exact p-value, min(1, 2 · P(X ≤ min(b, c))) with X binomial of b + c draws at ½.
    package var exact: Double { min(1, 2 * tail.upTo) }

    /// The two-sided mid-p-value, 2 · (P(X < min(b, c)) + ½ P(X = min(b, c))): nearer to its level than the exact one,
    /// which errs on the safe side (Fagerland, Lydersen & Laake, 2013).
    package var midP: Double { min(1, 2 * tail.upTo - tail.at) }

    /// P(X ≤ m) and P(X = m) at m = min(b, c).
    ///
    /// By products and sums alone: the C library's gamma function would give other bits on other systems.
    private var tail: (upTo: Double, at: Double) {
        let (draws, few) = (first + second, min(first, second))
        guard draws > 0 else { return (1, 0) }
        // C(draws, few) / 2^draws, halved whenever it can be, so that it neither overflows nor vanishes on the way.
        var (at, halvings) = (1.0, 0)
        for index in 0..<few {
            at *= Double(draws - index) / Double(index + 1)
            while at > 0x1p64, halvings < draws {
                at *= 0x1p-1
                halvings += 1
            }
        }
        at *= Double(sign: .plus, exponent: -(draws - halvings), significand: 1)
        // Downwards from the largest term: P(X = m − 1) = P(X = m) · m / (draws − m + 1).
        var (term, sum) = (1.0, 1.0)
        for index in stride(from: few, to: 0, by: -1) {
            term *= Double(index) / Double(draws - index + 1)
            sum += term
        }
        return (at * sum, at)
    }
}
