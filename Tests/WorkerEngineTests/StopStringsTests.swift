import Foundation
import Run
import TestSupport
import Testing
import Tokenization
import WorkerEngine

struct StopStringsTests {
    private let tokenizer: Tokenizer

    init() throws {
        tokenizer = try Tokenizer(
            folder: Repository.root.appendingPathComponent("Sources/Coordinator/DemoAssets/Assets/model-a"))
    }

    @Test(
        arguments: ["\n", "\nQuestion:", "e", "ent", "\n\n", "n e", "the "])
    func `a continuation stops at the token that completes a string, wherever tokens end`(string: String) throws {
        let stops = try #require(StopStrings([string], of: tokenizer))
        var random = NamedGenerator(seed: 7, purpose: "stop strings")
        var stopped = 0
        for _ in 0..<40 {
            // The string itself, its beginnings and other tokens, so that it comes about in many ways.
            var tokens: [Int32] = []
            while tokens.count < 40 {
                let part = string.prefix(1 + random.index(below: string.count))
                tokens +=
                    random.index(below: 4) == 0
                    ? tokenizer.encode(String(part), addSpecialTokens: false)
                    : [Int32(random.index(below: tokenizer.vocabularySize))]
            }
            let stop = tokens.indices.first { stops.areMet(by: Array(tokens[...$0])) }
            #expect(stop == tokens.indices.first { holds(tokenizer.decode(Array(tokens[...$0])), string) })
            stopped += stop == nil ? 0 : 1
        }
        #expect(stopped > 0)
    }

    @Test func `the text ends before the first of the strings, and is whole without one`() throws {
        let stops = try #require(StopStrings(["\n", "Question:"], of: tokenizer))
        #expect(stops.cut("one Question: two\nthree") == "one ")
        #expect(stops.cut("one\u{0301}") == "one\u{0301}")
        #expect(StopStrings([], of: tokenizer) == nil)
    }

    /// By the definition, scalar by scalar.
    private func holds(_ text: String, _ string: String) -> Bool {
        let (scalars, wanted) = (Array(text.unicodeScalars), Array(string.unicodeScalars))
        return scalars.indices.contains { scalars[$0...].prefix(wanted.count).elementsEqual(wanted) }
    }
}
