import Foundation

/// The probabilities of a next token, over the whole vocabulary.
struct TokenDistribution {
    private let probabilities: [Double]

    /// softmax of the logits, in double, summed by token id.
    init(logits: [Float]) {
        let largest = Double(logits.max() ?? 0)
        let exponentials = logits.map { exp(Double($0) - largest) }
        let sum = exponentials.reduce(0, +)
        probabilities = exponentials.map { $0 / sum }
    }

    /// The Jensen–Shannon divergence (Lin, 1991) in nats, from 0 for equal distributions, exactly, to ln 2.
    func divergence(from other: TokenDistribution) -> Double {
        var sum = 0.0
        for (p, q) in zip(probabilities, other.probabilities) {
            let mean = (p + q) / 2
            if p > 0 { sum += p * log(p / mean) }
            if q > 0 { sum += q * log(q / mean) }
        }
        return min(max(sum / 2, 0), log(2))
    }
}
