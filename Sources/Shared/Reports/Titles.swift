import Evaluation
import PlainText
import Run

/// What things are called in everything that people read.
extension Condition {
    var title: String {
        switch self {
        case .bFull: "B alone, full prompt"
        case .aFull: "A alone, full prompt"
        case .injected: "injected: A's activation"
        case .random: "random: noise"
        case .shuffled: "shuffled: another item's activation"
        case .bPrompt: "B alone, its own prompt"
        case .noContext: "B alone, \"Answer:\" only"
        }
    }
}

extension Metric {
    var title: String {
        switch self {
        case .exactMatch: "exact match"
        case .f1: "F1"
        case .strictMatch: "accuracy, strict"
        case .flexibleMatch: "accuracy, flexible"
        }
    }
}

extension EvaluationTask {
    var title: String {
        switch self {
        case .squad: "SQuAD v1.1"
        case .gsm8k: "GSM8K"
        }
    }
}

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
