import Models
import Run
import Testing

@testable import WorkerEngine

/// What an answer is made of: where it ends, what words from A come to, and what it took.
struct EvaluationCostTests {
    private let engine: EngineUnderTest
    private let (a, b): (LoadedModel, LoadedModel)
    private let channel = Channel(k: 3, j: 2)
    private let items: [EvaluationItem]

    init() throws {
        engine = try EngineUnderTest(.shipped, seed: 42)
        try engine.join(k: 3, j: 2, operation: "replace")
        (a, b) = try engine.models()
        let facts = [
            ("Vera plays the guitar in the evening. She keeps a goat in the garden.", "What does Vera keep?"),
            ("Tim keeps a horse. On Saturday he does not work.", "What does Tim keep in the garden?"),
            ("Clara has 3 apples.", "How many apples does Clara have?"),
        ]
        let full = facts.map { "Context: \($0.0)\nQuestion: \($0.1)\nAnswer:" }
        items = facts.indices.map { place in
            EvaluationItem(
                id: "item \(place)",
                prompts: [
                    .a: full[place], .b: "Question: \(facts[place].1)\nAnswer:", .both: full[place], .cue: "Answer:",
                    .other(1): full[(place + 1) % facts.count],
                ],
                choices: [" a goat \(place)", " horse", " Saturday and \(facts[place].1)"])
        }
    }

    private static let conditions = [
        Condition("both", .b, reads: .both), Condition("a", .a, reads: .a),
        Condition("activation", .b, reads: .b, told: .activation(of: .a)),
        Condition("noise", .b, reads: .cue, told: .noise(like: .a)),
        Condition("partner", .b, reads: .b, told: .activation(of: .other(1))),
        Condition("words", .b, reads: .b, told: .words(of: .a, newTokens: 6)),
    ]

    private func unit(
        _ conditions: [Condition], _ items: [EvaluationItem], _ form: AnswerForm
    ) -> EvaluateUnit {
        EvaluateUnit(task: "squad", channel: channel, conditions: conditions, items: items, form: form)
    }

    private func answer(
        _ condition: Condition, _ item: EvaluationItem, _ form: AnswerForm, projected: Bool = true
    ) throws -> Answer {
        try #require(try engine.answers(to: unit([condition], [item], form), projected: projected).first?.answers.first)
    }

    private static func text(_ newTokens: Int, _ stopStrings: [String] = []) -> AnswerForm {
        .text(GenerationLimits(maximumNewTokens: newTokens, stopStrings: stopStrings))
    }

    // MARK: Where an answer ends

    @Test func `an answer goes up to its stop string, which is no part of it`() throws {
        let condition = Self.conditions[0]
        var shortened = 0
        for item in items {
            let free = try answer(condition, item, Self.text(10))
            let scalars = Array(free.text.unicodeScalars)
            try #require(scalars.count > 4)
            var stop = String.UnicodeScalarView()
            stop.append(contentsOf: scalars[2..<4])
            let stopped = try answer(condition, item, Self.text(10, ["nowhere in it", String(stop)]))
            let place = try #require(
                scalars.indices.first { scalars[$0...].starts(with: Array(stop)) })
            var expected = String.UnicodeScalarView()
            expected.append(contentsOf: scalars[..<place])
            #expect(stopped.text == String(expected))
            // No token beyond the one that completes it.
            let needed = free.tokens.indices.first { end in
                b.tokenizer.decode(Array(free.tokens[...end])).unicodeScalars.count >= place + stop.count
            }
            #expect(stopped.tokens == Array(free.tokens[...(try #require(needed))]))
            if stopped.tokens.count < free.tokens.count { shortened += 1 }
        }
        #expect(shortened > 0)
    }

    // MARK: Words

    @Test func `words are what A writes, a newline, and then B's own prompt`() throws {
        let words = Self.conditions[5]
        for item in items {
            let written = try answer(Condition("a", .a, reads: .a), item, Self.text(6))
            #expect(!written.text.isEmpty)
            let told = try answer(words, item, Self.text(8))
            var read = item
            read.prompts[.b] = "\(written.text)\n\(item.prompts[.b] ?? "")"
            let expected = try answer(Condition("b", .b, reads: .b), read, Self.text(8))
            #expect(told.text == expected.text && told.tokens == expected.tokens)
            // To the last bit: any other character between them gives other probabilities.
            let likelihoods = try answer(words, item, .choice).likelihoods
            #expect(try likelihoods == answer(Condition("b", .b, reads: .b), read, .choice).likelihoods)
            #expect(told.cost.promptTokens == expected.cost.promptTokens)
            #expect(told.cost.passesOfB == expected.cost.passesOfB)
            #expect(told.cost.passesOfA == written.cost.passesOfA)
            #expect(told.cost.messageBytes == written.text.utf8.count)
        }
    }

    @Test func `words end at a stop string of the answers`() throws {
        let written = try answer(Condition("a", .a, reads: .a), items[0], Self.text(6))
        let stop = try #require(written.text.last.map(String.init))
        let cut = try answer(Condition("a", .a, reads: .a), items[0], Self.text(6, [stop]))
        let told = try answer(Self.conditions[5], items[0], Self.text(6, [stop]))
        #expect(told.cost.messageBytes == cut.text.utf8.count && cut.text.utf8.count < written.text.utf8.count)
    }

    // MARK: Debate

    @Test func `a debate's last answers read the other's answer of the round before`() throws {
        let limits = Self.text(6)
        func alone(_ condition: Condition, _ item: EvaluationItem, after line: String?) throws -> Answer {
            var read = item
            let role = condition.prompt
            read.prompts[role] = (line.map { $0 + "\n" } ?? "") + (item.prompts[role] ?? "")
            return try answer(condition, read, limits)
        }
        let (a, b) = (Condition("a", .a, reads: .a), Condition("b", .b, reads: .b))
        for item in items {
            var (ofA, ofB) = (try alone(a, item, after: nil), try alone(b, item, after: nil))
            for rounds in 2...3 {
                let debated = try [
                    Condition("x", .b, reads: .b, told: .debate(rounds: rounds)),
                    Condition("y", .a, reads: .a, told: .debate(rounds: rounds)),
                ].map { try answer($0, item, limits) }
                let next = (a: try alone(a, item, after: ofB.text), b: try alone(b, item, after: ofA.text))
                #expect(debated.map(\.text) == [next.b.text, next.a.text], "\(rounds) rounds")
                #expect(debated[0].cost.passesOfB == next.b.cost.passesOfB)
                #expect(debated[0].cost.passesOfA.count >= ofA.cost.passesOfA.count)
                (ofA, ofB) = (next.a, next.b)
            }
        }
    }

    // MARK: Cost

    /// An answer with what both models read and computed for it, A first.
    private struct Counted {
        var answer: Answer
        var tokens: [Int]
        var blocks: [Int]
    }

    private func counted(_ condition: Condition, _ item: EvaluationItem, _ form: AnswerForm) throws -> Counted {
        let models = [a.model, b.model]
        let (tokens, blocks) = (models.map(\.tokensRead), models.map(\.blocksComputed))
        let answer = try answer(condition, item, form)
        return Counted(
            answer: answer, tokens: zip(models, tokens).map { $0.tokensRead - $1 },
            blocks: zip(models, blocks).map { $0.blocksComputed - $1 })
    }

    @Test(arguments: conditions.indices)
    func `an answer's passes are those that the models take for it alone`(place: Int) throws {
        let condition = Self.conditions[place]
        for item in items {
            let counted = try counted(condition, item, Self.text(7))
            let cost = counted.answer.cost
            #expect(counted.tokens == [cost.passesOfA.tokens, cost.passesOfB.tokens])
            #expect(
                counted.blocks == [cost.passesOfA, cost.passesOfB].map { $0.count * $0.blocks },
                "\(condition.name): \(cost)")
        }
    }

    @Test func `an answer's cost is what a count by hand gives`() throws {
        for item in items {
            let full = try #require(item.prompts[.both])
            let own = try #require(item.prompts[.b])
            let partner = try #require(item.prompts[.other(1)])
            func passes(_ prompt: Int, _ answer: Answer, of model: LoadedModel) -> Cost.Passes {
                // An end-of-text token takes a pass, and is not part of the answer.
                let more = answer.tokens.count - (answer.tokens.count == 5 ? 1 : 0)
                return Cost.Passes(
                    count: 1 + more, blocks: model.folder.configuration.blockCount, tokens: prompt + more)
            }
            func reading(_ text: String) throws -> Cost.Passes {
                Cost.Passes(count: 1, blocks: channel.k, tokens: try a.tokens(ofPrompt: text).count)
            }
            let answers = try Self.conditions.map { try answer($0, item, Self.text(5)) }
            let (ofFull, ofOwn) = (try b.tokens(ofPrompt: full).count, try b.tokens(ofPrompt: own).count)
            let ofCue = try b.tokens(ofPrompt: "Answer:").count
            let ofA = try a.tokens(ofPrompt: full).count
            let bytes = 4 * b.folder.configuration.hiddenSize
            let expected = [
                Cost(
                    promptTokens: ofFull, newTokens: answers[0].tokens.count,
                    passesOfB: passes(ofFull, answers[0], of: b)),
                Cost(promptTokens: ofA, newTokens: answers[1].tokens.count, passesOfA: passes(ofA, answers[1], of: a)),
                Cost(
                    promptTokens: ofOwn, newTokens: answers[2].tokens.count, passesOfA: try reading(full),
                    passesOfB: passes(ofOwn, answers[2], of: b), messageBytes: bytes),
                Cost(
                    promptTokens: ofCue, newTokens: answers[3].tokens.count, passesOfA: try reading(full),
                    passesOfB: passes(ofCue, answers[3], of: b), messageBytes: bytes),
                Cost(
                    promptTokens: ofOwn, newTokens: answers[4].tokens.count, passesOfA: try reading(partner),
                    passesOfB: passes(ofOwn, answers[4], of: b), messageBytes: bytes),
            ]
            #expect(answers.prefix(5).map(\.cost) == expected)
        }
    }

    @Test func `a message without W has A's width`() throws {
        let told = try answer(Self.conditions[2], items[0], Self.text(2), projected: false)
        #expect(told.cost.messageBytes == 4 * a.folder.configuration.hiddenSize)
    }

    @Test func `a choice takes the prompt once, and a pass for each token of a choice but its last`() throws {
        for item in items {
            for (condition, role) in [(Self.conditions[0], PromptRole.both), (Self.conditions[2], .b)] {
                let counted = try counted(condition, item, .choice)
                let answer = counted.answer
                let prompt = try #require(item.prompts[role])
                let read = try b.tokens(ofPrompt: prompt).count
                let more = try b.tokens(ofChoices: item.choices, after: prompt).reduce(0) { $0 + $1.count - 1 }
                #expect(answer.cost.promptTokens == read && answer.cost.newTokens == 0)
                #expect(answer.cost.passesOfB == Cost.Passes(count: 1 + more, blocks: 4, tokens: read + more))
                #expect(counted.tokens == [answer.cost.passesOfA.tokens, answer.cost.passesOfB.tokens])
                #expect(answer.likelihoods.count == 3 && answer.text.isEmpty && answer.tokens.isEmpty)
            }
        }
    }

    @Test(arguments: [text(7), AnswerForm.choice])
    func `neither an answer nor its cost depends on the items and conditions beside it`(form: AnswerForm) throws {
        let together = try engine.answers(to: unit(Self.conditions, items, form))
        for (item, answers) in zip(items, together) {
            let alone = try Self.conditions.map { try answer($0, item, form) }
            #expect(answers.answers == alone, "\(item.id)")
        }
    }

    @Test func `a unit at work says how much of it is answered, and nothing once it is done`() {
        let shares = engine.shares(of: unit(Self.conditions, items, Self.text(20)))
        #expect(shares.last == 0)
        let atWork = shares[...(shares.lastIndex { $0 > 0 } ?? 0)]
        #expect(zip(atWork, atWork.dropFirst()).allSatisfy { $0 <= $1 }, "\(shares)")
        #expect(atWork.allSatisfy { (0...1).contains($0) } && Set(atWork).count > 3, "\(shares)")
    }

    @Test func `units worked on together give what they give alone, each when it is whole; one that fails harms none`()
        throws
    {
        var broken = items[1]
        broken.prompts[.cue] = nil
        let units =
            [
                unit(Self.conditions, [items[0]], Self.text(40)), unit(Self.conditions, [broken], Self.text(3)),
                unit(Self.conditions, [items[1]], .choice),
            ] + (0..<9).map { unit(Self.conditions, [items[$0 % 3]], Self.text(1 + $0)) }
        let done = engine.answers(toAllOf: units)
        #expect(done.map(\.unit).sorted() == Array(units.indices))
        // The first has the longest answers, and lets those that came later by.
        #expect(done.first?.unit != 0)
        for (number, answers) in done {
            if number == 1 {
                #expect(throws: EngineError.self) { try answers.get() }
            } else {
                #expect(try answers.get() == engine.answers(to: units[number]), "unit \(number)")
            }
        }
    }

    @Test func `what two conditions ask alike is written once, and each answer tells what it takes alone`() throws {
        let same = [Condition("one", .b, reads: .both), Condition("two", .b, reads: .both)]
        let before = b.model.tokensRead
        let alone = try answer(same[0], items[0], Self.text(9))
        let single = b.model.tokensRead - before
        let both = try engine.answers(to: unit(same, [items[0]], Self.text(9)))[0].answers
        #expect(both == [alone, alone])
        #expect(b.model.tokensRead - before == 2 * single)
    }
}
