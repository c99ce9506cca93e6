import Run
import Testing

@testable import Evaluation

@Suite struct PromptsTests {
    private let squad = TaskItem(id: "q", context: "C.", question: "Q?", golds: ["a"])
    private let gsm8k = TaskItem(id: "g", context: nil, question: "Q?", golds: ["1"])

    private func items(_ count: Int) -> [TaskItem] {
        (0..<count).map { TaskItem(id: "id\($0)", context: "C\($0)", question: "Q", golds: ["a"]) }
    }

    @Test func promptsReadAsTheReferences() {
        #expect(Prompts.full(squad) == "Context: C.\nQuestion: Q?\nAnswer:")
        #expect(Prompts.full(gsm8k) == "Question: Q?\nAnswer:")
    }

    @Test func ownPromptFollowsTheOption() {
        #expect(Prompts.own(squad, .full) == Prompts.full(squad))
        #expect(Prompts.own(squad, .question) == "Question: Q?\nAnswer:")
        #expect(Prompts.own(gsm8k, .question) == Prompts.full(gsm8k))
        #expect(Prompts.own(squad, .none) == "Answer:")
    }

    @Test func itemsKeepTheirOrderAndCarryAllPrompts() throws {
        let made = try Prompts.evaluationItems(items(3), of: .squad, bPrompt: .question, seed: 1)
        #expect(made.map(\.id) == ["id0", "id1", "id2"])
        #expect(made[1].fullPrompt == "Context: C1\nQuestion: Q\nAnswer:")
        #expect(made[1].bPrompt == "Question: Q\nAnswer:")
        #expect(made[1].cue == "Answer:")
    }

    @Test func partnerIsAnyOtherItemAndNeverTheItemItself() throws {
        let items = items(4)
        let prompts = items.map(Prompts.full)
        var partners = [Set<Int>](repeating: [], count: 4)
        for seed in 0..<100 {
            let made = try Prompts.evaluationItems(items, of: .squad, bPrompt: .full, seed: UInt64(seed))
            for (index, item) in made.enumerated() {
                partners[index].insert(try #require(prompts.firstIndex(of: item.partnerPrompt)))
            }
        }
        #expect(partners == (0..<4).map { index in Set(0..<4).subtracting([index]) })
    }

    @Test func partnerIsAFunctionOfSeedTaskAndId() throws {
        let items = items(50)
        func partners(_ task: EvaluationTask, _ seed: UInt64) throws -> [String] {
            try Prompts.evaluationItems(items, of: task, bPrompt: .full, seed: seed).map(\.partnerPrompt)
        }
        #expect(try partners(.squad, 1) == partners(.squad, 1))
        #expect(try partners(.squad, 1) != partners(.squad, 2))
        #expect(try partners(.squad, 1) != partners(.gsm8k, 1))
    }

    @Test func fewerThanTwoItemsAreAnError() {
        #expect(throws: EvaluationError.noItems(.squad)) {
            try Prompts.evaluationItems([], of: .squad, bPrompt: .full, seed: 1)
        }
        #expect(throws: EvaluationError.shuffleNeedsTwoItems(.gsm8k)) {
            try Prompts.evaluationItems(self.items(1), of: .gsm8k, bPrompt: .full, seed: 1)
        }
    }
}

@Suite struct ConditionPlanTests {
    private let five: [Condition] = [.bFull, .aFull, .injected, .random, .shuffled]

    @Test func ownPromptIsRunOnlyWhereItDiffersFromAllOthers() {
        #expect(ConditionPlan.conditions(for: .squad, bPrompt: .question) == five + [.bPrompt, .noContext])
        #expect(ConditionPlan.conditions(for: .squad, bPrompt: .full) == five + [.noContext])
        #expect(ConditionPlan.conditions(for: .squad, bPrompt: .none) == five + [.noContext])
        #expect(ConditionPlan.conditions(for: .gsm8k, bPrompt: .question) == five + [.noContext])
    }
}

@Suite struct EvaluationProtocolTests {
    @Test func limitsAreThoseOfThePreset() {
        let limits = EvaluationProtocol.allCases.flatMap { preset in
            EvaluationTask.allCases.map { preset.limits(for: $0) }
        }
        #expect(limits.map(\.maximumNewTokens) == [32, 256, 5, 10])
        #expect(limits.map(\.stopStrings) == [["\n"], ["Question:"], [], []])
    }

    @Test func standardScoresTheWholeContinuation() {
        #expect(EvaluationProtocol.standard.answer(in: " Paris\u{1f} ") == "Paris")
        #expect(EvaluationProtocol.standard.answer(in: " a Answer: b") == "a Answer: b")
        #expect(EvaluationProtocol.standard.answer(in: " \n") == "")
    }

    @Test func referenceScoresWhatFollowsTheLastCue() {
        #expect(EvaluationProtocol.reference.answer(in: " Paris\nAnswer: Rome\nAnswer:  Oslo\n") == "Oslo")
        #expect(EvaluationProtocol.reference.answer(in: " Paris") == "Paris")
        #expect(EvaluationProtocol.reference.answer(in: "x Answer:") == "")
    }
}
