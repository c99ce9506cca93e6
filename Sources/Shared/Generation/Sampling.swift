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
        let (kept, mass) = Self.likeliest(weights, limit: min(max(p, 0), 1) * weights.reduce(0, +))
        var rest = uniform * mass
        for id in kept {
            rest -= weights[id]
            if rest < 0 { return Int32(id) }
        }
        return Int32(kept.last ?? 0)
    }

    /// The fewest tokens whose weights reach `limit`, the likeliest first and equals by id, and what their weights sum to.
    /// - Parameter weights: the largest is 1.
    private static func likeliest(_ weights: [Double], limit: Double) -> (ids: ArraySlice<Int>, mass: Double) {
        // Of a large vocabulary few tokens count: the others need not be sorted.
        var bound = 0x1p-10
        while true {
            let order = weights.indices.filter { weights[$0] >= bound }.sorted {
                weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1
            }
            var (kept, mass) = (0, 0.0)
            while kept < order.count, kept == 0 || mass < limit {
                mass += weights[order[kept]]
                kept += 1
            }
            if mass >= limit || bound == 0 { return (order[..<kept], mass) }
            bound = bound > 0x1p-60 ? bound * 0x1p-10 : 0
        }
    }
}
