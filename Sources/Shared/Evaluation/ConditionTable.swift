import PlainText
package import Run

/// A condition with what people read of it.
package struct ConditionDefinition: Hashable, Sendable {
    package var condition: Condition
    /// In tables and reports.
    package var title: String
    /// Whether it is asked where `--conditions` names none.
    package var isUsual: Bool
    /// Whether it is asked with the messages of as many other items as `--others` says, and counts as their mean.
    package var isRepeated: Bool

    package init(_ condition: Condition, _ title: String, isUsual: Bool = true, isRepeated: Bool = false) {
        self.condition = condition
        self.title = title
        self.isUsual = isUsual
        self.isRepeated = isRepeated
    }

    package var name: String { condition.name }

    /// What it asks of a model: itself, or once for each of the other items; a debate's last answers of both models.
    package func asked(others: Int) -> [Condition] {
        if case .debate = condition.message {
            var second = condition
            (second.name, second.answerer, second.prompt) = ("\(name)_a", .a, .a)
            return [condition, second]
        }
        guard isRepeated, let message = condition.message else { return [condition] }
        return (1...others).map { number in
            var asked = condition
            asked.name = number == 1 ? name : "\(name)_\(number)"
            asked.message = message.of(.other(number))
            return asked
        }
    }

    /// Several answers to an item count as their mean; those that end a debate as the worse of them: two that disagree
    /// are a tie, which decides nothing, and is not right.
    func combined(_ values: [Double]) -> Double {
        if case .debate = condition.message { return values.min() ?? 0 }
        return Statistics.mean(values)
    }

    /// The messages of other items that it needs.
    package func othersNeeded(_ others: Int) -> Int {
        guard case .other = condition.message?.source else { return 0 }
        return isRepeated ? others : 1
    }
}

/// The conditions that there are, in the order in which they are run and reported. One line makes one.
package struct ConditionTable: Hashable, Sendable {
    package var definitions: [ConditionDefinition]

    package init(_ definitions: [ConditionDefinition]) {
        self.definitions = definitions
    }

    package static let standard = ConditionTable([
        .init(Condition("b_full", .b, reads: .both), "B alone, full prompt"),
        .init(Condition("a_full", .a, reads: .both), "A alone, full prompt"),
        .init(Condition("skyline", .b, reads: .both), "skyline: B alone, both prompts"),
        .init(Condition(silent, .b, reads: .b), "silent: B, no message"),
        .init(Condition("no_context", .b, reads: .cue), "B alone, \"Answer:\" only"),
        .init(Condition(injected, .b, reads: .b, told: .activation(of: .a)), "injected: A's activation"),
        .init(
            Condition(other, .b, reads: .b, told: .activation(of: .other(1))), "other: other items' activations",
            isRepeated: true),
        .init(Condition(itself, .b, reads: .b, told: .own(of: .a)), "self: B's own activation"),
        .init(Condition("random", .b, reads: .b, told: .noise(like: .a)), "random: noise"),
        .init(Condition("matched", .b, reads: .b, told: .matched), "matched: noise like messages"),
        .init(Condition("zero", .b, reads: .b, told: .zero), "zero: zeros"),
        .init(
            Condition("shuffled", .b, reads: .b, told: .activation(of: .other(1))),
            "shuffled: another item's activation", isUsual: false),
        .init(
            Condition("written", .b, reads: .b, told: .words(of: .a, newTokens: 64)), "written: what A writes",
            isUsual: false),
        .init(
            Condition("written_other", .b, reads: .b, told: .words(of: .other(1), newTokens: 64)),
            "written_other: what A writes on another item", isUsual: false),
        .init(
            Condition("debate", .b, reads: .b, told: .debate(rounds: 2)), "debate: both agree at its end",
            isUsual: false),
    ])

    /// The names of the conditions that are held against each other: see ``Contrast``.
    package static let silent = "silent"
    package static let injected = "injected"
    package static let other = "other"
    package static let itself = "self"

    package func definition(_ name: String) -> ConditionDefinition? {
        definitions.first { $0.name == name }
    }

    /// The conditions of those names, in the table's order; the usual ones where none are named.
    /// - Parameters:
    ///   - messageTokens: of written messages at most.
    ///   - debateRounds: of debates.
    /// - Throws: ``EvaluationError/unknownCondition(_:known:)`` or ``EvaluationError/noConditions``.
    package func conditions(
        named names: [String]?, messageTokens: Int = 64, debateRounds: Int = 2
    ) throws(EvaluationError) -> [ConditionDefinition] {
        for name in names ?? [] where !definitions.contains(where: { $0.name == name }) {
            throw .unknownCondition(name, known: definitions.map(\.name))
        }
        var chosen = definitions.filter { names?.contains($0.name) ?? $0.isUsual }
        guard !chosen.isEmpty else { throw .noConditions }
        for place in chosen.indices {
            switch chosen[place].condition.message {
            case .words(let source, _): chosen[place].condition.message = .words(of: source, newTokens: messageTokens)
            case .debate: chosen[place].condition.message = .debate(rounds: debateRounds)
            default: break
            }
        }
        return chosen
    }

    /// Those that a run's settings ask for.
    package func conditions(of evaluation: EvaluationConfiguration) throws(EvaluationError) -> [ConditionDefinition] {
        try conditions(
            named: evaluation.conditions, messageTokens: evaluation.messageTokens,
            debateRounds: evaluation.debateRounds)
    }

    /// `conditions` without those that nobody is told anything under and that ask what an earlier one asks: they would
    /// be lines of a table that are always the same. What the contrasts need stays.
    package static func distinct(
        _ definitions: [ConditionDefinition], of items: [EvaluationItem]
    ) -> [ConditionDefinition] {
        definitions.enumerated().filter { place, definition in
            definition.condition.message != nil || definition.name == silent
                || !definitions[..<place].contains { definition.condition.asksAlike($0.condition, of: items) }
        }.map(\.element)
    }
}

extension Condition {
    /// Whether it asks the same of all items as another one: its prompt may be the other's by another name.
    func asksAlike(_ other: Condition, of items: [EvaluationItem]) -> Bool {
        var renamed = other
        renamed.prompt = prompt
        guard asksAlike(renamed) else { return false }
        return prompt == other.prompt
            || items.allSatisfy {
                $0.prompts[prompt].map(ExactText.init) == $0.prompts[other.prompt].map(ExactText.init)
            }
    }
}
