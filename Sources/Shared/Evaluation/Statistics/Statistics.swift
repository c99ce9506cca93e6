/// Means, errors and intervals. All sums run in the values' order.
package enum Statistics {
    /// The normal distribution's 97.5 % quantile.
    static let z = 1.959963984540054
    /// The normal distribution's 80 % quantile.
    private static let zOfPower = 0.8416212335729143

    /// The arithmetic mean of at least one value.
    package static func mean(_ values: [Double]) -> Double {
        precondition(!values.isEmpty, "the mean of at least one value")
        return values.reduce(0, +) / Double(values.count)
    }

    /// A mean on a grid of 2⁻³⁶, on which differences add up exactly.
    static func onGrid(_ mean: Double) -> Double { (mean * 0x1p36).rounded() * 0x1p-36 }

    /// The mean's standard error, sample standard deviation / √n; nil for fewer than two values.
    package static func standardError(_ values: [Double]) -> Double? {
        standardError(values, clusters: Clusters(separate: values.count))
    }

    /// The mean's standard error where values of one cluster stand or fall together (Liang & Zeger, 1986):
    /// √(Σ_c (Σ_{i∈c} (x_i − x̄))² · C / (C − 1)) / n. With each value a cluster of its own it is sample standard
    /// deviation / √n. Nil for fewer than two clusters.
    package static func standardError(_ values: [Double], clusters: Clusters) -> Double? {
        let count = Double(clusters.count)
        guard clusters.count > 1 else { return nil }
        let mean = mean(values)
        let sums = clusters.sums(of: values.map { $0 - mean })
        let squares = sums.reduce(0) { $0 + $1 * $1 }
        return (squares * count / (count - 1)).squareRoot() / Double(values.count)
    }

    /// Wilson's score interval (1927) at 95 %, without continuity correction.
    package static func wilsonInterval(successes: Int, of count: Int) -> ConfidenceInterval {
        precondition(count > 0 && (0...count).contains(successes), "successes among at least one trial")
        return wilsonInterval(share: Double(successes) / Double(count), of: Double(count))
    }

    /// Wilson's interval of a share among so many values, or as many as they are worth.
    static func wilsonInterval(share p: Double, of n: Double) -> ConfidenceInterval {
        let centre = p + z * z / (2 * n)
        let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        // Exact at the ends, where the difference would leave a rounding error.
        return ConfidenceInterval(low: p == 0 ? 0 : (centre - half) / scale, high: p == 1 ? 1 : (centre + half) / scale)
    }

    /// The difference that a two-sided test at 5 % finds with a probability of 80 %: 2.80 standard errors.
    package static func detectableDifference(standardError: Double) -> Double { (z + zOfPower) * standardError }

    /// Holm's (1979) adjusted p-values of a family of tests, in the tests' order: each may be held against the level of
    /// the whole family.
    package static func holm(_ pValues: [Double]) -> [Double] {
        var adjusted = pValues
        var largest = 0.0
        for (rank, place) in pValues.indices.sorted(by: { (pValues[$0], $0) < (pValues[$1], $1) }).enumerated() {
            largest = max(largest, min(1, pValues[place] * Double(pValues.count - rank)))
            adjusted[place] = largest
        }
        return adjusted
    }
}
