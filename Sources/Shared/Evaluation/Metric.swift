package import Run

/// What an answer is scored by. Every value lies in 0 ... 1.
package enum Metric: String, CaseIterable, Codable, Hashable, Sendable {
    /// SQuAD v1.1's exact match.
    case exactMatch = "exact_match"
    /// SQuAD v1.1's F1.
    case f1
    /// GSM8K's accuracy, the number after `#### `.
    case strictMatch = "strict_match"
    /// GSM8K's accuracy, the last number.
    case flexibleMatch = "flexible_match"

    /// A task's metrics, in the order in which they are reported.
    package static func all(of task: EvaluationTask) -> [Metric] {
        switch task {
        case .squad: [.exactMatch, .f1]
        case .gsm8k: [.strictMatch, .flexibleMatch]
        }
    }

    /// The score of one answer.
    package func value(of answer: String, golds: [String]) -> Double {
        switch self {
        case .exactMatch: SQuADMetrics.exactMatch(answer, golds: golds)
        case .f1: SQuADMetrics.f1(answer, golds: golds)
        case .strictMatch: golds.map { GSM8KMetrics.strictMatch(answer, gold: $0) }.max() ?? 0
        case .flexibleMatch: golds.map { GSM8KMetrics.flexibleMatch(answer, gold: $0) }.max() ?? 0
        }
    }
}
