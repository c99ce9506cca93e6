package import Run

/// What has to hold to the last bit before a run's figures count: asked about the first items of each task over each
/// channel, like any condition, and compared with another one.
///
/// That a difference is nought within rounding says little where the effects looked for are small; here it is nought.
package struct Gate: Hashable, Sendable {
    package let name: String
    /// What it says.
    package let title: String
    /// What is asked for it.
    package let condition: Condition
    /// Whose answers it must have.
    package let reference: Condition

    private init(_ name: String, _ title: String, _ condition: Condition, like reference: Condition) {
        self.name = name
        self.title = title
        self.condition = condition
        self.reference = reference
    }

    private static let silent = Condition(ConditionTable.silent, .b, reads: .b)

    package static let all = [
        Gate(
            "identity_b", "B's own activation for its own prompt, put back where it was read, changes no bit",
            Condition("gate_identity_b", .b, reads: .b, told: .own(of: .b), by: .init(.replace)), like: silent),
        Gate(
            "identity_a", "A's own activation for its own prompt, put back where it was read, changes no bit",
            Condition("gate_identity_a", .a, reads: .a, told: .own(of: .a), by: .init(.replace)),
            like: Condition("gate_plain_a", .a, reads: .a)),
        Gate(
            "own_message", "the item's own message in another's place is the item's own message",
            Condition("gate_own_message", .b, reads: .b, told: .activation(of: .other(0))),
            like: Condition(ConditionTable.injected, .b, reads: .b, told: .activation(of: .a))),
        Gate(
            "no_strength", "a message of strength 0, added, is no message",
            Condition("gate_no_strength", .b, reads: .b, told: .activation(of: .a), by: .init(.sum, strength: 0)),
            like: silent),
    ]
}

/// The gates of one task: what they ask, and which answers they compare.
package struct AskedGates: Hashable, Sendable {
    private struct Check: Hashable {
        var gate: Gate
        /// Among ``needed``, by place.
        var condition: Int
        var reference: Int
    }

    /// What has to be asked for them; conditions that are asked anyway stand as they are asked.
    package let needed: [Condition]
    private let checks: [Check]

    /// None where nothing is put into a stream.
    package init(beside asked: [Condition], of items: [EvaluationItem]) {
        var needed: [Condition] = []
        func place(of condition: Condition) -> Int {
            let found = (asked + needed).first { $0.asksAlike(condition, of: items) } ?? condition
            if let known = needed.firstIndex(of: found) { return known }
            needed.append(found)
            return needed.count - 1
        }
        checks =
            asked.contains(where: \.usesChannel)
            ? Gate.all.map {
                Check(gate: $0, condition: place(of: $0.condition), reference: place(of: $0.reference))
            } : []
        self.needed = needed
    }

    /// The gates that are run.
    package var gates: [Gate] { checks.map(\.gate) }

    /// Why one item's answers do not pass; nil where they do.
    /// - Parameter answers: to `conditions`, which hold what is ``needed``, in their order.
    package func flaw(in answers: [Answer], to conditions: [Condition], item: String) -> String? {
        for check in checks {
            guard let condition = conditions.firstIndex(of: needed[check.condition]),
                let reference = conditions.firstIndex(of: needed[check.reference])
            else { return "gate \(check.gate.name) was not asked" }
            guard answers[condition].says(thatOf: answers[reference]) else {
                return "gate \(check.gate.name): \(check.gate.title); of item \(item) it does not hold"
            }
        }
        return nil
    }
}

extension Answer {
    /// Whether it says what another one says, to the last bit; what it took apart. Divergences are compared where both
    /// have them.
    fileprivate func says(thatOf other: Answer) -> Bool {
        tokens == other.tokens && text == other.text && likelihoods == other.likelihoods && golds == other.golds
            && (divergences.isEmpty || other.divergences.isEmpty || divergences == other.divergences)
    }
}
