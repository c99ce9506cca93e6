import Run

/// Which files of a training are to be written, one after the other, and when a checkpoint is due.
///
/// Writing W takes its time (150 MB at 3072 → 4096), so another thread does it, on a copy.
struct TrainingWrites {
    enum Kind: Equatable {
        /// W as it is now, for a coordinator that goes on with the training.
        case checkpoint
        /// The end of a stage that makes W's: they, and of the training the last checkpoint before.
        case completion(Stage)
    }

    private(set) var wanted: Kind?
    private var atWork: (kind: Kind, began: Instant)?
    private var lastCheckpoint: Instant
    /// What the last checkpoint took.
    private var seconds = 0.0

    init(now: Instant) {
        lastCheckpoint = now
    }

    /// Whether a write can begin: there is one wanted, and the one before has ended.
    var canBegin: Bool { wanted != nil && atWork == nil }

    /// Whether nothing is wanted or at work.
    var areDone: Bool { wanted == nil && atWork == nil }

    /// Whether it is time for a checkpoint: at most so often, and a twentieth of the time.
    func isCheckpointDue(every interval: Double, at now: Instant) -> Bool {
        areDone && now.seconds(since: lastCheckpoint) > max(interval, 20 * seconds)
    }

    mutating func want(_ kind: Kind) { wanted = kind }

    /// Notes that the write that was wanted has begun.
    mutating func begin(at now: Instant) {
        guard let kind = wanted else { return }
        (wanted, atWork) = (nil, (kind, now))
    }

    /// Notes that the write at work has ended.
    /// - Returns: which it was.
    mutating func end(after seconds: Double) -> Kind? {
        guard let (kind, began) = atWork else { return nil }
        atWork = nil
        if kind == .checkpoint { (self.seconds, lastCheckpoint) = (seconds, began) }
        return kind
    }
}

/// Files that are to be put on disk, for any thread: what is written was copied, so that the run goes on meanwhile.
package struct FileWrite: Sendable {
    private let body: @Sendable () throws -> Void

    init(_ body: @escaping @Sendable () throws -> Void) {
        self.body = body
    }

    /// How a write ended.
    package struct Ending: Sendable {
        let seconds: Double
        let result: Result<Void, any Error>
    }

    /// Writes, and waits until all of it is on disk.
    package func wait() -> Ending {
        let began = ContinuousClock.now
        let result = Result { try body() }
        return Ending(seconds: (ContinuousClock.now - began) / .seconds(1), result: result)
    }
}
