import Foundation
import Generation
import Run
import Testing

struct NucleusSamplerTests {
    private let logits: [Float] = [0, 2, 1, -1]

    private func draws(_ sampler: NucleusSampler, _ count: Int) -> [Int32] {
        var sampler = sampler
        return (0..<count).map { _ in sampler.next(logits) }
    }

    @Test func `tokens come as often as the softmax says`() {
        let tokens = draws(NucleusSampler(p: 1, temperature: 1, seed: 3), 20_000)
        let total = logits.reduce(0) { $0 + exp(Double($1)) }
        for (id, logit) in logits.enumerated() {
            let share = Double(tokens.count { $0 == Int32(id) }) / 20_000
            // Four standard deviations of a share near a half.
            #expect(abs(share - exp(Double(logit)) / total) < 0.015)
        }
    }

    @Test func `only the smallest set that reaches p is drawn from`() {
        // Shares are 0.087, 0.644, 0.237, 0.032.
        #expect(Set(draws(NucleusSampler(p: 0.6, temperature: 1, seed: 3), 1000)) == [1])
        #expect(Set(draws(NucleusSampler(p: 0.8, temperature: 1, seed: 3), 1000)) == [1, 2])
        #expect(Set(draws(NucleusSampler(p: 0.9, temperature: 1, seed: 3), 1000)) == [0, 1, 2])
    }

    @Test func `a low temperature, and p of nothing, choose the largest`() {
        for (p, temperature) in [(1.0, 0.0), (1.0, 0.01), (0.0, 1.0), (1.0, -1.0)] {
            #expect(Set(draws(NucleusSampler(p: p, temperature: temperature, seed: 3), 100)) == [1])
        }
    }

    @Test func `the seed alone decides`() {
        let sampler = NucleusSampler(p: 1, temperature: 1, seed: 4)
        #expect(draws(sampler, 100) == draws(sampler, 100))
        #expect(draws(sampler, 100) != draws(NucleusSampler(p: 1, temperature: 1, seed: 5), 100))
    }

    /// By the definition: all tokens in their order, the first of them that reach p, and one of these by chance.
    private func defined(_ logits: [Float], p: Double, temperature: Double, uniform: Double) -> Int32 {
        let largest = logits.max() ?? 0
        let weights = logits.map { exp(Double($0 - largest) / temperature) }
        let order = weights.indices.sorted { weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1 }
        var (kept, mass): ([Int], Double) = ([], 0)
        for id in order where kept.isEmpty || mass < p * weights.reduce(0, +) {
            kept.append(id)
            mass += weights[id]
        }
        var rest = uniform * mass
        for id in kept {
            rest -= weights[id]
            if rest < 0 { return Int32(id) }
        }
        return Int32(kept[kept.count - 1])
    }

    @Test(arguments: [0.1, 0.9, 0.99999, 1])
    func `of a large vocabulary the same tokens are drawn as where all are sorted`(_ p: Double) {
        var random = SplitMix64(seed: 9)
        for (scale, temperature) in [(0, 1), (0.1, 1), (3, 0.7), (12, 1), (60, 0.5)] as [(Float, Double)] {
            // Values that come several times among them.
            let logits = (0..<1500).map { _ in Float(random.next() % 512) / 512 * scale }
            for seed in 0..<8 as Range<UInt64> {
                var (sampler, generator) = (
                    NucleusSampler(p: p, temperature: temperature, seed: seed), SplitMix64(seed: seed)
                )
                let uniform = Double(generator.next() >> 11) * 0x1p-53
                #expect(
                    sampler.next(logits) == defined(logits, p: p, temperature: temperature, uniform: uniform))
            }
        }
    }
}
