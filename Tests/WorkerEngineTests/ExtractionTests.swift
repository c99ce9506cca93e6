import Foundation
import Models
import Run
import Storage
import TestSupport
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

    /// The shipped models' folders, each with a chat template of its own.
    private func chatFolders(_ scratch: TemporaryFolder) throws -> [String] {
        let templates = [
            "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}\nreply:",
            "{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}",
        ]
        return try zip([ReferencePair.shipped.modelA, ReferencePair.shipped.modelB], templates).enumerated().map {
            let copy = scratch.file("model\($0)")
            try FileManager.default.copyItem(at: URL(fileURLWithPath: $1.0), to: copy)
            try Data($1.1.utf8).write(to: copy.appendingPathComponent("chat_template.jinja"))
            return copy.path
        }
    }

    @Test(arguments: ["-1", "-3", "content:-1", "content"])
    func `of prompts W learns from the activations that messages are`(position: String) throws {
        let scratch = try TemporaryFolder()
        let folders = try chatFolders(scratch)
        // The second is longer than the models' positions allow with an answer of so many tokens.
        let (a, _) = try engine.models()
        let answerTokens = 8
        let long = String(repeating: "The goat sleeps. ", count: a.folder.configuration.maximumPositions / 3)
        let prompts = ["Question: Who sleeps?\nAnswer:", long + "Who?\nAnswer:", "What did Tim find?\nAnswer:"]
        try engine.join(
            k: 3, j: 2, operation: "replace", positions: try #require(TokenPositions(position)), chat: true,
            modelA: folders[0], modelB: folders[1])
        let read = try engine.extraction(of: prompts, k: [3], j: [2], maximumTokens: 4, answerTokens: answerTokens)
        // A tells B its stream as it is, and B itself its own: their digests are those of what was read.
        let conditions = [
            Condition("injected", .b, reads: .b, told: .activation(of: .a)),
            Condition("self", .b, reads: .b, told: .own(of: .b)),
        ]
        let items = prompts.enumerated().map { EvaluationItem(id: "\($0)", prompts: [.a: $1, .b: $1]) }
        let unit = EvaluateUnit(
            task: "squad", channel: Channel(k: 3, j: 2), conditions: conditions, items: items,
            form: .text(GenerationLimits(maximumNewTokens: answerTokens)))
        let answers = try engine.answers(to: unit, projected: false)
        func digests(_ matrix: FloatMatrix) -> [String] {
            (0..<matrix.rows).map { ContentHasher.digest(of: Array(matrix[row: $0])).hex }
        }
        func told(_ place: Int) -> [String?] {
            answers.map { if case .vector(let digest, _) = $0.answers[place].told { digest } else { nil } }
        }
        #expect(answers[1].answers[1].omittedPromptTokens > 0)
        #expect(told(0) == digests(read.a[0]))
        #expect(told(1) == digests(read.b[0]))
    }
}
