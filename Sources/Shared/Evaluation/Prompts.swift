package import Run

/// What the models read: the reference implementation's wording, which is also the language-model evaluation
/// harness's for GSM8K.
package enum Prompts {
    /// What the answer follows; alone, the prompt of the condition `no_context`.
    package static let cue = "Answer:"

    /// Of an item with a context, or without one: `Context: …`, `Question: …`, `Answer:`, a line each. Both models read
    /// all of it.
    package static func questionAnswering(_ item: TaskItem) -> ItemPrompts {
        let question = "Question: \(item.question)\n\(cue)"
        let full = (item.context.map { "Context: \($0)\n" } ?? "") + question
        return ItemPrompts(a: full, both: full, question: question, cue: cue)
    }

    /// The items of a task as workers get them, in the order given.
    ///
    /// An item's partner, whose activation is injected under the condition `shuffled`, is drawn uniformly among the
    /// other items, from the seed, the task and the item's id. It therefore changes with the choice of items, and
    /// with nothing else.
    ///
    /// - Throws: ``EvaluationError`` for fewer than two items.
    package static func evaluationItems(
        _ items: [TaskItem], of task: TaskDefinition, bPrompt: BPrompt, seed: UInt64
    ) throws(EvaluationError) -> [EvaluationItem] {
        guard !items.isEmpty else { throw .noItems(task.name) }
        guard items.count > 1 else { throw .shuffleNeedsTwoItems(task.name) }
        let prompts = items.map(task.prompts)
        return items.indices.map { index in
            var roles: [PromptRole: String] = [:]
            for role in PromptRole.allCases { roles[role] = prompts[index][role] }
            roles[.b] = prompts[index][bPrompt.role]
            roles[.partner] = prompts[partner(of: index, among: items, task: task.name, seed: seed)].a
            return EvaluationItem(id: items[index].id, prompts: roles, choices: items[index].choices)
        }
    }

    /// The place of an item's partner.
    package static func partner(of index: Int, among items: [TaskItem], task: String, seed: UInt64) -> Int {
        var generator = NamedGenerator(seed: seed, purpose: "shuffle", key: "\(task)/\(items[index].id)")
        let other = generator.index(below: items.count - 1)
        return other < index ? other : other + 1
    }
}
