import Run

/// A worker as the coordinator knows it.
struct WorkerRecord: Hashable, Sendable {
    /// Whether it takes part, and how.
    enum Presence: Hashable, Sendable {
        /// Registered over the connection; it loads its models since then.
        case loading(PeerID, since: Instant)
        /// It takes so many units at a time.
        case ready(PeerID, capacity: Int)
        /// It is gone, and may come back over another connection.
        case lost
        /// It was given up for good, and is told why when it comes again: its process is of no use any more.
        case barred(String)
    }

    var registration: Registration
    /// Whether the coordinator started it itself: it came by the private socket.
    var isOwn = false
    var presence = Presence.lost
    var readySince: Instant?
    var lastHeard: Instant
    /// When it was last done with a unit, well or not.
    var lastAnswer: Instant?
    var leases: [LeaseID] = []
    var formerLeases = FormerLeases()
    var unitsDone = 0
    /// That its process holds, as it said last.
    var memoryBytes: UInt64?
    /// Units that it failed and others did.
    var refutedFailures = 0
    var pace = Pace()
    var supplies = Supplies()
    /// Whether it turned out that it cannot read the coordinator's W in place.
    var cannotMap = false
}

extension WorkerRecord.Presence {
    // Of the presence and not of the record, which is copied whole wherever a build does not see through them.

    /// Its connection; nil where it takes no part.
    var peer: PeerID? {
        switch self {
        case .loading(let peer, _), .ready(let peer, _): peer
        case .lost, .barred: nil
        }
    }

    /// Units that it takes at a time; nil where it takes none.
    var capacity: Int? { if case .ready(_, let capacity) = self { capacity } else { nil } }

    /// When it registered, if it loads its models since then.
    var loadingSince: Instant? { if case .loading(_, let since) = self { since } else { nil } }

    var isReady: Bool { capacity != nil }
}

/// A worker's latest leases that are over: it may still answer their units, or answer them twice.
struct FormerLeases: Hashable, Sendable {
    private struct Entry: Hashable {
        var lease: LeaseID
        var unit: UnitID
    }

    /// What a worker holds at most.
    private static let limit = 64

    private var entries: [Entry] = []

    mutating func insert(_ lease: LeaseID, _ unit: UnitID) {
        if entries.count >= Self.limit { entries.removeFirst() }
        entries.append(Entry(lease: lease, unit: unit))
    }

    func contains(_ lease: LeaseID, _ unit: UnitID) -> Bool { entries.contains(Entry(lease: lease, unit: unit)) }
}

/// How long a worker takes for a unit of the stage at work.
struct Pace: Hashable, Sendable {
    /// A moving mean; nil before the first unit.
    private(set) var seconds: Double?
    private(set) var measured = Instant(nanoseconds: 0)

    /// Takes a unit in that was granted at `granted` and answered now. While a worker holds several units it works
    /// on one at a time, so a unit's time begins with the answer before.
    mutating func take(granted: Instant, at now: Instant) {
        let latest = now.seconds(since: seconds == nil ? granted : max(granted, measured))
        seconds = seconds.map { 0.7 * $0 + 0.3 * latest } ?? latest
        measured = now
    }

    /// The pace, as long as it says something about the present: a worker that was slow may have recovered.
    func seconds(at now: Instant, lastingSeconds: Double) -> Double? {
        now.seconds(since: measured) > max(lastingSeconds, 2 * (seconds ?? 0)) ? nil : seconds
    }
}

/// A unit given to a worker.
struct Lease: Hashable, Sendable {
    var unit: UnitID
    /// Place in ``RunControl/workers``.
    var worker: Int
    var granted: Instant
    /// How much of the unit is done, by what its worker says, 0 to 1.
    var share: Double?
}
