import Evaluation
import JSON
import PlainText

/// A task's scores by its groups, such as subjects.
extension TaskScores {
    /// Of each condition and metric the mean over the groups weighted by their sizes, with the pooled standard error,
    /// named as lm-evaluation-harness names a group's.
    var groupsJSON: JSONValue {
        let groups = groupScores
        return .object(
            conditions.map { condition in
                let members = metrics.flatMap { metric -> [JSONValue.Member] in
                    guard let score = score(condition.condition, metric) else { return [] }
                    let parts = groups.map { group in
                        (count: group.count, standardError: group.score(condition.condition, metric)?.standardError)
                    }
                    return [
                        .init(name: Metric.key(metric.name), value: .number(score.mean)),
                        .init(
                            name: Metric.key(metric.name, "_stderr"),
                            value: .optional(Statistics.pooledStandardError(parts))),
                    ]
                }
                return .init(name: condition.name, value: .object(members))
            })
    }

    /// Each group's own scores.
    var subgroupsJSON: JSONValue {
        .object(
            groupScores.map { group in
                let parts = conditions.map { condition in
                    JSONValue.Member(
                        name: condition.name,
                        value: .object(
                            group.scores.filter { $0.condition == condition.condition }.flatMap { score in
                                [
                                    .init(name: Metric.key(score.metric.name), value: .number(score.mean)),
                                    .init(
                                        name: Metric.key(score.metric.name, "_stderr"),
                                        value: .optional(score.standardError)),
                                ]
                            }))
                }
                return .init(
                    name: group.name, value: .object([.init(name: "n", value: .count(group.count))] + parts))
            })
    }

    /// Groups as rows, conditions as columns, by the first metric that is shown; nil where there is one group or none.
    var groupTable: DocumentTable? {
        let groups = groupScores
        guard groups.count > 1, let metric = shownMetrics.first else { return nil }
        return DocumentTable(
            titles: ["\(metric.title) by group", "items"] + conditions.map(\.name),
            rows: groups.map { group in
                [group.name, Quantities.count(group.count)]
                    + conditions.map { group.score($0.condition, metric)?.text ?? "–" }
            })
    }
}

extension GroupScore {
    /// The mean on its metric's scale.
    fileprivate var text: String {
        switch metric.scale {
        case .share: "\(Quantities.fixed(100 * mean, digits: 1)) %"
        case .nats: Quantities.fixed(mean, digits: 2)
        }
    }
}
