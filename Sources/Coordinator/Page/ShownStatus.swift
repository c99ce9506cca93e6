import Run

/// As much of a run's status as the page and monitoring are told: a run may have had thousands of workers, most of them
/// gone, and have hundreds of channels.
struct ShownStatus: Sendable {
    let status: RunStatus
    /// All workers by what they do.
    let workers: [WorkerStatus.State: Int]

    /// Workers that are there, those lost last, and channels' scores.
    private static let (mostPresent, mostLost, mostScores) = (512, 32, 16)

    init(_ whole: RunStatus) {
        var status = whole
        status.workers = Self.shown(of: whole.workers)
        status.scores = Array(whole.scores.prefix(Self.mostScores))
        self.status = status
        workers = Dictionary(grouping: whole.workers, by: \.state).mapValues(\.count)
    }

    var workersLeftOut: Int { workers.values.reduce(0, +) - status.workers.count }

    /// In the order in which they came.
    private static func shown(of workers: [WorkerStatus]) -> [WorkerStatus] {
        guard workers.count > mostLost else { return workers }
        let present = workers.indices.filter { workers[$0].state != .lost }
        let lost = workers.indices.filter { workers[$0].state == .lost }
            .sorted { (workers[$0].lastHeardSeconds, $1) < (workers[$1].lastHeardSeconds, $0) }
        return (present.prefix(mostPresent) + lost.prefix(mostLost)).sorted().map { workers[$0] }
    }
}
