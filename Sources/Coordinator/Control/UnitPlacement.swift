import Run

/// Who gets the next unit: the worker that would be done with it soonest, going by its pace and by what it holds.
struct UnitPlacement {
    struct Candidate: Hashable, Sendable {
        /// In ``RunControl/workers``.
        var place: Int
        /// Units that it holds, and that it may hold.
        var held: Int
        var most: Int
        /// Seconds that it takes for a unit; nil where that is not known.
        var pace: Double?
        /// Whether it reads W in the coordinator's memory or is about to try, and whether it was told where W lies.
        var isSharing: Bool
        var isMapped: Bool
        /// Whether it still holds a unit that someone else has answered.
        var isBehind: Bool

        var isFree: Bool { held < most }
    }

    /// How fast all workers that are ready are.
    struct Speeds {
        /// Seconds that the fastest takes for a unit; infinite where nothing is known.
        private(set) var fastest = Double.infinity
        /// Units that all of those with a known pace do in a second.
        private(set) var unitsPerSecond = 0.0

        /// Takes in a worker's seconds for a unit.
        mutating func add(_ pace: Double) {
            fastest = min(fastest, pace)
            unitsPerSecond += 1 / max(pace, 1e-6)
        }
    }

    /// Workers that are ready, in their order: those with room, and of a step's also those without.
    var candidates: [Candidate]
    var speeds: Speeds
    /// Whether the units are shards of a step, which ends with the last of them.
    var isStepped: Bool
    /// Units that wait to be given out, and seconds since an answer came.
    var waiting: Int
    var secondsQuiet: Double
    /// As in ``RunLimits``.
    var slownessFactor: Double
    var sharingWorkers: Int

    /// The place of the worker that gets the unit; nil where it waits.
    var choice: Int? {
        let fastest = speeds.fastest
        let secondsLeft = speeds.unitsPerSecond > 0 ? Double(waiting) / speeds.unitsPerSecond : .infinity
        // A step's shards are spread over the workers: each takes the step itself anyway, which costs more than its
        // shards, so that one with several shards seems fast and one without falls behind and needs W whole. The
        // same cost keeps paces apart that mean nothing.
        let slowness = slownessFactor * (isStepped ? 3 : 1)
        let isRoomAmongSharing = isRoomAmongSharing
        var best: (place: Int, rank: Rank)?
        for candidate in candidates where candidate.isFree {
            if candidate.held == 0, isRoomAmongSharing, candidate.isSharing { continue }
            let seconds = Double(candidate.held + 1) * (candidate.pace ?? (fastest.isFinite ? fastest : 1))
            // The others would be done with all that waits before a slow worker is done with this unit: it is left
            // to them, as long as they do get on.
            if let pace = candidate.pace, pace > slowness * fastest, secondsLeft < seconds, secondsQuiet < seconds {
                continue
            }
            let rank = rank(candidate, seconds: seconds)
            if best.map({ rank < $0.rank }) ?? true { best = (candidate.place, rank) }
        }
        return best?.place
    }

    /// Whether the workers of this machine that hold shards of the step are as many as have cores to themselves, and
    /// take more.
    private var isRoomAmongSharing: Bool {
        guard isStepped else { return false }
        // Workers that hang or are far behind count for nothing here, or a step would wait for them.
        let sharing = candidates.filter { $0.isSharing && $0.held > 0 && !$0.isBehind }
        return sharing.count >= sharingWorkers && sharing.contains(where: \.isFree)
    }

    private typealias Rank = (late: Int, first: Double, new: Int, last: Double)

    /// Smaller is better, compared from left to right.
    private func rank(_ candidate: Candidate, seconds: Double) -> Rank {
        let held = Double(candidate.held)
        guard isStepped else { return (late: 0, first: seconds, new: 0, last: held) }
        // The same workers at every step: they hold activations that others would have to be sent.
        let isNew = candidate.isSharing && !candidate.isMapped
        let isLate = candidate.isSharing && candidate.isBehind
        return (late: isLate ? 1 : 0, first: held, new: isNew ? 1 : 0, last: seconds)
    }
}
