/// Two conditions held against each other: what of a message's effect is the message's own.
///
/// The decomposition is that of audits of latent communication: the effect of any message at all, of the right one, and
/// of the sender. OPE = OME + CAG and CAG = DSC + SSG, exactly: see ``ItemStatistics/difference(_:_:areShares:contrast:)``.
package struct Contrast: Hashable, Sendable {
    package let name: String
    /// What it says.
    package let title: String
    /// The condition that counts positive, and the one that is taken from it.
    package let first: String
    package let second: String

    private init(_ name: String, _ title: String, _ first: String, less second: String) {
        self.name = name
        self.title = title
        self.first = first
        self.second = second
    }

    package static let all = [
        message,
        Contrast("OME", "others' messages against silence", ConditionTable.other, less: ConditionTable.silent),
        own, sender,
        Contrast(
            "DSC", "B's own activation against others' messages", ConditionTable.itself, less: ConditionTable.other),
    ]

    package static let message = Contrast(
        "OPE", "own message against silence", ConditionTable.injected, less: ConditionTable.silent)
    /// What decides whether anything was communicated.
    package static let own = Contrast(
        "CAG", "own message against others'", ConditionTable.injected, less: ConditionTable.other)
    package static let sender = Contrast(
        "SSG", "own message against B's own activation", ConditionTable.injected, less: ConditionTable.itself)
}

/// One contrast on one metric.
package struct ContrastScore: Hashable, Sendable {
    package let contrast: Contrast
    package let metric: Metric
    package let difference: PairedDifference
}

/// The contrasts among the items of one group.
package struct GroupContrasts: Hashable, Sendable {
    package let group: String
    package let count: Int
    package let contrasts: [ContrastScore]
}

extension ScoreColumns {
    /// Every contrast whose conditions were run, on every metric that they have.
    func contrasts() -> [ContrastScore] {
        Contrast.all.flatMap { contrast in
            metrics.compactMap { metric in
                difference(contrast.first, contrast.second, metric).map {
                    ContrastScore(contrast: contrast, metric: metric, difference: $0)
                }
            }
        }
    }

    /// The same for each group, in the order of their first items; none where there are no groups.
    func groups(seed: UInt64, task: String) -> [GroupContrasts] {
        var order: [String] = []
        var members: [String: [ScoredItem]] = [:]
        for item in items {
            guard let group = item.item.group else { continue }
            if members[group] == nil { order.append(group) }
            members[group, default: []].append(item)
        }
        return order.map { group in
            let items = members[group] ?? []
            // A group's items are all of one cluster where clusters are groups: within it they stand alone.
            let names = items.map { $0.item.cluster == group ? nil : $0.item.cluster }
            let columns = ScoreColumns(
                metrics: metrics, conditions: conditions, items: items,
                statistics: ItemStatistics(Clusters(names), seed: seed, name: "\(task)/\(group)"))
            return GroupContrasts(group: group, count: items.count, contrasts: columns.contrasts())
        }
    }
}
