/// Why a task cannot be prepared or scored. Tasks by their names.
package enum EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    case noItems(String)
    /// Other items' messages take the place of an item's own: they must have another context and other answers.
    case tooFewOthers(String, item: String, found: Int, needed: Int)
    case unknownCondition(String, known: [String])
    case noConditions
    /// Items and answers do not belong together.
    case answerCount(String, item: String, found: Int, expected: Int)
    case itemCount(String, found: Int, expected: Int)

    package var description: String {
        switch self {
        case .noItems(let task):
            "\(task): no item to evaluate; use --limit 2 or more"
        case .tooFewOthers(let task, let item, let found, let needed):
            "\(task): \(found) other items have another context and other answers than item \(item), and --others "
                + "asks for \(needed): use a smaller one, a larger --limit, or --conditions without other"
        case .unknownCondition(let name, let known):
            "--conditions: '\(name)' is none of \(known.joined(separator: ", "))"
        case .noConditions: "--conditions: expected at least one"
        case .answerCount(let task, let item, let found, let expected):
            "\(task): item \(item) has \(found) answers, expected \(expected), one for each condition"
        case .itemCount(let task, let found, let expected):
            "\(task): answers to \(found) items, expected \(expected)"
        }
    }
}
