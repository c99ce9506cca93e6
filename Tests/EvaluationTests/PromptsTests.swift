import Run
import Tasks
import Testing

@testable import Evaluation

struct PromptsTests {
    private let squad = TaskItem(id: "q", context: "C.", question: "Q?", golds: ["a"])
    private let gsm8k = TaskItem(id: "g", question: "Q?", golds: ["1"])

    private func items(_ count: Int) -> [TaskItem] {
        (0..<count).map { TaskItem(id: "id\($0)", context: "C\($0)", question: "Q", golds: ["a\($0)"]) }
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
        let item = try Prompts.evaluationItems([squad, gsm8k], of: .squad, bPrompt: bPrompt, others: [[1], [0]])[0]
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
        let places = try OtherItems.places(among: items(3), of: .squad, count: 2)
        let made = try Prompts.evaluationItems(items(3), of: .squad, bPrompt: .question, others: places)
        #expect(made.map(\.id) == ["id0", "id1", "id2"])
        #expect(Set(made[1].prompts.keys) == Set(PromptRole.own + [.other(0), .other(1), .other(2)]))
        #expect(made[1].prompts[.both] == "Context: C1\nQuestion: Q\nAnswer:")
        #expect(made[1].prompts[.b] == "Question: Q\nAnswer:")
        #expect(made[1].prompts[.cue] == "Answer:")
    }

    @Test func `the item itself goes by the way of the others as well, and golds follow a space, each once`() throws {
        let item = TaskItem(id: "1", context: "C", question: "Q", golds: ["x", "y", "x"])
        let made = try Prompts.evaluationItems([item], of: .squad, bPrompt: .full)[0]
        #expect(made.prompts[.other(0)] == made.prompts[.a] && made.prompts[.other(1)] == nil)
        #expect(made.golds == [" x", " y"])
    }

    @Test func `no items are an error`() {
        #expect(throws: EvaluationError.noItems("squad")) {
            try Prompts.evaluationItems([], of: .squad, bPrompt: .full)
        }
    }

    @Test func `messages that noise is drawn like are all of a small task's, or some of every part of a large one's`()
        throws
    {
        let made = try Prompts.evaluationItems(items(10), of: .squad, bPrompt: .full)
        #expect(Prompts.sample(of: made) == made.map { $0.prompts[.a] })
        #expect(Prompts.sample(of: made, limit: 4) == [0, 2, 5, 7].map { made[$0].prompts[.a] })
    }
}

struct OtherItemsTests {
    private func item(_ id: String, length: Int, context: String? = nil, golds: [String]) -> TaskItem {
        TaskItem(id: id, context: context, question: String(repeating: "q", count: length), golds: golds)
    }

    @Test func `others are the nearest in length, the earlier first`() throws {
        let items = [10, 30, 12, 8, 31].enumerated().map { item("\($0)", length: $1, golds: ["g\($0)"]) }
        let places = try OtherItems.places(among: items, of: .gsm8k, count: 2)
        #expect(places == [[2, 3], [4, 2], [0, 3], [0, 2], [1, 2]])
        #expect(try OtherItems.places(among: items, of: .gsm8k, count: 0) == [[], [], [], [], []])
    }

    @Test func `others have another context and no right answer in common`() throws {
        let items = [
            item("0", length: 10, context: "A", golds: ["x", "y"]), item("1", length: 10, context: "A", golds: ["z"]),
            item("2", length: 10, context: "B", golds: ["y"]), item("3", length: 99, context: "C", golds: ["w"]),
        ]
        #expect(try OtherItems.places(among: items, of: .squad, count: 1) == [[3], [2], [1], [0]])
        #expect(throws: EvaluationError.tooFewOthers("squad", item: "0", found: 1, needed: 2)) {
            try OtherItems.places(among: items, of: .squad, count: 2)
        }
    }
}

struct ConditionTableTests {
    private let told = ["injected", "other", "self", "random", "matched", "zero"]

    private func items(_ task: TaskDefinition, _ bPrompt: BPrompt) throws -> [EvaluationItem] {
        let context = task.name == "squad" ? "C" : nil
        let items = (0..<3).map { TaskItem(id: "\($0)", context: context, question: "Q\($0)", golds: ["a"]) }
        return try Prompts.evaluationItems(items, of: task, bPrompt: bPrompt)
    }

    private func reported(_ task: TaskDefinition, _ bPrompt: BPrompt) throws -> [String] {
        ConditionTable.distinct(
            try ConditionTable.standard.conditions(named: nil), of: try items(task, bPrompt)
        ).map(\.name)
    }

    @Test func `what is the same by another name is reported once, but for what the contrasts need`() throws {
        #expect(try reported(.squad, .question) == ["b_full", "a_full", "silent", "no_context"] + told)
        #expect(try reported(.squad, .none) == ["b_full", "a_full", "silent"] + told)
        #expect(try reported(.gsm8k, .full) == ["b_full", "a_full", "silent", "no_context"] + told)
    }

    @Test func `each question is asked once, whichever conditions want its answer`() throws {
        func asked(_ names: [String], _ bPrompt: BPrompt, _ endpoints: [EvaluationEndpoint] = [.answers]) throws
            -> AskedConditions
        {
            AskedConditions(
                try ConditionTable.standard.conditions(named: names), of: try items(.squad, bPrompt), others: 3,
                endpoints: endpoints)
        }
        let full = try asked(["b_full", "silent", "skyline", "other"], .full)
        #expect(full.asked.map(\.name) == ["b_full", "other", "other_2", "other_3"])
        #expect(full.places == [[0], [0], [0], [1, 2, 3]])
        #expect(full.references.isEmpty)
        let question = try asked(["b_full", "silent", "shuffled", "other"], .question, [.likelihood])
        #expect(question.asked.map(\.name) == ["b_full", "silent", "other", "other_2", "other_3"])
        #expect(question.places == [[0], [1], [2, 3, 4], [2]])
        #expect(question.references == [[1], [2, 3, 4]])
        // What the first token is held against is asked for its sake.
        let alone = try asked(["injected"], .question, [.likelihood])
        #expect(alone.asked.map(\.name) == ["injected", "silent"] && alone.references == [[1]])
        let answers = (0..<5).map { Answer(text: "\($0)") }
        #expect(question.grouped(answers).map { $0.map(\.text) } == [["0"], ["1"], ["2", "3", "4"], ["2"]])
    }

    @Test func `conditions are chosen by name, in the table's order, and an unknown one is named`() throws {
        let chosen = try ConditionTable.standard.conditions(named: ["shuffled", "written", "b_full"], messageTokens: 9)
        #expect(chosen.map(\.name) == ["b_full", "shuffled", "written"])
        #expect(chosen[2].condition.message == .words(of: .a, newTokens: 9))
        #expect(throws: EvaluationError.self) { try ConditionTable.standard.conditions(named: ["shufled"]) }
        #expect(throws: EvaluationError.noConditions) { try ConditionTable.standard.conditions(named: []) }
    }

    @Test func `names are unique, and those that use no channel are known`() {
        let definitions = ConditionTable.standard.definitions
        #expect(Set(definitions.map(\.name)).count == definitions.count)
        #expect(definitions.filter(\.condition.usesChannel).map(\.name) == told + ["shuffled"])
    }
}

struct GateTests {
    private func gates(_ names: [String]) throws -> (AskedGates, [Condition]) {
        let items = try Prompts.evaluationItems(
            [TaskItem(id: "1", context: "C", question: "Q", golds: ["g"])], of: .squad, bPrompt: .full)
        let asked = AskedConditions(try ConditionTable.standard.conditions(named: names), of: items, others: 1)
        let gates = AskedGates(beside: asked.asked, of: items)
        return (gates, asked.asked + gates.needed.filter { !asked.asked.contains($0) })
    }

    @Test func `gates ask what is not asked anyway, and nothing where nothing is put into a stream`() throws {
        let (gates, conditions) = try gates(["b_full", "a_full", "injected"])
        #expect(
            conditions.map(\.name) == [
                "b_full", "a_full", "injected", "gate_identity_b", "gate_identity_a", "gate_own_message",
                "gate_no_strength",
            ])
        #expect(gates.gates == Gate.all)
        #expect(try self.gates(["b_full", "written"]).0.needed.isEmpty)
    }

    @Test(arguments: ["identity_b", "identity_a", "own_message", "no_strength"])
    func `a gate that does not hold to the last bit is named`(name: String) throws {
        let (gates, conditions) = try gates(["injected", "silent", "a_full"])
        func answers(_ spoilt: String?) -> [Answer] {
            conditions.map { condition in
                let whole = condition.name == spoilt ? -1.5.nextUp : -1.5
                return Answer(tokens: [1], text: "x", golds: [GoldLikelihood(whole: whole, tokens: 1)])
            }
        }
        #expect(gates.flaw(in: answers(nil), to: conditions, item: "7") == nil)
        let flaw = try #require(gates.flaw(in: answers("gate_\(name)"), to: conditions, item: "7"))
        #expect(flaw.contains("gate \(name):") && flaw.contains("item 7"))
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
