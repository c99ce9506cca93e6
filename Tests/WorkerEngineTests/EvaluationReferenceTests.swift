import Foundation
import TestSupport
import Testing

/// Under every condition, operator and own prompt of B the worker answers what transformers answers with forward
/// hooks, on the shipped pair and, where they are there, on models of another make.
struct EvaluationReferenceTests {
    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `trained models outside the repository are compared as well`() throws {
        #expect(ReferencePair.present.count == 2)
    }

    @Test(arguments: ReferencePair.present)
    func `prompts are the reference's, and so is the item whose message takes another's place`(
        pair: ReferencePair
    ) throws {
        let figures = try pair.figures()
        let engine = try EngineUnderTest(pair, seed: figures.seed)
        for task in figures.tasks {
            for bPrompt in figures.bPrompts {
                let found = try engine.prompts(task, bPrompt: bPrompt)
                #expect(found.map(\.item) == task.items.map(\.id))
                for (prompts, item) in zip(found, task.items) {
                    func text(_ model: String, _ which: String, of id: String) -> String? {
                        figures.prompt(task.task, id, model, which)?.text
                    }
                    #expect(prompts.a == text("a", "full", of: item.id))
                    #expect(prompts.full == text("b", "full", of: item.id))
                    #expect(prompts.own == text("b", bPrompt, of: item.id), "--b-prompt \(bPrompt)")
                    #expect(prompts.cue == text("b", "none", of: item.id))
                    #expect(!item.others.contains(item.id))
                    #expect(prompts.others == item.others.map { text("a", "full", of: $0) })
                }
            }
        }
    }

    @Test(arguments: ReferencePair.present)
    func `each model reads a prompt as the reference's tokens, cut where it has no more positions`(
        pair: ReferencePair
    ) throws {
        let figures = try pair.figures()
        let engine = try EngineUnderTest(pair, seed: figures.seed)
        for task in figures.tasks {
            let limits = try EngineUnderTest.limits(task.task, preset: figures.preset)
            #expect(limits.newTokens == task.newTokens && limits.stopStrings == task.stopStrings)
        }
        let readers = ["a": try engine.reader("a"), "b": try engine.reader("b")]
        for prompt in figures.prompts {
            let task = try #require(figures.tasks.first { $0.task == prompt.task })
            let read = try #require(readers[prompt.model]).read(prompt.text, newTokens: task.newTokens)
            #expect(read.ids == prompt.ids, "\(prompt.model): \(prompt.text)")
            #expect(read.omitted == prompt.omitted)
        }
    }

    @Test(arguments: ReferencePair.present)
    func `noise is drawn from the run's seed, the task and the item, as large as the message`(
        pair: ReferencePair
    ) throws {
        let figures = try pair.figures()
        for message in figures.messages {
            let noise = EngineUnderTest.noise(
                like: message.message, seed: figures.seed, task: message.task, item: message.item)
            #expect(noise.count == message.message.count)
            #expect(largestDifference(noise, message.noise) < 1e-5, "\(message.task) \(message.item)")
        }
    }

    @Test(arguments: ReferencePair.present, EvaluationReferenceTests.cases)
    func `answers and scores are the reference's`(pair: ReferencePair, asked: Case) throws {
        let figures = try pair.figures()
        let engine = try EngineUnderTest(pair, seed: figures.seed)
        for channel in figures.channels {
            for task in figures.tasks {
                for bPrompt in figures.bPrompts {
                    let found = try engine.answers(
                        task, preset: figures.preset, bPrompt: bPrompt, conditions: asked.conditions,
                        channel: channel, operation: asked.operation, messageTokens: figures.messageTokens)
                    for condition in asked.conditions {
                        let what: Comment =
                            "\(task.task) \(condition) \(channel) \(asked.operation) --b-prompt \(bPrompt)"
                        let expected = try #require(
                            figures.answers(
                                task.task, under: condition, bPrompt: bPrompt, over: channel,
                                operation: asked.operation), what)
                        let answers = try #require(found[condition], what)
                        #expect(answers.answers == expected.answers.map { figures.distinctAnswers[$0] }, what)
                        #expect(largestDifference(answers.means, expected.means) < 1e-12, what)
                        #expect(largestDifference(answers.standardErrors, expected.standardErrors) < 1e-12, what)
                    }
                }
            }
        }
    }

    /// Conditions of one unit, in the unit's order, with the operator.
    struct Case: Sendable, CustomTestStringConvertible {
        let operation: String
        let conditions: [String]

        var testDescription: String { "\(operation): \(conditions.joined(separator: ", "))" }
    }

    static let cases = [
        Case(
            operation: "replace",
            conditions: [
                "b_full", "a_full", "silent", "no_context", "injected", "other", "other_2", "self", "random", "matched",
                "zero", "written", "written_other",
            ]),
        Case(operation: "sum", conditions: ["zero", "other", "random", "matched", "injected", "self", "other_2"]),
        Case(operation: "mean", conditions: ["random", "self", "other_2", "injected", "other", "matched", "zero"]),
        // Nobody is told anything, and another item's message alone is.
        Case(operation: "replace", conditions: ["no_context", "silent", "a_full", "b_full"]),
        Case(operation: "replace", conditions: ["other"]), Case(operation: "replace", conditions: ["written_other"]),
    ]

    @Test(arguments: ReferencePair.present)
    func `likelihoods of right answers and first tokens' divergences are the reference's at every strength`(
        pair: ReferencePair
    ) throws {
        let figures = try pair.figures()
        let engine = try EngineUnderTest(pair, seed: figures.seed)
        let conditions = ["silent", "injected", "other", "other_2", "self", "zero"]
        struct Setting: Hashable {
            var task, bPrompt, operation: String
            var channel: EvaluationFigures.Channel
            var strength: Double
        }
        let bySetting = Dictionary(grouping: figures.likelihoods) {
            Setting(
                task: $0.task, bPrompt: $0.bPrompt, operation: $0.operation, channel: $0.channel, strength: $0.strength)
        }
        #expect(!bySetting.isEmpty)
        for (setting, lines) in bySetting {
            let task = try #require(figures.tasks.first { $0.task == setting.task })
            let found = try engine.likelihoods(
                task, preset: figures.preset, bPrompt: setting.bPrompt, conditions: conditions,
                channel: setting.channel, operation: setting.operation, strength: setting.strength)
            for line in lines {
                let what: Comment = "\(setting) \(line.item) \(line.condition)"
                let item = try #require(task.items.firstIndex { $0.id == line.item })
                let answer = found[item].answers[try #require(conditions.firstIndex(of: line.condition))]
                #expect(answer.golds.map(\.tokens) == line.golds.map(\.tokens), what)
                #expect(largestDifference(answer.golds.map(\.whole), line.golds.map(\.whole)) < 1e-3, what)
                #expect(largestDifference(answer.divergences, line.divergences ?? []) < 1e-5, what)
                #expect(answer.text.isEmpty && answer.tokens.isEmpty && answer.cost.newTokens == 0)
            }
        }
    }

    @Test(arguments: ReferencePair.present)
    func `continuations with and without a message are the reference's at the unit's own layer`(
        pair: ReferencePair
    ) throws {
        let figures = try pair.figures()
        let engine = try EngineUnderTest(pair, seed: figures.seed)
        for expected in figures.similarity {
            let what: Comment = "\(expected.prompt) after \(expected.layer) blocks, \(expected.operation)"
            let found = try engine.similarity(
                expected.prompt, layer: expected.layer, newTokens: 12, operation: expected.operation,
                projected: expected.projected)
            #expect(found.plain == expected.plain, what)
            #expect(found.injected == expected.injected, what)
            #expect(found.commonPrefixTokens == expected.commonPrefixTokens, what)
            #expect(abs(found.editSimilarity - expected.editSimilarity) < 1e-12, what)
        }
    }

    @Test(arguments: ReferencePair.present)
    func `what W learns from are the streams at each text's own last token`(pair: ReferencePair) throws {
        let figures = try pair.figures()
        let engine = try EngineUnderTest(pair, seed: figures.seed)
        for expected in figures.extraction {
            let found = try engine.streams(
                of: expected.texts, k: expected.k, j: expected.j, maximumTokens: expected.maximumTokens)
            for (found, expected) in [(found.a, expected.a), (found.b, expected.b)] {
                #expect(found.count == expected.count)
                for (row, expected) in zip(found, expected) {
                    let scale = expected.map(abs).max() ?? 0
                    #expect(largestDifference(row, expected) < 5e-6 * scale)
                }
            }
        }
    }
}

/// Between two lists; infinite where their lengths differ or something is no number.
private func largestDifference<Value: BinaryFloatingPoint>(_ found: [Value], _ expected: [Value]) -> Value {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
}
