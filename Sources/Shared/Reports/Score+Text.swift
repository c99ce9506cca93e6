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

    private static func percent(_ value: Double) -> String { Quantities.fixed(100 * value, digits: 1) }

    private static func signed(_ value: Double) -> String {
        let text = percent(value)
        return text.hasPrefix("-") || text == "0.0" ? text : "+" + text
    }
}
