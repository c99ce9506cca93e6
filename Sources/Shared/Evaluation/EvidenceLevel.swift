/// A step on the scale that surveys of communication between agents rank evidence by: from a gain over silence to one
/// that is found again with other models.
package struct EvidenceLevel: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case shown
        case notShown
        /// What it takes was not asked.
        case notMeasured
    }

    /// From 1 on.
    package let number: Int
    package let title: String
    package let state: State
    /// What would be needed where it was not measured.
    package let need: String

    /// The levels of one task on its headline metric.
    static func all(
        _ scores: TaskScores, _ headline: Metric, _ tests: [TaskAudit.ContrastTest]
    ) -> [EvidenceLevel] {
        /// Whether the own message is better than every one of these conditions.
        func beats(_ controls: [String]) -> State {
            let found = controls.map { control in
                scores.differences.first { $0.control.name == control && $0.metric == headline }?.difference
            }
            guard found.allSatisfy({ $0 != nil }) else { return .notMeasured }
            return found.compactMap(\.self).allSatisfy(\.isGain) ? .shown : .notShown
        }
        let own = tests.first { $0.score.contrast == .own }
        return [
            .init(1, "a gain over silence", beats([ConditionTable.silent]), "--conditions with injected, silent"),
            .init(2, "a gain over text", beats(["written"]), "--conditions with written"),
            .init(3, "at the same payload", .notMeasured, "a text of as many bytes as the message"),
            .init(4, "the message beats zeros and noise", beats(["zero", "random"]), "--conditions with zero, random"),
            .init(
                5, "the message beats other items' messages",
                own.map { $0.isGain ? .shown : .notShown } ?? .notMeasured, "--conditions with injected, other"),
            .init(
                6, "B does not have it otherwise", beats([ConditionTable.silent, ConditionTable.itself]),
                "--conditions with silent, self"),
            .init(7, "found again with other models", .notMeasured, "runs of models of other families"),
        ]
    }

    private init(_ number: Int, _ title: String, _ state: State, _ need: String) {
        self.number = number
        self.title = title
        self.state = state
        self.need = need
    }

    /// The highest level that is shown and below which none is refuted; 0 for none.
    package static func reached(_ levels: [EvidenceLevel]) -> Int {
        levels.prefix { $0.state != .notShown }.last { $0.state == .shown }?.number ?? 0
    }
}

extension PairedDifference {
    /// Whether the first is better beyond chance.
    var isGain: Bool { isInformative && pValue <= TaskAudit.level && score.interval.low > 0 }
}
