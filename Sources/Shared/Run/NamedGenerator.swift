import ElementaryFunctions

/// A random generator for one purpose: `(seed, purpose, key)` name a stream of its own.
///
/// Nothing in a run draws from a shared stream, so no draw depends on what was drawn before elsewhere: the noise
/// of an item, the shuffle of an epoch and the first W are functions of the run's seed and their own name.
///
/// The stream is xoshiro256** (Blackman & Vigna, 2018), its state filled by SplitMix64 from an FNV-1a hash of the
/// name.
package struct NamedGenerator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)
    private var spareNormal: Double?

    /// - Parameters:
    ///   - seed: the run's seed.
    ///   - purpose: what is drawn, such as `"noise"`.
    ///   - key: which one of its kind, such as an item's id.
    package init(seed: UInt64, purpose: String, key: String = "") {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in Array(purpose.utf8) + [0] + Array(key.utf8) {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        // The seed is mixed once more on its own, so that a purpose whose hash equals a seed's difference to
        // another seed does not make two runs share a stream.
        var mixed = SplitMix64(seed: seed)
        var filling = SplitMix64(seed: (seed ^ hash) &+ mixed.next())
        state = (filling.next(), filling.next(), filling.next(), filling.next())
    }

    package mutating func next() -> UInt64 {
        func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
        let result = rotated(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotated(state.3, 45)
        return result
    }

    /// Passes over so many draws of ``next()``, as many of ``uniform()``.
    package mutating func skip(_ count: Int) {
        var generator = self
        for _ in 0..<count { _ = generator.next() }
        self = generator
    }

    /// Uniform in [0, 1), 53 bits.
    package mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Uniform among `0 ..< bound`, without bias (Lemire's rejection).
    package mutating func index(below bound: Int) -> Int {
        precondition(bound > 0, "an index is drawn among at least one")
        let range = UInt64(bound)
        let threshold = (0 &- range) % range
        while true {
            let product = next().multipliedFullWidth(by: range)
            if product.low >= threshold { return Int(product.high) }
        }
    }

    /// Standard normal, by the Box–Muller transform.
    package mutating func normal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        let radius = (-2 * naturalLogarithm(1 - uniform())).squareRoot()
        let turn = cosineSine(2 * Double.pi * uniform())
        spareNormal = radius * turn.sine
        return radius * turn.cosine
    }

    /// `0 ..< count` in random order (Fisher–Yates).
    package mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, index(below: last + 1))
        }
        return order
    }
}
