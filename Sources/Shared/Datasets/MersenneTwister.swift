/// CPython's `random.Random(seed)` for integer seeds: MT19937 (Matsumoto & Nishimura, 1998) seeded by
/// `init_by_array`, with `getrandbits`, `shuffle` and `sample` as CPython draws them.
///
/// The reference implementation chose its evaluation items with it, and the language-model evaluation harness its worked
/// examples; nothing else here does.
package struct MersenneTwister: Sendable {
    private static let size = 624
    private static let shift = 397

    /// [624]
    private var state = [UInt32](repeating: 0, count: size)
    private var position = size

    package init(seed: UInt64) {
        let words = seed >> 32 == 0 ? [UInt32(seed)] : [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)]
        fill(from: words)
    }

    /// `init_by_array`.
    private mutating func fill(from key: [UInt32]) {
        let size = Self.size
        state[0] = 19_650_218
        for i in 1..<size {
            state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i)
        }
        var i = 1
        var j = 0
        func advance(_ state: inout [UInt32]) {
            i += 1
            if i >= size {
                state[0] = state[size - 1]
                i = 1
            }
        }
        for _ in 0..<max(size, key.count) {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_664_525)) &+ key[j] &+ UInt32(j)
            advance(&state)
            j = (j + 1) % key.count
        }
        for _ in 1..<size {
            state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_566_083_941)) &- UInt32(i)
            advance(&state)
        }
        state[0] = 0x8000_0000
    }

    private mutating func twist() {
        for i in 0..<Self.size {
            let y = (state[i] & 0x8000_0000) | (state[(i + 1) % Self.size] & 0x7fff_ffff)
            state[i] = state[(i + Self.shift) % Self.size] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
        }
        position = 0
    }

    /// `getrandbits(32)`.
    package mutating func nextWord() -> UInt32 {
        if position == Self.size { twist() }
        var y = state[position]
        position += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9d2c_5680
        y ^= (y << 15) & 0xefc6_0000
        return y ^ (y >> 18)
    }

    /// `getrandbits(count)` for 1 ... 64 bits: whole words come first and lowest, the last one's top bits last.
    package mutating func bits(_ count: Int) -> UInt64 {
        precondition((1...64).contains(count), "1 to 64 bits")
        guard count > 32 else { return UInt64(nextWord() >> UInt32(32 - count)) }
        let low = UInt64(nextWord())
        return low | UInt64(nextWord() >> UInt32(64 - count)) << 32
    }

    /// `_randbelow_with_getrandbits(bound)`: as many bits as the bound has, drawn until they lie below it.
    package mutating func index(below bound: Int) -> Int {
        precondition(bound > 0, "an index is drawn among at least one")
        let width = Int.bitWidth - bound.leadingZeroBitCount
        while true {
            let drawn = bits(width)
            if drawn < UInt64(bound) { return Int(drawn) }
        }
    }

    /// What `sample(range(population), count)` draws, in its order: from a list that is used up where the population is
    /// small beside the sample, else again where an index comes twice.
    package mutating func sample(of population: Int, count: Int) -> [Int] {
        precondition((0...population).contains(count), "a sample of at most the population")
        // What a list may take against what a set takes.
        var setSize = 21
        if count > 5 {
            var power = 1
            while power < count * 3 { power *= 4 }
            setSize += power
        }
        if population <= setSize {
            var pool = Array(0..<population)
            return (0..<count).map { drawn in
                let place = index(below: population - drawn)
                defer { pool[place] = pool[population - drawn - 1] }
                return pool[place]
            }
        }
        var selected: Set<Int> = []
        return (0..<count).map { _ in
            var drawn = index(below: population)
            while !selected.insert(drawn).inserted { drawn = index(below: population) }
            return drawn
        }
    }

    /// What `shuffle` makes of `list(range(count))`.
    package mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, index(below: last + 1))
        }
        return order
    }
}
