import Run
import Testing

@testable import Evaluation

struct TextSimilarityTests {
    private func similarity(_ a: ([Int32], String), _ b: ([Int32], String)) -> TextSimilarity {
        TextSimilarity(WrittenText(tokens: a.0, text: a.1), WrittenText(tokens: b.0, text: b.1))
    }

    @Test func `the same tokens match exactly`() {
        let same = similarity(([1, 2, 3], "abc"), ([1, 2, 3], "abc"))
        #expect(same.exactMatch && same.commonPrefixTokens == 3 && same.editSimilarity == 1)
    }

    @Test func `the common prefix ends at the first different token`() {
        let differing = similarity(([1, 2, 3, 4], "kitten"), ([1, 2, 9, 4], "sitting"))
        #expect(!differing.exactMatch)
        #expect(differing.commonPrefixTokens == 2)
        #expect(differing.editSimilarity == 1 - 3.0 / 7)
        #expect(similarity(([1], "a"), ([1, 2], "ab")).commonPrefixTokens == 1)
        #expect(!similarity(([1], "a"), ([1, 2], "ab")).exactMatch)
    }

    @Test func `empty texts are alike, and an empty one is nothing like another`() {
        #expect(TextSimilarity.editSimilarity("", "") == 1)
        #expect(TextSimilarity.editSimilarity("", "abc") == 0)
        #expect(TextSimilarity.editSimilarity("abc", "") == 0)
    }

    @Test func `scalars are compared, not graphemes`() {
        #expect(TextSimilarity.editSimilarity("e\u{301}", "\u{e9}") == 0)
    }

    @Test func `distances are those of Python`() throws {
        for edit in try MetricsFixture.read().edits {
            let expected = edit.longer == 0 ? 1 : 1 - Double(edit.distance) / Double(edit.longer)
            #expect(TextSimilarity.editSimilarity(edit.a, edit.b) == expected, "\(edit)")
            #expect(TextSimilarity.editSimilarity(edit.b, edit.a) == expected, "\(edit)")
        }
    }

    @Test func `no more than a fixed length is compared`() {
        let long = String(repeating: "x", count: TextSimilarity.maximumScalars)
        #expect(TextSimilarity.editSimilarity("", long + String(repeating: "y", count: 1 << 20)) == 0)
        #expect(TextSimilarity.editSimilarity("x", long + "y") == 1 - Double(long.count - 1) / Double(long.count))
    }
}

struct SimilarityScoresTests {
    private func sample(_ layer: Int, _ plain: [Int32], _ injected: [Int32]) -> SimilaritySample {
        func continuation(_ tokens: [Int32]) -> WrittenText {
            WrittenText(tokens: tokens, text: tokens.map(String.init).joined())
        }
        return SimilaritySample(
            layer: layer, prompt: "p",
            result: SimilarityResult(plain: continuation(plain), injected: continuation(injected))
        )
    }

    @Test func `prompts are averaged by layer, in the run's order`() {
        let scores = SimilarityScores(
            [
                sample(26, [1, 2], [1, 2]), sample(0, [1, 2], [3, 4]), sample(26, [1, 2], [1, 3]),
                sample(0, [5, 6], [5, 6]),
            ], seed: 1)
        #expect(scores.layers.map(\.layer) == [26, 0])
        let last = scores.layers[0]
        #expect(last.samples.count == 2)
        #expect(last.exactMatch.mean == 0.5)
        #expect(last.commonPrefixTokens.mean == 1.5)
        #expect(last.editSimilarity.mean == 0.75)
        #expect(scores.layers[1].editSimilarity.mean == 0.5)
        #expect(last.exactMatch.interval == Statistics.wilsonInterval(successes: 1, of: 2))
    }

    @Test func `nothing gives nothing`() {
        #expect(SimilarityScores([], seed: 1).layers.isEmpty)
    }
}
