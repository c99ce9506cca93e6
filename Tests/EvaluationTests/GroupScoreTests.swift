import Run
import Testing

@testable import Evaluation

struct GroupScoreTests {
    /// By numpy: the square root of the pooled variance over all items.
    @Test func `the pooled standard error is the harness's`() throws {
        let a: [Double] = [1, 0, 1, 1]
        let b: [Double] = [0, 0, 1]
        let groups = [a, b].map { (count: $0.count, standardError: Statistics.standardError($0)) }
        let pooled = try #require(Statistics.pooledStandardError(groups))
        // (3 · 0.25 + 2 · 1/3) / 5 = 0.283333…; / 7; its root.
        #expect(abs(pooled - 0.20118695) < 1e-8)
        #expect(Statistics.pooledStandardError([(1, nil), (1, nil)]) == nil)
        #expect(Statistics.pooledStandardError([(1, nil), (2, 0.5)]) != nil)
    }

    @Test func `a group has the metrics that a condition has, and no others`() throws {
        let task = TaskDefinition(
            name: "t", title: "t", fileHelp: "", read: { _ in TaskData(items: []) },
            prompts: Prompts.questionAnswering, answer: { _ in .text(GenerationLimits(maximumNewTokens: 1)) },
            metrics: [.exactMatch])
        let items = ["x", "y", "x"].enumerated().map { number, group in
            TaskItem(id: "\(number)", group: group, question: "?", golds: ["red"])
        }
        let conditions = try ConditionTable.standard.conditions(named: ["silent", "injected"])
        let answers = ["red", "blue", "blue"].map { text in
            [[Answer(text: text)], [Answer(text: "red", divergences: [0.25])]]
        }
        let scores = try TaskScores(
            task, conditions: conditions, items: items, answers: answers, preset: .standard,
            endpoints: [.answers, .likelihood], seed: 1)
        let groups = scores.groupScores
        #expect(groups.map(\.name) == ["x", "y"] && groups.map(\.count) == [2, 1])
        let (silent, injected) = (conditions[0].condition, conditions[1].condition)
        #expect(groups.map { $0.score(silent, .exactMatch)?.mean } == [0.5, 0])
        #expect(groups.map { $0.score(silent, .exactMatch)?.standardError } == [0.5, nil])
        #expect(groups.map { $0.score(silent, .divergenceFromSilent) == nil } == [true, true])
        #expect(groups.map { $0.score(injected, .divergenceFromSilent)?.mean } == [0.25, 0.25])
    }
}
