import Run
import Tasks
import Testing

@testable import Evaluation

/// What is shown while answers come in is what the report will say of the same items.
struct RunningContrastTests {
    private let items = (0..<24).map { TaskItem(id: "\($0)", context: "C", question: "Q", golds: ["red fox"]) }

    /// The answers to an item under each condition, right ones as often as a share says.
    private func answers(_ conditions: [ConditionDefinition], _ texts: [String], from seed: UInt64) -> [[[Answer]]] {
        var random = NamedGenerator(seed: seed, purpose: "answers", key: "running contrast")
        return items.map { _ in
            conditions.map { condition in
                (0..<(condition.isRepeated ? 4 : 1)).map { _ in
                    Answer(text: texts[Int(random.next() % UInt64(texts.count))])
                }
            }
        }
    }

    private func check(
        _ names: [String], _ task: TaskDefinition, texts: [String], contrast: String
    ) throws -> (RunningContrast.Figures, PairedDifference) {
        let conditions = names.compactMap(ConditionTable.standard.definition)
        let answers = answers(conditions, texts, from: 3)
        var running = try #require(
            RunningContrast(task, conditions: conditions, endpoints: [.answers], preset: .standard))
        #expect(running.figures == nil && running.contrast.name == contrast)
        for (item, answers) in zip(items, answers) { running.take(item, answers) }
        let scores = try TaskScores(
            task, conditions: conditions, items: items, answers: answers, preset: .standard, seed: 1)
        let final = try #require(
            scores.contrasts.first { $0.contrast.name == contrast && $0.metric == running.metric })
        #expect(final.metric == scores.headline)
        let figures = try #require(running.figures)
        #expect(abs(figures.mean - final.difference.score.mean) < 1e-9)
        #expect((figures.better, figures.worse) == (final.difference.better, final.difference.worse))
        #expect(figures.items == items.count)
        #expect(figures.conditions.map(\.name) == [running.contrast.first, running.contrast.second])
        for condition in figures.conditions {
            let own = try #require(ConditionTable.standard.definition(condition.name)?.condition)
            let score = try #require(scores.score(own, running.metric))
            #expect(abs(condition.mean - score.mean) < 1e-9)
            // Wilson's is the report's; the bootstrap's is about the other one.
            let isExact = texts.allSatisfy { !$0.contains("fox") || $0 == "red fox" }
            let (low, high) = (condition.interval.low, condition.interval.high)
            #expect(abs(low - score.interval.low) < (isExact ? 1e-12 : 0.05), "\(condition)")
            #expect(abs(high - score.interval.high) < (isExact ? 1e-12 : 0.05), "\(condition)")
        }
        return (figures, final.difference)
    }

    @Test func `right-or-wrong answers have the report's interval`() throws {
        let (figures, final) = try check(
            ["silent", "injected"], .squad, texts: ["red fox", "owl"], contrast: "OPE")
        #expect(figures.interval == final.score.interval)
    }

    @Test func `what decides goes before what a message does at all, and partial answers have an interval too`() throws
    {
        let (figures, final) = try check(
            ["silent", "injected", "other"], .squad, texts: ["red fox", "fox", "owl"], contrast: "CAG")
        #expect(figures.interval.low < figures.mean && figures.mean < figures.interval.high)
        // The bootstrap's, about.
        #expect(abs(figures.interval.low - final.score.interval.low) < 0.05)
        #expect(abs(figures.interval.high - final.score.interval.high) < 0.05)
    }

    @Test func `one item says nearly nothing, and without a message there is nothing to say`() throws {
        let conditions = ["silent", "injected"].compactMap(ConditionTable.standard.definition)
        var running = try #require(
            RunningContrast(.squad, conditions: conditions, endpoints: [.answers], preset: .standard))
        running.take(items[0], [[Answer(text: "owl")], [Answer(text: "red fox")]])
        let figures = try #require(running.figures)
        #expect(figures.mean == 1 && figures.better == 1 && figures.interval.low < 0.1)
        let alone = ["b_full"].compactMap(ConditionTable.standard.definition)
        #expect(RunningContrast(.squad, conditions: alone, endpoints: [.answers], preset: .standard) == nil)
    }
}
