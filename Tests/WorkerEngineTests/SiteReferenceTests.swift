import Foundation
import ModelReading
import Run
import TestSupport
import Testing

/// What transformers gives right answers where messages are scaled, or read and written elsewhere than at the last token or
/// at several blocks, and
/// where messages end in chat templates: scripts/make-references/sites.py.
struct SiteFigures: Decodable {
    /// What a run was told of how messages are written.
    struct Setting: Hashable {
        let task, bPrompt, operation, position: String
        let channel: EvaluationFigures.Channel
        let strength: Double
        let matchNorm: Bool
    }

    struct Line: Decodable {
        let task, item, condition, bPrompt, operation, position: String
        let channel: EvaluationFigures.Channel
        let strength: Double
        let matchNorm: Bool
        /// Of what the operator was given.
        let norm: Double
        /// The right answers' log-likelihoods, in the item's order.
        let golds: [Double]

        var setting: Setting {
            Setting(
                task: task, bPrompt: bPrompt, operation: operation, position: position, channel: channel,
                strength: strength, matchNorm: matchNorm)
        }
    }

    /// A message in a chat template.
    struct Content: Decodable {
        let template, text: String
        let ids: [Int32]
        /// Of the message's last token.
        let place: Int
    }

    let likelihoods: [Line]
    let contents: [Content]

    static func read() throws -> SiteFigures {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            SiteFigures.self, from: Data(contentsOf: Repository.fixture("Evaluation/sites.json")))
    }
}

struct SiteReferenceTests {
    @Test func `likelihoods and messages' norms are the reference's wherever messages are written, and however scaled`()
        throws
    {
        let figures = try ReferencePair.shipped.figures()
        let engine = try EngineUnderTest(.shipped, seed: figures.seed)
        let conditions = ["silent", "injected", "other", "other_2", "self", "random", "matched", "zero"]
        for (setting, lines) in Dictionary(grouping: try SiteFigures.read().likelihoods, by: \.setting) {
            let task = try #require(figures.tasks.first { $0.task == setting.task })
            let found = try engine.likelihoods(
                task, preset: figures.preset, bPrompt: setting.bPrompt, conditions: conditions,
                channel: setting.channel, operation: setting.operation, strength: setting.strength,
                matchesNorm: setting.matchNorm, positions: try #require(TokenPositions(setting.position)))
            for line in lines {
                let what: Comment = "\(setting) \(line.item) \(line.condition)"
                let item = try #require(task.items.firstIndex { $0.id == line.item })
                let answer = found[item].answers[try #require(conditions.firstIndex(of: line.condition))]
                guard case .vector(_, let norm) = answer.told else {
                    Issue.record("\(what): no vector was told")
                    continue
                }
                #expect(abs(norm - line.norm) <= 1e-5 * line.norm, what)
                #expect(answer.golds.count == line.golds.count, what)
                for (found, expected) in zip(answer.golds, line.golds) {
                    #expect(abs(found.whole - expected) < 1e-3, "\(what): \(found.whole), expected \(expected)")
                }
            }
        }
    }

    @Test func `a message ends in a chat template where the tokenizer's own offsets say`() throws {
        let contents = try SiteFigures.read().contents
        for (template, contents) in Dictionary(grouping: contents, by: \.template) {
            let temporary = try TemporaryFolder()
            let folder = temporary.file("model")
            try FileManager.default.copyItem(atPath: ReferencePair.shipped.modelB, toPath: folder.path)
            try Data(template.utf8).write(to: folder.appendingPathComponent("chat_template.jinja"))
            let model = try ReadableModel(path: folder.path, chat: true)
            for content in contents {
                let read = try model.prompt(content.text, newTokens: 1, at: .contentEnd)
                #expect(read.tokens == content.ids, "\(template): \(content.text)")
                #expect(read.places == content.place..<content.place + 1, "\(template): \(content.text)")
                #expect(try model.flaw(of: .contentEnd, in: content.text) == nil)
            }
            // Nothing but white space has no last token of its own.
            #expect(try model.prompt(" \n", newTokens: 1, at: .contentEnd).places == nil)
            #expect(try model.flaw(of: .contentEnd, in: " \n") != nil)
        }
        #expect(Set(contents.map(\.template)).count == 4)
    }
}
