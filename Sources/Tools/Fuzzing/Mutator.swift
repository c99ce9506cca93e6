import Run

/// Changes bytes at random so that a decoder gets something close to what it expects, but not it.
///
/// Every input is a function of its seed and number, so one that breaks something is made again from these alone.
package struct Mutator {
    /// Well-formed inputs.
    package let seeds: [[UInt8]]
    /// Bytes that mean something to the decoder: keywords, brackets, lengths.
    package let words: [[UInt8]]

    private static let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF, 0x22, 0x5C, 0x7B, 0x7D]
    /// The longest input; a doubled part does not grow beyond it.
    private static let maximumBytes = 1 << 20

    package init(seeds: [[UInt8]], words: [String] = []) {
        self.seeds = seeds
        self.words = words.map { Array($0.utf8) }
    }

    /// The input `number`: a seed with one to eight changes, or now and then bytes of no form at all.
    package func input(_ number: Int, of purpose: String, seed: UInt64) -> [UInt8] {
        var generator = NamedGenerator(seed: seed, purpose: purpose, key: "\(number)")
        if generator.index(below: 64) == 0 {
            return (0..<generator.index(below: 128)).map { _ in UInt8(generator.index(below: 256)) }
        }
        var bytes = seeds[generator.index(below: seeds.count)]
        // One change gets furthest into a decoder.
        let changes = generator.index(below: 2) == 0 ? 1 : 1 + generator.index(below: 8)
        for _ in 0..<changes { change(&bytes, &generator) }
        return bytes
    }

    private func change(_ bytes: inout [UInt8], _ generator: inout NamedGenerator) {
        let place = generator.index(below: bytes.count + 1)
        let end = min(bytes.count, place + 1 + generator.index(below: 16))
        switch generator.index(below: 10) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(generator.index(below: 8))
        case 1 where place < bytes.count: bytes[place] = UInt8(generator.index(below: 256))
        case 2 where place < bytes.count: bytes[place] = Self.edges[generator.index(below: Self.edges.count)]
        case 3: bytes.insert(UInt8(generator.index(below: 256)), at: place)
        case 4: bytes.removeSubrange(place..<end)
        case 5: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 6: bytes.removeSubrange(place...)
        case 7:
            let other = seeds[generator.index(below: seeds.count)]
            let cut = generator.index(below: other.count + 1)
            bytes.replaceSubrange(place..., with: other[cut...])
        case 8 where !words.isEmpty:
            bytes.insert(contentsOf: words[generator.index(below: words.count)], at: place)
        default:
            // A length in eight bytes, or a number of many digits.
            let edge: [UInt8] =
                generator.index(below: 2) == 0
                ? [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, UInt8(generator.index(below: 2)) * 0x7F]
                : Array("9223372036854775808".utf8)
            bytes.replaceSubrange(place..<min(bytes.count, place + edge.count), with: edge)
        }
        if bytes.count > Self.maximumBytes { bytes.removeLast(bytes.count - Self.maximumBytes) }
    }
}
