import PlainText

/// Other items, whose messages take the place of an item's own: what an activation says of this item must not be in
/// them, and all else should be alike.
package enum OtherItems {
    /// For each item the places of `count` others: those whose prompts for A are nearest in length (in Unicode scalars),
    /// the earlier in the run's order among equals; none with the same context, or with a right answer in common.
    ///
    /// They change with the choice of items, and with nothing else.
    /// - Throws: ``EvaluationError/tooFewOthers(_:item:found:needed:)``.
    package static func places(
        among items: [TaskItem], of task: TaskDefinition, count: Int
    ) throws(EvaluationError) -> [[Int]] {
        let places = nearest(among: items, of: task, count: count)
        for (item, found) in zip(items, places) where found.count < count {
            throw .tooFewOthers(task.name, item: item.id, found: found.count, needed: count)
        }
        return places
    }

    /// The same of as many others as every item has, and `count` at most.
    package static func places(among items: [TaskItem], of task: TaskDefinition, atMost count: Int) -> [[Int]] {
        let places = nearest(among: items, of: task, count: count)
        let least = places.map(\.count).min() ?? 0
        return places.map { Array($0.prefix(least)) }
    }

    /// As many as there are, and `count` at most.
    private static func nearest(among items: [TaskItem], of task: TaskDefinition, count: Int) -> [[Int]] {
        guard count > 0 else { return items.map { _ in [] } }
        let lengths = items.map { task.prompts($0).a.unicodeScalars.count }
        let golds = items.map { Set($0.golds.map(ExactText.init)) }
        var places: [[Int]] = []
        for (place, item) in items.enumerated() {
            var nearest: [(distance: Int, place: Int)] = []
            for other in items.indices where other != place {
                let distance = abs(lengths[other] - lengths[place])
                if nearest.count == count, distance >= nearest[count - 1].distance { continue }
                guard items[other].context == nil || items[other].context != item.context,
                    golds[other].isDisjoint(with: golds[place])
                else { continue }
                let rank = nearest.firstIndex { distance < $0.distance } ?? nearest.count
                nearest.insert((distance, other), at: rank)
                if nearest.count > count { nearest.removeLast() }
            }
            places.append(nearest.map(\.place))
        }
        return places
    }
}
