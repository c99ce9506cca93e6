package import Run

/// The items of one group, such as a subject's, under one condition by one metric.
package struct GroupScore: Hashable, Sendable {
    package let condition: Condition
    package let metric: Metric
    package let mean: Double
    /// Sample standard deviation / √n; nil for one item.
    package let standardError: Double?
}

/// A task's items by their groups.
package struct TaskGroup: Hashable, Sendable {
    package let name: String
    /// Items.
    package let count: Int
    /// Every condition with every metric that all its items have, in the task's orders.
    package let scores: [GroupScore]

    /// Under one condition by one metric; nil where that has none.
    package func score(_ condition: Condition, _ metric: Metric) -> GroupScore? {
        scores.first { $0.condition == condition && $0.metric == metric }
    }
}

extension TaskScores {
    /// The groups, in the order of their first items; empty where the items have none.
    package var groupScores: [TaskGroup] {
        var names: [String] = []
        var members: [String: [ScoredItem]] = [:]
        for item in items {
            guard let name = item.item.group else { return [] }
            if members[name] == nil { names.append(name) }
            members[name, default: []].append(item)
        }
        return names.map { name in
            let items = members[name] ?? []
            return TaskGroup(name: name, count: items.count, scores: scores(of: items))
        }
    }

    private func scores(of items: [ScoredItem]) -> [GroupScore] {
        conditions.indices.flatMap { condition in
            metrics.indices.compactMap { metric in
                let values = items.compactMap { $0.answers[condition].values[metric] }
                guard values.count == items.count else { return nil }
                return GroupScore(
                    condition: conditions[condition].condition, metric: metrics[metric],
                    mean: Statistics.mean(values), standardError: Statistics.standardError(values))
            }
        }
    }
}

extension Statistics {
    /// The standard error of groups' means weighted by their sizes, as the language-model evaluation harness pools it:
    /// √(Σ (n_g − 1)·se_g²·n_g / (Σ n_g − m) / Σ n_g) over m groups. A group of one item has no error of its own, and
    /// none to add. Nil where no item is beyond its group's first.
    package static func pooledStandardError(_ groups: [(count: Int, standardError: Double?)]) -> Double? {
        let total = groups.reduce(0) { $0 + $1.count }
        guard total > groups.count else { return nil }
        let squares = groups.reduce(0.0) { sum, group in
            let error = group.standardError ?? 0
            return sum + Double(group.count - 1) * error * error * Double(group.count)
        }
        return (squares / Double(total - groups.count) / Double(total)).squareRoot()
    }
}
