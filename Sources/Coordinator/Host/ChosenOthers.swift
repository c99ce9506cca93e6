import Evaluation
import Run

/// Whose messages take the place of an item's own, and the conditions that can be asked with them.
struct ChosenOthers {
    /// Of each item the places of the others.
    let places: [[Int]]
    let conditions: [ConditionDefinition]
    /// What a repeated condition is asked with.
    let count: Int
    /// What a reader must know; nil where there are as many as were asked for.
    let remark: String?

    /// As many as `--others` says; where it says nothing as many as are usual, or as there are.
    /// - Throws: ``EvaluationError/tooFewOthers(_:item:found:needed:)`` where fewer are there than asked for by the flag, or
    ///   none for a condition that was asked for by name.
    init(
        among items: [TaskItem], of task: TaskDefinition, _ conditions: [ConditionDefinition],
        _ evaluation: EvaluationConfiguration
    ) throws(EvaluationError) {
        let wanted = evaluation.others ?? EvaluationConfiguration.usualOthers
        let needed = conditions.map { $0.othersNeeded(wanted) }.max() ?? 0
        let found = OtherItems.places(among: items, of: task, atMost: needed)
        let least = found.first?.count ?? 0
        guard least < needed else {
            (places, self.conditions, count, remark) = (found, conditions, wanted, nil)
            return
        }
        let mayBeFewer = evaluation.others == nil && (least > 0 || evaluation.conditions == nil)
        places = mayBeFewer ? found : try OtherItems.places(among: items, of: task, count: needed)
        let askable = least > 0 ? conditions : conditions.filter { $0.othersNeeded(1) == 0 }
        self.conditions = askable
        count = max(least, 1)
        let names = conditions.filter { $0.othersNeeded(1) > 0 }.map(\.name).joined(separator: ", ")
        remark =
            "\(task.name): of \(items.count) items each has only \(least) others of another context and other answers: "
            + (least > 0
                ? "\(least) of them instead of \(wanted) stand behind \(names)"
                : "\(names) cannot be asked, so nothing tells the message from any message")
    }
}
