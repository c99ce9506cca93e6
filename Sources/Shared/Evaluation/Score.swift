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
    /// Sample standard deviation / √n, as the language-model evaluation harness has it; nil for one value.
    package let standardError: Double?
    package let interval: ConfidenceInterval
    /// Values averaged.
    package let count: Int

    /// The score of values in 0 ... 1, at least one.
    ///
    /// Where every value is 0 or 1 the mean is a proportion, and the interval is Wilson's, which is right near 0
    /// and 1 where others shrink to a point. Else it is the percentile bootstrap's, as in the paper, drawn from
    /// the seed and the name.
    ///
    /// - Parameter name: what is scored, unique in the run.
    package init(_ values: [Double], seed: UInt64, name: String) {
        let interval: ConfidenceInterval
        if values.allSatisfy({ $0 == 0 || $0 == 1 }) {
            interval = Statistics.wilsonInterval(successes: values.count { $0 == 1 }, of: values.count)
        } else {
            interval = Statistics.bootstrapInterval(values, seed: seed, name: name)
        }
        self.init(values, interval: interval)
    }

    /// The mean of values of any range, such as paired differences, with the bootstrap's interval.
    package init(bootstrapped values: [Double], seed: UInt64, name: String) {
        self.init(values, interval: Statistics.bootstrapInterval(values, seed: seed, name: name))
    }

    private init(_ values: [Double], interval: ConfidenceInterval) {
        mean = Statistics.mean(values)
        standardError = Statistics.standardError(values)
        self.interval = interval
        count = values.count
    }
}
