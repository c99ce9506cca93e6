import Foundation
import Run

/// How the next token is chosen from the logits.
package enum Sampling: Sendable, Hashable {
    /// The largest logit, the first among equals.
    case greedy
    /// At random from the smallest set of tokens whose probabilities sum to `p` (nucleus sampling, Holtzman et
    /// al., arXiv:1904.09751), after division of the logits by `temperature`. `seed` fixes every choice.
    case nucleus(p: Double, temperature: Double, seed: UInt64)
}

/// Draws tokens for one sequence. What it draws depends on the seed and the logits alone.
package struct NucleusSampler: Sendable {
    private let p: Double
    private let temperature: Double
    private var generator: SplitMix64

    package init(p: Double, temperature: Double, seed: UInt64) {
        self.p = p
        self.temperature = temperature
        generator = SplitMix64(seed: seed)
    }

    /// The id of the next token. With a temperature of 0 or less it is the largest logit.
    package mutating func next(_ logits: [Float]) -> Int32 {
        let uniform = Double(generator.next() >> 11) * 0x1p-53
        guard let maximum = logits.max(), maximum.isFinite else { return 0 }
        guard temperature > 0 else { return Int32(logits.firstIndex(of: maximum) ?? 0) }
        let weights = logits.map { exp(Double($0 - maximum) / temperature) }
        // Largest first; equals by id.
        let order = weights.indices.sorted { weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1 }
        let limit = min(max(p, 0), 1) * order.reduce(0) { $0 + weights[$1] }
        var (kept, mass) = (0, 0.0)
        while kept < order.count, kept == 0 || mass < limit {
            mass += weights[order[kept]]
            kept += 1
        }
        var rest = uniform * mass
        for id in order[..<kept] {
            rest -= weights[id]
            if rest < 0 { return Int32(id) }
        }
        return Int32(order[kept - 1])
    }
}
