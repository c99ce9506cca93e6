import PlainText
package import Run

/// What the models read: the reference implementation's wording, which is also the language-model evaluation
/// harness's for GSM8K.
package enum Prompts {
    /// What the answer follows; alone, the prompt of the condition `no_context`.
    package static let cue = "Answer:"

    /// Of an item with a context, or without one: `Context: …`, `Question: …`, `Answer:`, a line each, behind its worked
    /// examples. Both models read all of it.
    package static func questionAnswering(_ item: TaskItem) -> ItemPrompts {
        let question = "Question: \(item.question)\n\(cue)"
        let full = (item.preamble ?? "") + (item.context.map { "Context: \($0)\n" } ?? "") + question
        return ItemPrompts(a: full, both: full, question: question, cue: cue)
    }

    /// The items of a task as workers get them, in the order given.
    /// - Parameter places: of each item those of the other items whose messages are needed, as
    ///   ``OtherItems/places(among:of:count:)`` finds them; empty where none are.
    /// - Throws: ``EvaluationError/noItems(_:)``.
    package static func evaluationItems(
        _ items: [TaskItem], of task: TaskDefinition, bPrompt: BPrompt, others places: [[Int]] = []
    ) throws(EvaluationError) -> [EvaluationItem] {
        guard !items.isEmpty else { throw .noItems(task.name) }
        let prompts = items.map(task.prompts)
        return items.indices.map { index in
            var roles: [PromptRole: String] = [:]
            for role in PromptRole.own { roles[role] = prompts[index][role] }
            roles[.b] = prompts[index][bPrompt.role]
            roles[.other(0)] = prompts[index].a
            for (number, place) in (places.isEmpty ? [] : places[index]).enumerated() {
                roles[.other(number + 1)] = prompts[place].a
            }
            return EvaluationItem(
                id: items[index].id, prompts: roles, choices: items[index].choices, golds: golds(of: items[index]))
        }
    }

    /// An item's right answers as they would follow its prompt, each once: a choice as it is, a text behind a space.
    package static func golds(of item: TaskItem) -> [String] {
        var seen: Set<ExactText> = []
        return item.golds.filter { seen.insert(ExactText($0)).inserted }.map { item.choices.isEmpty ? " " + $0 : $0 }
    }

    /// What A reads of the items that ``Run/Condition/Message/matched`` is drawn like: of all of a task's, or of so many
    /// spread evenly over them.
    package static func sample(of items: [EvaluationItem], limit: Int = 64) -> [String] {
        let count = min(limit, items.count)
        return (0..<count).compactMap { items[$0 * items.count / count].prompts[.a] }
    }
}
