package import Run

/// Why a task cannot be prepared or scored.
package enum EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    case noItems(EvaluationTask)
    /// The condition ``Condition/shuffled`` injects another item's activation.
    case shuffleNeedsTwoItems(EvaluationTask)
    /// Items and answers do not belong together.
    case answerCount(EvaluationTask, item: String, found: Int, expected: Int)
    case itemCount(EvaluationTask, found: Int, expected: Int)

    package var description: String {
        switch self {
        case .noItems(let task):
            "\(task.rawValue): no item to evaluate; use --limit 2 or more"
        case .shuffleNeedsTwoItems(let task):
            "\(task.rawValue): 1 item to evaluate, but the condition shuffled needs at least 2; use --limit 2 or more"
        case .answerCount(let task, let item, let found, let expected):
            "\(task.rawValue): item \(item) has \(found) answers, expected \(expected), one for each condition"
        case .itemCount(let task, let found, let expected):
            "\(task.rawValue): answers to \(found) items, expected \(expected)"
        }
    }
}
