import Models
import Run
import Testing

@testable import WorkerEngine

/// An extraction reads the sites of all channels in one pass of each model.
struct ExtractionTests {
    private let engine: EngineUnderTest
    private let texts = [
        "Clara plays the harp.", "So", "One day, Tim found a", "The goat sleeps in the garden, and nobody wakes it.",
    ]

    init() throws {
        engine = try EngineUnderTest(.shipped, seed: 42)
        try engine.join(k: 4, j: 4, operation: "replace")
    }

    private struct Work: Equatable {
        var blocksOfA, tokensOfA, blocksOfB, tokensOfB: Int
    }

    private func extraction(k: [Int], j: [Int]) throws -> (result: ExtractResult, work: Work) {
        let (a, b) = try engine.models()
        let before = (a.model.blocksComputed, a.model.tokensRead, b.model.blocksComputed, b.model.tokensRead)
        let result = try engine.extraction(of: texts, k: k, j: j, maximumTokens: 24)
        let work = Work(
            blocksOfA: a.model.blocksComputed - before.0, tokensOfA: a.model.tokensRead - before.1,
            blocksOfB: b.model.blocksComputed - before.2, tokensOfB: b.model.tokensRead - before.3)
        return (result, work)
    }

    @Test func `several sites take the work of the deepest alone`() throws {
        let several = try extraction(k: [0, 2, 4], j: [1, 2, 3]).work
        #expect(several == (try extraction(k: [4], j: [3]).work))
        // All texts fit one pass.
        let (a, b) = try engine.models()
        #expect(several.blocksOfA == 4 && several.blocksOfB == 3)
        #expect(several.tokensOfA == texts.reduce(0) { $0 + a.text($1, maximumTokens: 24).count })
        #expect(several.tokensOfB == texts.reduce(0) { $0 + b.text($1, maximumTokens: 24).count })
        // No block beyond the deepest site.
        let shallow = try extraction(k: [1, 2], j: [2]).work
        #expect(shallow.blocksOfA == 2 && shallow.blocksOfB == 2)
    }

    @Test func `each site's activations are those that it has alone`() throws {
        let together = try extraction(k: [0, 2, 4], j: [2, 4]).result
        #expect(Set(together.a).count == 3 && Set(together.b).count == 2)
        for (place, k) in [0, 2, 4].enumerated() {
            #expect(try extraction(k: [k], j: [4]).result.a == [together.a[place]], "A after \(k)")
        }
        for (place, j) in [2, 4].enumerated() {
            #expect(try extraction(k: [2], j: [j]).result.b == [together.b[place]], "B after \(j)")
        }
    }
}
