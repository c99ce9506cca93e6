package import Run

/// A condition with what people read of it.
package struct ConditionDefinition: Hashable, Sendable {
    package var condition: Condition
    /// In tables and reports.
    package var title: String
    /// Whether it is asked where `--conditions` names none.
    package var isUsual: Bool

    package init(_ condition: Condition, _ title: String, isUsual: Bool = true) {
        self.condition = condition
        self.title = title
        self.isUsual = isUsual
    }

    package var name: String { condition.name }
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
        .init(Condition(injected, .b, reads: .b, told: .activation(of: .a)), "injected: A's activation"),
        .init(Condition("random", .b, reads: .b, told: .noise(like: .a)), "random: noise"),
        .init(
            Condition("shuffled", .b, reads: .b, told: .activation(of: .partner)), "shuffled: another item's activation"
        ),
        .init(Condition("b_prompt", .b, reads: .b), "B alone, its own prompt"),
        .init(Condition("no_context", .b, reads: .cue), "B alone, \"Answer:\" only"),
        .init(
            Condition("words", .b, reads: .b, told: .words(of: .a, newTokens: 64)), "words: what A writes, 64 tokens",
            isUsual: false),
    ])

    /// The name of the condition that the others are held against.
    package static let injected = "injected"

    package func definition(_ name: String) -> ConditionDefinition? {
        definitions.first { $0.name == name }
    }

    /// The conditions of those names, in the table's order; the usual ones where none are named.
    /// - Throws: ``EvaluationError/unknownCondition(_:known:)`` or ``EvaluationError/noConditions``.
    package func conditions(named names: [String]?) throws(EvaluationError) -> [ConditionDefinition] {
        guard let names else { return definitions.filter(\.isUsual) }
        for name in names where !definitions.contains(where: { $0.name == name }) {
            throw .unknownCondition(name, known: definitions.map(\.name))
        }
        let chosen = definitions.filter { names.contains($0.name) }
        guard !chosen.isEmpty else { throw .noConditions }
        return chosen
    }

    /// `conditions` without those that ask what another one asks already: B's own prompt is the full one (`b_full` is
    /// that then), or the bare cue.
    package static func distinct(
        _ definitions: [ConditionDefinition], of items: [EvaluationItem]
    ) -> [ConditionDefinition] {
        let conditions = definitions.map(\.condition)
        return definitions.filter { definition in
            let condition = definition.condition
            guard condition.prompt == .b, condition.message == nil else { return true }
            return !conditions.contains { other in
                other != condition && other.message == nil && other.answerer == condition.answerer
                    && items.allSatisfy { $0.prompts[other.prompt] == $0.prompts[condition.prompt] }
            }
        }
    }
}
