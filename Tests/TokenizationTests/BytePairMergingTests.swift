import Testing

@testable import Tokenization

struct BytePairMergingTests {
    /// The definition: of all neighbouring pairs the one of lowest rank, the leftmost of equals, until none merges.
    private func naive(_ symbols: [Int32], _ merges: MergeTable) -> [Int32] {
        var symbols = symbols
        while true {
            var best = MergeTable.none
            var place: Int?
            for index in symbols.indices.dropLast() {
                let candidate = merges.rankAndResult(symbols[index], symbols[index + 1])
                if candidate < best { (best, place) = (candidate, index) }
            }
            guard let place else { return symbols }
            symbols.replaceSubrange(place...place + 1, with: [MergeTable.result(best)])
        }
    }

    @Test func `short words (by scanning) and long ones (by heap) merge by the definition`() {
        var generator = NumberSequence(state: 42)
        for round in 0..<60 {
            // Pieces stand for strings over three letters, so that a result is what its parts spell.
            var names = ["a", "b", "c"]
            var merges = MergeTable(count: 40)
            for rank in 0..<40 {
                let left = generator.next(names.count)
                let right = generator.next(names.count)
                let name = names[left] + names[right]
                if name.count > 12 { continue }
                let result = names.firstIndex(of: name) ?? names.count
                if result == names.count { names.append(name) }
                merges.insert(Int32(left), Int32(right), rank: UInt32(rank), result: Int32(result))
            }
            var scratch = MergeScratch()
            for length in [0, 1, 2, 3, 7, 20, 40, 41, 60, 200] {
                let word = (0..<length).map { _ in Int32(generator.next(3)) }
                scratch.symbols = word
                scratch.merge(by: merges)
                #expect(scratch.symbols == naive(word, merges), "round \(round), length \(length)")
            }
        }
    }

    @Test func `a merge that comes twice counts with its later rank, as in the library`() {
        var merges = MergeTable(count: 2)
        merges.insert(1, 2, rank: 0, result: 9)
        merges.insert(1, 2, rank: 7, result: 9)
        #expect(merges.rankAndResult(1, 2) >> 32 == 7)
        #expect(merges.rankAndResult(2, 1) == MergeTable.none)
    }

    @Test func `the word cache forgets when it is full, and answers with the word's own ids`() {
        var cache = WordCache()
        for number in 0..<40_000 {
            var word = Array("word\(number)".utf8)
            word.withUnsafeMutableBufferPointer { word in
                let word = UnsafeBufferPointer(word)
                // Two words share each hash on purpose.
                cache.insert(word, hash: (number / 2) * 7919, ids: [Int32(number), 1])
            }
        }
        let last = Array("word39999".utf8)
        let first = Array("word0".utf8)
        var ids: [Int32] = []
        #expect(last.withUnsafeBufferPointer { cache.append($0, hash: (39_999 / 2) * 7919, to: &ids) })
        #expect(ids == [39_999, 1])
        #expect(!first.withUnsafeBufferPointer { cache.append($0, hash: 0, to: &ids) })
    }
}

/// A linear congruential sequence: the same numbers every time.
private struct NumberSequence {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}
