import Run

/// A worker as the coordinator knows it.
struct WorkerRecord: Hashable, Sendable {
    var registration: Registration
    /// nil once it is lost.
    var peer: PeerID?
    var isReady = false
    var readySince: Instant?
    var capacity = 0
    var lastHeard: Instant
    /// When it was last done with a unit, well or not.
    var lastAnswer: Instant?
    /// Whether it was given up because it hangs: its process is of no use any more.
    var hasHung = false
    var leases: [LeaseID] = []
    var unitsDone = 0
    var pace = Pace()
    var supplies = Supplies()
    /// Whether it turned out that it cannot read the coordinator's W in place.
    var cannotMap = false
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

/// What a worker holds, as far as the coordinator knows, of what units need besides themselves.
struct Supplies: Hashable, Sendable {
    /// The version of W: steps applied.
    var version: Int?
    /// Whether it holds Adam's moments of that version, so that it can take the next steps itself.
    var hasMoments = false
    /// Whether it was told where W lies in the coordinator's memory, and whether it has answered since: then it has
    /// found it there.
    var isMapped = false
    var hasRead = false
    /// Rows whose activations of both models it holds, and rows of which it holds A's.
    var rows = RowSet()
    var rowsOfA = RowSet()
    /// Shards of the latest steps that it computed itself.
    var ownShards: [UnitID] = []
    /// Leases before this one were granted when something else was thought of what the worker holds.
    var since = LeaseID(0)
    /// How often it turned out to hold something else.
    var resets = 0

    /// Forgets everything: it may not have arrived, or was lost.
    mutating func reset(since lease: LeaseID) {
        let resets = resets
        self = Supplies()
        self.resets = resets
        since = lease
    }
}

/// A unit given to a worker.
struct Lease: Hashable, Sendable {
    var unit: UnitID
    /// Place in ``RunControl/workers``.
    var worker: Int
    var granted: Instant
}

/// A set of row numbers, one bit each.
struct RowSet: Hashable, Sendable {
    private var words: [UInt64] = []

    func contains(_ row: Int) -> Bool {
        row >> 6 < words.count && words[row >> 6] >> UInt64(row & 63) & 1 == 1
    }

    mutating func insert(_ row: Int) {
        while words.count <= row >> 6 { words.append(0) }
        words[row >> 6] |= 1 << UInt64(row & 63)
    }
}
