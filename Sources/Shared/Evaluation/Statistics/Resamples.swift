import Run

/// The bootstrap's draws of one task's items (Efron, 1979): the same for every condition and metric, so that what an
/// item has under one condition is always taken together with what it has under the others.
///
/// Clusters are drawn with replacement, as many as there are, each with all of its items.
package struct Resamples: Sendable {
    /// As many as Ramesh & Li draw.
    package static let standardCount = 1000

    private let clusters: Clusters
    /// Items of each cluster.
    private let sizes: [Double]
    /// [draws][clusters], one after the other.
    private let drawn: [UInt32]

    /// The draws are a function of the seed, the name and the clusters.
    /// - Parameter clusters: of at least one item.
    package init(_ clusters: Clusters, seed: UInt64, name: String) {
        precondition(clusters.count > 0, "draws among at least one item")
        self.clusters = clusters
        sizes = clusters.sums(of: clusters.places.map { _ in 1 })
        var generator = NamedGenerator(seed: seed, purpose: "bootstrap", key: name)
        var drawn: [UInt32] = []
        drawn.reserveCapacity(Self.standardCount * clusters.count)
        for _ in 0..<Self.standardCount * clusters.count {
            drawn.append(UInt32(generator.index(below: clusters.count)))
        }
        self.drawn = drawn
    }

    /// The percentile bootstrap's 95 % interval of the mean of values, one for each item. Quantiles are interpolated
    /// linearly, as NumPy's `percentile` does.
    package func interval(_ values: [Double]) -> ConfidenceInterval {
        precondition(values.count == clusters.places.count, "a value for each item")
        let means = means(of: clusters.sums(of: values)).sorted()
        return ConfidenceInterval(low: Self.quantile(means, 0.025), high: Self.quantile(means, 0.975))
    }

    /// Of each draw.
    private func means(of sums: [Double]) -> [Double] {
        stride(from: 0, to: drawn.count, by: clusters.count).map { first in
            var (sum, size) = (0.0, 0.0)
            for place in first..<first + clusters.count {
                let cluster = Int(drawn[place])
                sum += sums[cluster]
                size += sizes[cluster]
            }
            return sum / size
        }
    }

    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let index = Int(place)
        guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[index] + (sorted[index + 1] - sorted[index]) * (place - Double(index))
    }
}
