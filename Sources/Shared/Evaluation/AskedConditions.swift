package import Run

/// What is asked of the models for the conditions that are reported: each question once, whichever conditions want its
/// answer.
package struct AskedConditions: Hashable, Sendable {
    /// In the order in which conditions first want them.
    package let asked: [Condition]
    /// For each of the reported conditions the places, among ``asked``, of the answers that it is made of.
    package let places: [[Int]]
    /// What the first token's distributions are held against, by places: what B says without a message, and with other
    /// items' where that is asked. None without likelihoods.
    package let references: [[Int]]

    /// - Parameters:
    ///   - others: how many other items' messages a repeated condition is asked with.
    ///   - items: a prompt may be the same for all of them under two names.
    package init(
        _ definitions: [ConditionDefinition], of items: [EvaluationItem], others: Int,
        endpoints: [EvaluationEndpoint] = [.answers]
    ) {
        var asked: [Condition] = []
        func place(of condition: Condition) -> Int {
            if let known = asked.firstIndex(where: { $0.asksAlike(condition, of: items) }) { return known }
            asked.append(condition)
            return asked.count - 1
        }
        places = definitions.map { $0.asked(others: others).map(place) }
        var references: [[Int]] = []
        if endpoints.contains(.likelihood), definitions.contains(where: \.condition.usesChannel) {
            references.append([place(of: Condition(ConditionTable.silent, .b, reads: .b))])
            if let other = definitions.firstIndex(where: { $0.name == ConditionTable.other }) {
                references.append(places[other])
            }
        }
        self.references = references
        self.asked = asked
    }

    /// An item's answers, one list for each reported condition.
    /// - Parameter answers: to ``asked``, in their order.
    package func grouped(_ answers: [Answer]) -> [[Answer]] {
        places.map { $0.map { answers[$0] } }
    }
}
