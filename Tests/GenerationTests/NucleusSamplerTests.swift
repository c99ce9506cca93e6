import Foundation
import Generation
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
}
