/// The mean difference of two conditions over the same items, with what it is worth: far sharper than two intervals
/// side by side.
package struct PairedDifference: Hashable, Sendable {
    package let score: Score
    /// Items on which the first condition is the better, or the worse.
    package let better: Int
    package let worse: Int
    /// Clusters that differ; of separate items, items.
    package let differing: Int
    /// Two-sided: McNemar's exact one for right-or-wrong answers to items that stand alone, else the sign-flip test's.
    package let pValue: Double
    /// Of right-or-wrong answers; where items are clustered it takes them for independent, and ``pValue`` is another
    /// test's.
    package let mcNemar: McNemar?

    /// Fewer differing items than this cannot be told from chance, whatever they say: the smallest two-sided p-value of
    /// n of them is 2^(1 − n).
    package static let informative = 6

    /// Whether a test could have found anything at 5 %.
    package var isInformative: Bool { differing >= Self.informative }

    /// What would have been found in four of five such runs; nil where there is no error to tell by.
    package var detectable: Double? {
        score.standardError.flatMap { $0 > 0 ? Statistics.detectableDifference(standardError: $0) : nil }
    }
}

extension ItemStatistics {
    /// The first condition's values less the second's.
    ///
    /// The mean is the difference of the two conditions' means, each on a grid of 2⁻³⁶: so differences of the same
    /// conditions add up to the last bit, and equal values differ by nothing.
    /// - Parameters:
    ///   - first: a value for each item, and `second` likewise.
    ///   - areShares: whether values lie in 0 ... 1.
    ///   - contrast: names the sign-flip test's draws within the task.
    package func difference(
        _ first: [Double], _ second: [Double], areShares: Bool, contrast: String
    ) -> PairedDifference {
        let differences = zip(first, second).map(-)
        let areAnswers = areShares && (first + second).allSatisfy { $0 == 0 || $0 == 1 }
        let (better, worse) = (differences.count { $0 > 0 }, differences.count { $0 < 0 })
        let sums = clusters.sums(of: differences)
        let test = areAnswers ? McNemar(first: better, second: worse) : nil
        let found = score(differences, interval(first, second, areShares: areShares, areAnswers: areAnswers))
        return PairedDifference(
            score: Score(
                mean: Statistics.onGrid(Statistics.mean(first)) - Statistics.onGrid(Statistics.mean(second)),
                standardError: found.standardError, interval: found.interval, count: found.count),
            better: better, worse: worse, differing: sums.count { $0 != 0 },
            pValue: (clusters.areSeparate ? test?.exact : nil)
                ?? SignFlips.pValue(sums, seed: seed, name: "\(name)/\(contrast)"),
            mcNemar: test)
    }

    /// Newcombe's for right-or-wrong answers, the bootstrap's else. Shares that differ on no item at all leave the
    /// bootstrap nothing to draw: then it is Newcombe's of items that nobody has right.
    private func interval(
        _ first: [Double], _ second: [Double], areShares: Bool, areAnswers: Bool
    ) -> ConfidenceInterval {
        let differences = zip(first, second).map(-)
        let areEqual = differences.allSatisfy { $0 == 0 }
        guard areAnswers || areShares && areEqual else { return bootstrapped(differences).interval }
        let pairs = zip(first, second)
        let both = areAnswers ? pairs.count { $0 == 1 && $1 == 1 } : 0
        let (better, worse) = (differences.count { $0 > 0 }, differences.count { $0 < 0 })
        return Statistics.newcombeInterval(
            both: both, first: better, second: worse, neither: first.count - both - better - worse,
            worth: clusters.areSeparate ? nil : clusters.worth(differences))
    }
}
