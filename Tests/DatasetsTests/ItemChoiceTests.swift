import Run
import TestSupport
import Testing

@testable import Datasets

/// All figures were computed by CPython 3.11's `random`.
struct MersenneTwisterTests {
    @Test func `samples are CPython's, drawn one after the other`() throws {
        for sample in try HarnessFigures.read().samples {
            var twister = MersenneTwister(seed: 1234)
            for drawn in sample.drawn {
                #expect(
                    twister.sample(of: sample.population, count: sample.count) == drawn,
                    "\(sample.count) of \(sample.population)")
            }
        }
    }

    struct Words: Sendable {
        let seed: UInt64
        let first: [UInt32]
    }

    @Test(arguments: [
        Words(seed: 0, first: [3_626_764_237, 1_654_615_998, 3_255_389_356, 3_823_568_514]),
        Words(seed: 42, first: [2_746_317_213, 478_163_327, 107_420_369, 3_184_935_163]),
        Words(seed: (1 << 40) + 7, first: [2_635_837_658, 3_209_733_218, 3_500_038_837, 4_028_389_051]),
    ])
    func `words are those of getrandbits(32)`(words: Words) {
        var twister = MersenneTwister(seed: words.seed)
        #expect((0..<4).map { _ in twister.nextWord() } == words.first)
    }

    @Test func `the state is renewed after its last word`() {
        var twister = MersenneTwister(seed: 42)
        let words = (0..<2000).map { _ in UInt64(twister.nextWord()) }
        #expect(words.last == 1_557_724_698)
        #expect(words.reduce(0, +) == 4_345_921_292_504)
    }

    @Test func `bits are those of getrandbits`() {
        var twister = MersenneTwister(seed: 42)
        for _ in 0..<4 { _ = twister.nextWord() }
        #expect(
            [1, 5, 31, 33, 40, 64].map { twister.bits($0) }
                == [0, 7, 479_341_423, 4_894_278_121, 743_469_555_623, 16_457_808_150_190_122_675])
    }

    struct Shuffle: Sendable {
        let count: Int
        let seed: UInt64
        let first: [Int]
    }

    @Test(arguments: [
        Shuffle(count: 5, seed: 0, first: [2, 1, 0, 4, 3]),
        Shuffle(count: 10, seed: 42, first: [7, 3, 2, 8, 5, 6, 9, 4, 0, 1]),
        Shuffle(count: 12, seed: (1 << 40) + 7, first: [0, 5, 2, 3, 6, 1, 8, 4, 7, 11, 10, 9]),
        Shuffle(count: 700, seed: 123_456_789, first: [215, 29, 160, 299, 232, 584, 127, 179, 233, 681]),
        Shuffle(count: 1319, seed: 42, first: [588, 1214, 57, 906, 1252, 618, 599, 289, 608, 400]),
        Shuffle(count: 10_570, seed: 42, first: [8798, 4644, 7597, 418, 3677, 3562, 4936, 5910, 7926, 5435]),
    ])
    func `a permutation is that of shuffle`(shuffle: Shuffle) {
        var twister = MersenneTwister(seed: shuffle.seed)
        let permutation = twister.permutation(of: shuffle.count)
        #expect(Array(permutation.prefix(shuffle.first.count)) == shuffle.first)
        #expect(permutation.sorted() == Array(0..<shuffle.count))
    }
}

struct ItemChoiceTests {
    private func indices(
        _ count: Int, _ limit: Int?, _ preset: EvaluationProtocol, task: String = "squad", seed: UInt64 = 1
    ) -> [Int] {
        ItemChoice.indices(count: count, limit: limit, preset: preset, task: task, seed: seed)
    }

    @Test func `standard takes all in the file's order without a limit`() {
        #expect(indices(5, nil, .standard) == [0, 1, 2, 3, 4])
        #expect(indices(5, 5, .standard) == [0, 1, 2, 3, 4])
        #expect(indices(5, 9, .standard) == [0, 1, 2, 3, 4])
    }

    @Test func `standard draws from seed and task, and grows with the limit`() {
        let ten = indices(1000, 10, .standard)
        #expect(Set(ten).count == 10)
        #expect(Array(indices(1000, 20, .standard).prefix(10)) == ten)
        #expect(indices(1000, 10, .standard, seed: 2) != ten)
        #expect(indices(1000, 10, .standard, task: "gsm8k") != ten)
    }

    @Test func `reference takes the first twenty of CPython's shuffle, whatever the seed`() {
        let twenty = [
            588, 1214, 57, 906, 1252, 618, 599, 289, 608, 400, 237, 616, 672, 1132, 463, 222, 945, 238, 730, 55,
        ]
        #expect(indices(1319, nil, .reference, task: "gsm8k", seed: 3) == twenty)
        #expect(indices(1319, 3, .reference) == [588, 1214, 57])
        #expect(indices(3, nil, .reference).sorted() == [0, 1, 2])
    }

    @Test func `nothing is chosen from nothing`() {
        for preset in EvaluationProtocol.allCases {
            #expect(indices(0, nil, preset) == [])
            #expect(indices(3, 0, preset) == [])
        }
    }
}
