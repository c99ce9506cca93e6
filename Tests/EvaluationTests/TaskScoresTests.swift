import Run
import Testing

@testable import Evaluation

@Suite struct TaskScoresTests {
    private let conditions: [Condition] = [.bFull, .injected, .random]
    private let items = [
        TaskItem(id: "1", context: "C", question: "Q", golds: ["Paris", "the city of Paris"]),
        TaskItem(id: "2", context: "C", question: "Q", golds: ["red fox"]),
    ]

    private func answers(_ texts: [[String]]) -> [ItemAnswers] {
        texts.map { ItemAnswers(answers: $0.map { Continuation(tokens: [], text: $0) }) }
    }

    private func scores(_ texts: [[String]]) throws -> TaskScores {
        try TaskScores(
            .squad, conditions: conditions, items: items, answers: answers(texts), preset: .standard, seed: 1)
    }

    @Test func everyConditionIsAveragedOverItems() throws {
        let scores = try scores([[" Paris", "Paris.", "x"], ["fox", "red fox", ""]])
        let injected = try #require(scores.score(.injected, .exactMatch))
        #expect(injected.mean == 1 && injected.count == 2)
        #expect(injected.standardError == 0)
        #expect(scores.score(.bFull, .exactMatch)?.mean == 0.5)
        #expect(abs(try #require(scores.score(.bFull, .f1)).mean - (1 + 2.0 / 3) / 2) < 1e-15)
        #expect(scores.score(.random, .f1)?.mean == 0)
        #expect(scores.score(.aFull, .f1) == nil)
        #expect(scores.scores.map(\.condition) == [.bFull, .bFull, .injected, .injected, .random, .random])
    }

    @Test func itemsKeepContinuationScoredTextAndValues() throws {
        let scored = try scores([[" Paris\n", "x", "x"], ["fox", "x", "x"]]).items
        #expect(scored.map(\.item.id) == ["1", "2"])
        #expect(scored[0].answers[0].continuation.text == " Paris\n")
        #expect(scored[0].answers[0].text == "Paris")
        #expect(scored[0].answers[0].values == [1, 1])
        #expect(scored[1].answers[0].values == [0, 2.0 / 3])
    }

    @Test func injectedIsComparedWithEveryOtherConditionItemByItem() throws {
        let differences = try scores([["Paris", "Paris", "x"], ["red fox", "fox", "x"]]).differences
        #expect(differences.map(\.control) == [.bFull, .bFull, .random, .random])
        #expect(differences.map(\.metric) == [.exactMatch, .f1, .exactMatch, .f1])
        #expect(differences[0].difference.mean == -0.5)
        #expect(differences[0].difference.interval == ConfidenceInterval(low: -1, high: 0))
        #expect(differences[2].difference.mean == 0.5)
    }

    @Test func withoutInjectionNothingIsCompared() throws {
        let scores = try TaskScores(
            .squad, conditions: [.bFull], items: items, answers: answers([["x"], ["x"]]), preset: .standard, seed: 1)
        #expect(scores.differences.isEmpty)
    }

    @Test func gsm8kIsReadBothWays() throws {
        let items = [TaskItem(id: "1", context: nil, question: "Q", golds: ["1234"])]
        let scores = try TaskScores(
            .gsm8k, conditions: [.injected], items: items, answers: answers([["so 1,234.0"]]), preset: .standard,
            seed: 1)
        #expect(scores.metrics == [.strictMatch, .flexibleMatch])
        #expect(scores.items[0].answers[0].values == [0, 1])
        #expect(scores.score(.injected, .flexibleMatch)?.standardError == nil)
    }

    @Test func referencePresetScoresWhatFollowsTheLastCue() throws {
        let scores = try TaskScores(
            .squad, conditions: [.bFull], items: items, answers: answers([["x Answer: Paris"], ["x"]]),
            preset: .reference, seed: 1)
        #expect(scores.score(.bFull, .exactMatch)?.mean == 0.5)
    }

    @Test func answersThatDoNotBelongToTheItemsAreAnError() {
        #expect(throws: EvaluationError.itemCount(.squad, found: 1, expected: 2)) {
            try self.scores([["a", "b", "c"]])
        }
        #expect(throws: EvaluationError.answerCount(.squad, item: "2", found: 2, expected: 3)) {
            try self.scores([["a", "b", "c"], ["a", "b"]])
        }
        #expect(throws: EvaluationError.noItems(.squad)) {
            try TaskScores(.squad, conditions: [], items: [], answers: [], preset: .standard, seed: 1)
        }
    }
}
