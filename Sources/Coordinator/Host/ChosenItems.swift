import Datasets
import Evaluation
import Run

/// The items of a task that are asked, in their order.
enum ChosenItems {
    /// Of the groups asked for, and of each no more than the limit: the harness, too, counts its limit by subject.
    /// - Throws: ``TaskSourceError/unknownGroup(_:task:known:)``.
    static func items(
        _ all: [TaskItem], of task: String, _ evaluation: EvaluationConfiguration, seed: UInt64
    ) throws(TaskSourceError) -> [TaskItem] {
        var groups: [String?] = []
        var members: [String?: [TaskItem]] = [:]
        for item in all {
            if members[item.group] == nil { groups.append(item.group) }
            members[item.group, default: []].append(item)
        }
        let named = groups.compactMap { $0 }
        if let asked = evaluation.groups, !named.isEmpty {
            if let unknown = asked.first(where: { !named.contains($0) }) {
                throw .unknownGroup(unknown, task: task, known: named)
            }
            groups = groups.filter { $0.map(asked.contains) ?? false }
        }
        return groups.flatMap { group -> [TaskItem] in
            let items = members[group] ?? []
            let indices = ItemChoice.indices(
                count: items.count, limit: evaluation.limit, preset: evaluation.preset,
                task: group.map { "\(task)/\($0)" } ?? task, seed: seed)
            return indices.map { items[$0] }
        }
    }
}
