import Run
import Tasks
import Testing

@testable import Evaluation

struct PromptsTests {
    private let squad = TaskItem(id: "q", context: "C.", question: "Q?", golds: ["a"])
    private let gsm8k = TaskItem(id: "g", question: "Q?", golds: ["1"])

    private func items(_ count: Int) -> [TaskItem] {
        (0..<count).map { TaskItem(id: "id\($0)", context: "C\($0)", question: "Q", golds: ["a"]) }
    }

    @Test func `prompts read as the reference's`() {
        let prompts = Prompts.questionAnswering(squad)
        #expect(prompts.both == "Context: C.\nQuestion: Q?\nAnswer:")
        #expect(prompts.a == prompts.both && prompts.b == prompts.both)
        #expect(prompts.question == "Question: Q?\nAnswer:")
        #expect(prompts.cue == "Answer:")
        #expect(Prompts.questionAnswering(gsm8k).both == "Question: Q?\nAnswer:")
    }

    @Test(arguments: BPrompt.allCases)
    func `B's own prompt follows the option`(bPrompt: BPrompt) throws {
        let item = try Prompts.evaluationItems([squad, gsm8k], of: .squad, bPrompt: bPrompt, seed: 1)[0]
        let expected =
            switch bPrompt {
            case .task, .full: "Context: C.\nQuestion: Q?\nAnswer:"
            case .question: "Question: Q?\nAnswer:"
            case .none: "Answer:"
            }
        #expect(item.prompts[.b] == expected)
        #expect(item.prompts[.a] == "Context: C.\nQuestion: Q?\nAnswer:")
    }

    @Test func `items keep their order and carry a prompt for every role`() throws {
        let made = try Prompts.evaluationItems(items(3), of: .squad, bPrompt: .question, seed: 1)
        #expect(made.map(\.id) == ["id0", "id1", "id2"])
        #expect(Set(made[1].prompts.keys) == Set(PromptRole.allCases))
        #expect(made[1].prompts[.both] == "Context: C1\nQuestion: Q\nAnswer:")
        #expect(made[1].prompts[.b] == "Question: Q\nAnswer:")
        #expect(made[1].prompts[.cue] == "Answer:")
    }

    @Test func `a partner is any other item and never the item itself`() throws {
        let items = items(4)
        let prompts = items.map { Prompts.questionAnswering($0).a }
        var partners = [Set<Int>](repeating: [], count: 4)
        for seed in 0..<100 {
            let made = try Prompts.evaluationItems(items, of: .squad, bPrompt: .full, seed: UInt64(seed))
            for (index, item) in made.enumerated() {
                let partner = try #require(item.prompts[.partner])
                partners[index].insert(try #require(prompts.firstIndex(of: partner)))
            }
        }
        #expect(partners == (0..<4).map { index in Set(0..<4).subtracting([index]) })
    }

    @Test func `a partner is a function of seed, task and id`() throws {
        let items = items(50)
        func partners(_ task: TaskDefinition, _ seed: UInt64) throws -> [String?] {
            try Prompts.evaluationItems(items, of: task, bPrompt: .full, seed: seed).map { $0.prompts[.partner] }
        }
        #expect(try partners(.squad, 1) == partners(.squad, 1))
        #expect(try partners(.squad, 1) != partners(.squad, 2))
        #expect(try partners(.squad, 1) != partners(.gsm8k, 1))
    }

    @Test func `fewer than two items are an error`() {
        #expect(throws: EvaluationError.noItems("squad")) {
            try Prompts.evaluationItems([], of: .squad, bPrompt: .full, seed: 1)
        }
        #expect(throws: EvaluationError.shuffleNeedsTwoItems("gsm8k")) {
            try Prompts.evaluationItems(self.items(1), of: .gsm8k, bPrompt: .full, seed: 1)
        }
    }
}

struct ConditionTableTests {
    private let five = ["b_full", "a_full", "injected", "random", "shuffled"]

    private func asked(_ task: TaskDefinition, _ bPrompt: BPrompt) throws -> [String] {
        let context = task.name == "squad" ? "C" : nil
        let items = (0..<3).map { TaskItem(id: "\($0)", context: context, question: "Q\($0)", golds: ["a"]) }
        let prompts = try Prompts.evaluationItems(items, of: task, bPrompt: bPrompt, seed: 1)
        return ConditionTable.distinct(try ConditionTable.standard.conditions(named: nil), of: prompts).map(\.name)
    }

    @Test func `B's own prompt is asked alone only where it differs from all others`() throws {
        #expect(try asked(.squad, .question) == five + ["b_prompt", "no_context"])
        #expect(try asked(.squad, .full) == five + ["no_context"])
        #expect(try asked(.squad, .task) == five + ["no_context"])
        #expect(try asked(.squad, .none) == five + ["no_context"])
        #expect(try asked(.gsm8k, .question) == five + ["no_context"])
    }

    @Test func `conditions are chosen by name, in the table's order, and an unknown one is named`() throws {
        let chosen = try ConditionTable.standard.conditions(named: ["shuffled", "words", "b_full"])
        #expect(chosen.map(\.name) == ["b_full", "shuffled", "words"])
        #expect(throws: EvaluationError.self) { try ConditionTable.standard.conditions(named: ["shufled"]) }
        #expect(throws: EvaluationError.noConditions) { try ConditionTable.standard.conditions(named: []) }
    }

    @Test func `names are unique, and those that use no channel are known`() {
        let definitions = ConditionTable.standard.definitions
        #expect(Set(definitions.map(\.name)).count == definitions.count)
        #expect(
            definitions.filter(\.condition.usesChannel).map(\.name) == ["injected", "random", "shuffled"])
    }
}

struct ReadAnswerTests {
    private let item = TaskItem(id: "1", question: "Q", choices: [" A", " B", " C"], golds: [" B"])

    @Test func `a written answer is what stands between white space`() {
        #expect(ReadAnswer.text(in: " Paris\u{1f} ", after: nil) == "Paris")
        #expect(ReadAnswer.text(in: " a Answer: b", after: nil) == "a Answer: b")
        #expect(ReadAnswer.text(in: " \n", after: nil) == "")
    }

    @Test func `the reference protocol reads what follows the last cue`() {
        #expect(ReadAnswer.text(in: " Paris\nAnswer: Rome\nAnswer:  Oslo\n", after: "Answer:") == "Oslo")
        #expect(ReadAnswer.text(in: " Paris", after: "Answer:") == "Paris")
        #expect(ReadAnswer.text(in: "x Answer:", after: "Answer:") == "")
    }

    @Test func `the likeliest choice is the answer, the first among equals`() {
        func text(_ likelihoods: [Double]) -> String {
            ReadAnswer(Answer(likelihoods: likelihoods), to: item, cue: "", preset: .standard).text
        }
        #expect(text([-3, -1, -2]) == " B")
        #expect(text([-3, -1, -1]) == " B")
        #expect(text([-1, -1, -1]) == " A")
    }
}
