import Evaluation
import PlainText

/// Scores as people read them.
extension Score {
    /// In per cent with the interval, such as `61.0 % [51.2, 70.0]`.
    var percentText: String {
        "\(Self.percent(mean)) % [\(Self.percent(interval.low)), \(Self.percent(interval.high))]"
    }

    /// On a metric's scale.
    func text(of metric: Metric) -> String { metric.scale == .share ? percentText : plainText }

    /// A difference in percentage points, with its sign.
    var pointsText: String {
        "\(Self.signedPercent(mean)) [\(Self.signedPercent(interval.low)), \(Self.signedPercent(interval.high))]"
    }

    /// As it is, with the interval.
    var plainText: String {
        "\(Quantities.fixed(mean, digits: 2)) [\(Quantities.fixed(interval.low, digits: 2)), "
            + "\(Quantities.fixed(interval.high, digits: 2))]"
    }

    /// A probability of being wrong, as it is written: `p = 0.012`, `p < 0.001`.
    static func probabilityText(_ p: Double) -> String {
        p < 0.001 ? "p < 0.001" : "p = \(Quantities.fixed(p, digits: 3))"
    }

    private static func percent(_ value: Double) -> String { Quantities.fixed(100 * value, digits: 1) }

    /// In per cent, or points, with its sign.
    static func signedPercent(_ value: Double) -> String { signed(percent(value)) }

    /// With two decimals and its sign.
    static func signedFixed(_ value: Double) -> String { signed(Quantities.fixed(value, digits: 2)) }

    private static func signed(_ text: String) -> String {
        let isNought = text.allSatisfy { "-0.".contains($0) }
        return isNought ? text.replacing("-", with: "") : text.hasPrefix("-") ? text : "+" + text
    }
}

extension PairedDifference {
    /// As it is with its interval and p-value; where too few items differ to tell, so.
    package var plainText: String {
        func fixed(_ value: Double) -> String { Quantities.fixed(value, digits: 3) }
        return "\(fixed(score.mean)) [\(fixed(score.interval.low)), \(fixed(score.interval.high))], "
            + (isInformative ? Score.probabilityText(pValue) : "\(differing) differ")
    }

    /// On a metric's scale with its interval and p-value; where too few items differ to tell, so.
    func text(of metric: Metric) -> String {
        (metric.scale == .share ? score.pointsText : score.plainText) + ", "
            + (isInformative ? Score.probabilityText(pValue) : "\(differing) differ: uninformative")
    }
}

extension TaskScores {
    /// The task's own metrics.
    var shares: [Metric] { metrics.filter { $0.scale == .share } }
    /// Likelihoods and divergences.
    var likelihoods: [Metric] { metrics.filter { $0.scale == .nats } }
    /// What tables of few columns show: the task's own, or where there are none, likelihoods.
    var shownMetrics: [Metric] { shares.isEmpty ? likelihoods : shares }
}
