import Evaluation
import PlainText

/// Scores as people read them.
extension Score {
    /// In per cent with the interval, such as `61.0 % [51.2, 70.0]`.
    var percentText: String {
        "\(Self.percent(mean)) % [\(Self.percent(interval.low)), \(Self.percent(interval.high))]"
    }

    /// A difference in percentage points, with its sign.
    var pointsText: String {
        "\(Self.signed(mean)) [\(Self.signed(interval.low)), \(Self.signed(interval.high))]"
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

    private static func signed(_ value: Double) -> String {
        let text = percent(value)
        return text.hasPrefix("-") || text == "0.0" ? text : "+" + text
    }
}

extension PairedDifference {
    /// In points with its interval and p-value; where too few items differ to tell, so.
    var pointsText: String {
        score.pointsText + ", " + (isInformative ? Score.probabilityText(pValue) : "\(differing) differ: uninformative")
    }
}
