import Run
import Tasks
import Testing

@testable import Evaluation

struct TaskScoresTests {
    private let conditions = ["b_full", "injected", "random"].compactMap(ConditionTable.standard.definition)
    private let items = [
        TaskItem(id: "1", context: "C", question: "Q", golds: ["Paris", "the city of Paris"]),
        TaskItem(id: "2", context: "C", question: "Q", golds: ["red fox"]),
    ]

    private func answers(_ texts: [[String]]) -> [[[Answer]]] {
        texts.map { $0.map { [Answer(text: $0)] } }
    }

    private func scores(
        _ texts: [[String]], conditions names: [String] = ["b_full", "injected", "random"],
        preset: EvaluationProtocol = .standard
    ) throws -> TaskScores {
        try TaskScores(
            .squad, conditions: names.compactMap(ConditionTable.standard.definition), items: items,
            answers: answers(texts), preset: preset, seed: 1)
    }

    private func mean(_ scores: TaskScores, _ condition: String, _ metric: String) -> Double? {
        scores.scores.first { $0.condition.name == condition && $0.metric.name == metric }?.score.mean
    }

    @Test func `every condition is averaged over the items`() throws {
        let scores = try scores([[" Paris", "Paris.", "x"], ["fox", "red fox", ""]])
        let injected = try #require(scores.score(conditions[1].condition, scores.metrics[0]))
        #expect(injected.mean == 1 && injected.count == 2)
        #expect(injected.standardError == 0)
        #expect(mean(scores, "b_full", "exact_match") == 0.5)
        let f1 = try #require(mean(scores, "b_full", "f1"))
        #expect(abs(f1 - (1 + 2.0 / 3) / 2) < 1e-15)
        #expect(mean(scores, "random", "f1") == 0)
        #expect(mean(scores, "a_full", "f1") == nil)
        let names: [String] = scores.scores.map(\.condition.name)
        #expect(names == ["b_full", "b_full", "injected", "injected", "random", "random"])
    }

    @Test func `items keep the answer, the scored text and its values`() throws {
        let scored = try scores([[" Paris\n", "x", "x"], ["fox", "x", "x"]]).items
        #expect(scored.map(\.item.id) == ["1", "2"])
        #expect(scored[0].answers[0].first.answer.text == " Paris\n")
        #expect(scored[0].answers[0].first.text == "Paris")
        #expect(scored[0].answers[0].values == [1, 1])
        #expect(scored[1].answers[0].values == [0, 2.0 / 3])
    }

    @Test func `injected is compared with every other condition, item by item`() throws {
        let differences = try scores([["Paris", "Paris", "x"], ["red fox", "fox", "x"]]).differences
        #expect(differences.map(\.control.name) == ["b_full", "b_full", "random", "random"])
        #expect(differences.map(\.metric.name) == ["exact_match", "f1", "exact_match", "f1"])
        #expect(differences[0].difference.score.mean == -0.5)
        #expect(
            differences[0].difference.score.interval
                == Statistics.newcombeInterval(both: 1, first: 0, second: 1, neither: 0))
        #expect(differences[2].difference.score.mean == 0.5)
    }

    @Test func `without injection nothing is compared`() throws {
        #expect(try scores([["x"], ["x"]], conditions: ["b_full"]).differences.isEmpty)
    }

    @Test func `GSM8K's number is read both ways, and compared as a text and as a number`() throws {
        let items = [TaskItem(id: "1", question: "Q", golds: ["1234"])]
        let scores = try TaskScores(
            .gsm8k, conditions: [conditions[1]], items: items, answers: answers([["so 1,234.0"]]), preset: .standard,
            seed: 1)
        #expect(
            scores.metrics.map(\.name)
                == ["exact_match,strict-match", "exact_match,flexible-extract", "strict_match", "flexible_match"])
        #expect(scores.items[0].answers[0].values == [0, 0, 0, 1])
        #expect(scores.scores[3].score.standardError == nil)
    }

    @Test func `the reference protocol scores what follows the last cue`() throws {
        let scores = try scores([["x Answer: Paris"], ["x"]], conditions: ["b_full"], preset: .reference)
        #expect(mean(scores, "b_full", "exact_match") == 0.5)
    }

    @Test func `answers that do not belong to the items are an error`() {
        #expect(throws: EvaluationError.itemCount("squad", found: 1, expected: 2)) {
            try self.scores([["a", "b", "c"]])
        }
        #expect(throws: EvaluationError.answerCount("squad", item: "2", found: 2, expected: 3)) {
            try self.scores([["a", "b", "c"], ["a", "b"]])
        }
        #expect(throws: EvaluationError.noItems("squad")) {
            try TaskScores(.squad, conditions: [], items: [], answers: [], preset: .standard, seed: 1)
        }
    }

    @Test func `a repeated condition counts as the mean of its answers, item by item`() throws {
        let other = try #require(ConditionTable.standard.definition("other"))
        let answers = [[["Paris", "x", "x", "Paris"]], [["x", "x", "x", "red fox"]]].map {
            $0.map { $0.map { Answer(text: $0) } }
        }
        let scores = try TaskScores(
            .squad, conditions: [other], items: items, answers: answers, preset: .standard, seed: 1)
        #expect(scores.items.map { $0.answers[0].values[0] } == [0.5, 0.25])
        #expect(mean(scores, "other", "exact_match") == 0.375)
    }

    @Test func `likelihoods are the best over the right answers, whole and by token`() throws {
        let names = ["silent", "injected", "a_full"].compactMap(ConditionTable.standard.definition)
        func answer(_ wholes: [(Double, Int)], _ divergences: [Double]) -> Answer {
            Answer(golds: wholes.map { GoldLikelihood(whole: $0.0, tokens: $0.1) }, divergences: divergences)
        }
        let answers = [
            [[answer([(-3, 1), (-4, 4)], [])], [answer([(-2, 1), (-8, 4)], [0.25, 0.5])], [answer([(-1, 2)], [])]],
            [[answer([(-1, 1)], [])], [answer([(-2, 1)], [0.125, 0])], [answer([(-1, 2)], [])]],
        ]
        let scores = try TaskScores(
            .squad, conditions: names, items: items, answers: answers, preset: .standard, endpoints: [.likelihood],
            seed: 1)
        #expect(scores.metrics == Metric.likelihoods)
        #expect(mean(scores, "silent", "gold_logprob") == -2)
        #expect(mean(scores, "silent", "gold_logprob_token") == -1)
        #expect(mean(scores, "injected", "gold_logprob") == -2)
        #expect(mean(scores, "injected", "js_silent") == 0.1875 && mean(scores, "injected", "js_other") == 0.25)
        #expect(mean(scores, "silent", "js_silent") == nil && mean(scores, "a_full", "js_other") == nil)
        #expect(scores.differences.filter { $0.metric.name == "js_silent" }.isEmpty)
    }

    @Test func `a debate is right where both agree on what is right, and a tie is not`() throws {
        let debate = try #require(ConditionTable.standard.definition("debate"))
        #expect(debate.asked(others: 4).map(\.answerer) == [.b, .a])
        let answers = [[["Paris", "Paris"]], [["red fox", "blue"]]].map { $0.map { $0.map { Answer(text: $0) } } }
        let scores = try TaskScores(
            .squad, conditions: [debate], items: items, answers: answers, preset: .standard, seed: 1)
        #expect(scores.items.map { $0.answers[0].values[0] } == [1, 0])
    }
}
