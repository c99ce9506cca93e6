/// A range that holds the true value with a confidence of 95 %.
package struct ConfidenceInterval: Codable, Hashable, Sendable {
    package let low: Double
    package let high: Double

    package init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }
}

/// A mean over items with what it is worth.
package struct Score: Codable, Hashable, Sendable {
    package let mean: Double
    /// Clustered where items stand together, else sample standard deviation / √n, as the language-model evaluation
    /// harness has it; nil for one value.
    package let standardError: Double?
    package let interval: ConfidenceInterval
    /// Values averaged.
    package let count: Int
}

extension Clusters {
    /// How many independent values the clustered ones are worth for their mean (Kish's effective sample size): n, less
    /// by as much as clustering widens the mean's error. Where all values are equal, one for each cluster.
    func worth(_ values: [Double]) -> Double {
        guard !areSeparate else { return Double(values.count) }
        guard let plain = Statistics.standardError(values), plain > 0,
            let clustered = Statistics.standardError(values, clusters: self), clustered > 0
        else { return Double(count) }
        let ratio = plain / clustered
        return Double(values.count) * min(1, ratio * ratio)
    }
}

/// The items of one task as the statistics see them: which stand together, and the bootstrap's draws among them.
package struct ItemStatistics: Sendable {
    package let clusters: Clusters
    private let resamples: Resamples
    let seed: UInt64
    let name: String

    /// - Parameters:
    ///   - clusters: of at least one item.
    ///   - name: of the task, unique in the run: with the seed it names the draws.
    package init(_ clusters: Clusters, seed: UInt64, name: String) {
        self.clusters = clusters
        self.seed = seed
        self.name = name
        resamples = Resamples(clusters, seed: seed, name: name)
    }

    /// The mean of values in 0 ... 1.
    ///
    /// Where every value is 0 or 1 the mean is a share, and the interval is Wilson's, which is right near 0 and 1 where
    /// others shrink to a point; of as many values as the clusters are worth. Else it is the percentile bootstrap's, as
    /// in the paper.
    package func score(_ values: [Double]) -> Score {
        guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else { return bootstrapped(values) }
        return score(
            values,
            Statistics.wilsonInterval(share: Statistics.mean(values), of: clusters.worth(values)))
    }

    /// The mean of values of any range, with the bootstrap's interval.
    package func bootstrapped(_ values: [Double]) -> Score { score(values, resamples.interval(values)) }

    func score(_ values: [Double], _ interval: ConfidenceInterval) -> Score {
        Score(
            mean: Statistics.mean(values), standardError: Statistics.standardError(values, clusters: clusters),
            interval: interval, count: values.count)
    }
}
