import Run

/// Means and intervals. All sums run in the values' order.
package enum Statistics {
    /// Resamples of a bootstrap: as many as Ramesh & Li draw.
    package static let bootstrapDraws = 1000
    /// The normal distribution's 97.5 % quantile.
    private static let z = 1.959963984540054

    /// The arithmetic mean of at least one value.
    package static func mean(_ values: [Double]) -> Double {
        precondition(!values.isEmpty, "the mean of at least one value")
        return values.reduce(0, +) / Double(values.count)
    }

    /// The mean's standard error, sample standard deviation / √n; nil for fewer than two values.
    package static func standardError(_ values: [Double]) -> Double? {
        guard values.count > 1 else { return nil }
        let mean = mean(values)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    }

    /// Wilson's score interval (1927) at 95 %, without continuity correction.
    package static func wilsonInterval(successes: Int, of count: Int) -> ConfidenceInterval {
        precondition(count > 0 && (0...count).contains(successes), "successes among at least one trial")
        let n = Double(count)
        let p = Double(successes) / n
        let centre = p + z * z / (2 * n)
        let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        // Exact at the ends, where the difference would leave a rounding error.
        return ConfidenceInterval(
            low: successes == 0 ? 0 : (centre - half) / scale,
            high: successes == count ? 1 : (centre + half) / scale)
    }

    /// The percentile bootstrap's 95 % interval of the mean (Efron, 1979): 1,000 resamples with replacement.
    ///
    /// The draws are a function of the seed, the name and the number of values. Quantiles are interpolated
    /// linearly, as NumPy's `percentile` does.
    ///
    /// - Parameter values: at least one.
    package static func bootstrapInterval(_ values: [Double], seed: UInt64, name: String) -> ConfidenceInterval {
        precondition(!values.isEmpty, "the interval of at least one value")
        var generator = NamedGenerator(seed: seed, purpose: "bootstrap", key: name)
        var means: [Double] = []
        means.reserveCapacity(bootstrapDraws)
        for _ in 0..<bootstrapDraws {
            var sum = 0.0
            for _ in values.indices { sum += values[generator.index(below: values.count)] }
            means.append(sum / Double(values.count))
        }
        means.sort()
        return ConfidenceInterval(low: quantile(means, 0.025), high: quantile(means, 0.975))
    }

    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let index = Int(place)
        guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[index] + (sorted[index + 1] - sorted[index]) * (place - Double(index))
    }
}
