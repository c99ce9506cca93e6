package import Run

/// What the models read: the reference implementation's wording, which is also the language-model evaluation
/// harness's for GSM8K.
package enum Prompts {
    /// What the answer follows; alone, the prompt of ``Condition/noContext``.
    package static let cue = "Answer:"

    /// `Context: …`, `Question: …`, `Answer:`, a line each; without the first where the item has no context.
    package static func full(_ item: TaskItem) -> String {
        (item.context.map { "Context: \($0)\n" } ?? "") + question(item)
    }

    /// `Question: …`, `Answer:`, a line each.
    package static func question(_ item: TaskItem) -> String {
        "Question: \(item.question)\n\(cue)"
    }

    /// What B itself reads while it is injected into.
    package static func own(_ item: TaskItem, _ prompt: BPrompt) -> String {
        switch prompt {
        case .full: full(item)
        case .question: question(item)
        case .none: cue
        }
    }

    /// The items of a task as workers get them, in the order given.
    ///
    /// An item's partner, whose activation is injected under ``Condition/shuffled``, is drawn uniformly among the
    /// other items, from the seed, the task and the item's id. It therefore changes with the choice of items, and
    /// with nothing else.
    ///
    /// - Throws: ``EvaluationError`` for fewer than two items.
    package static func evaluationItems(
        _ items: [TaskItem], of task: EvaluationTask, bPrompt: BPrompt, seed: UInt64
    ) throws(EvaluationError) -> [EvaluationItem] {
        guard !items.isEmpty else { throw .noItems(task) }
        guard items.count > 1 else { throw .shuffleNeedsTwoItems(task) }
        let fullPrompts = items.map(full)
        return items.indices.map { index in
            let item = items[index]
            var generator = NamedGenerator(seed: seed, purpose: "shuffle", key: "\(task.rawValue)/\(item.id)")
            let other = generator.index(below: items.count - 1)
            return EvaluationItem(
                id: item.id, fullPrompt: fullPrompts[index], bPrompt: own(item, bPrompt), cue: cue,
                partnerPrompt: fullPrompts[other < index ? other : other + 1])
        }
    }
}
