import Run

/// How a W gets to a worker at the cost of the fewest bytes: a function of what the worker holds.
///
/// Where workers can read the coordinator's memory they are told once where W lies. Others take the steps that they
/// missed themselves as long as these cost fewer bytes than W, and are sent it whole where they do not.
struct ProjectionPolicy: Hashable, Sendable {
    /// Steps that W has taken.
    var version: Int
    /// The first step whose shards are still there to be taken elsewhere.
    var firstReplayable: Int
    /// Whether steps may be taken elsewhere at all.
    var canReplay: Bool
    /// Steps that are left of the training; nil where the unit is not of it.
    var stepsLeft: Int?
    /// Bytes of W; nil where nothing is to be compared, and steps are always taken for less.
    var bytes: Int?

    /// What a worker needs to take steps itself.
    struct Steps {
        /// Texts of which it lacks A's activations.
        var texts: [Int]
        /// Of those activations, and of the errors of the shards that are not its own.
        var bytes: Int
    }

    struct Choice: Hashable, Sendable {
        var form: RunControl.Supply.Form
        /// What the worker holds from then on.
        var held: HeldProjection
        /// Texts whose activations of A travel with it.
        var texts: [Int] = []
    }

    /// - Parameters:
    ///   - isSharing: whether the worker reads W in the coordinator's memory, or is about to try.
    ///   - steps: what it needs to take the steps from a version on, some of whose shards are its own.
    func choice(
        for held: HeldProjection, isSharing: Bool, steps: (_ from: Int, _ own: [UnitID]) -> Steps
    ) -> Choice {
        if isSharing {
            // What it reads in place is always there: a unit's version says which W it is to find.
            if held.isMapped { return Choice(form: .held, held: held) }
            return Choice(form: .shared, held: .mapped(hasRead: false))
        }
        if case .copy(version, _, _) = held { return Choice(form: .held, held: held) }
        let isTraining = stepsLeft != nil && canReplay
        // The moments cost twice W, and are worth it where more than two steps are left to take.
        let withMoments = isTraining && (stepsLeft ?? 0) > 2
        func isWorthIt(_ steps: Steps) -> Bool { bytes.map { steps.bytes <= $0 * (withMoments ? 3 : 1) } ?? true }

        if case .copy(let from, true, let ownShards) = held, from >= firstReplayable, from < version {
            let own = ownShards.sorted()
            let steps = steps(from, own)
            if isWorthIt(steps) {
                return Choice(
                    form: .replay(from: from, own: own),
                    held: .copy(version: version, hasMoments: true, ownShards: []), texts: steps.texts)
            }
        }
        if firstReplayable == 0, canReplay {
            let steps = steps(0, [])
            if version == 0 || isWorthIt(steps) {
                return Choice(
                    form: .initial,
                    held: .copy(version: version, hasMoments: isTraining || version > 0, ownShards: []),
                    texts: steps.texts)
            }
        }
        return Choice(
            form: .whole(withMoments: withMoments),
            held: .copy(version: version, hasMoments: withMoments, ownShards: []))
    }
}
