import Run

/// Those who ask for the status again and again, so that the coordinator does not end before they know how the run did.
struct StatusWatchers {
    /// When each asked last, of those that have not been told the end.
    private var asked: [UInt64: Instant] = [:]
    /// As many as are remembered: a hostile client may have many names.
    private static let limit = 1024
    /// Seconds of silence after which one has gone away.
    private static let patience = 2.5

    /// Notes a question.
    /// - Parameters:
    ///   - watcher: 0 for one who asks once.
    ///   - isTold: whether the answer says how the run ended.
    mutating func note(_ watcher: UInt64, isTold: Bool, at now: Instant) {
        if watcher == 0 { return }
        if isTold {
            asked[watcher] = nil
        } else if asked.count < Self.limit || asked[watcher] != nil {
            asked[watcher] = now
        } else {
            asked = asked.filter { now.seconds(since: $0.value) < Self.patience }
        }
    }

    /// Whether anybody is likely to ask once more.
    func areWaiting(at now: Instant) -> Bool {
        asked.values.contains { now.seconds(since: $0) < Self.patience }
    }
}
