import Run

/// How the run came to where it is: as much of it as a plot shows, however long it has been going.
struct PageHistory: Encodable {
    /// Step and loss.
    private(set) var loss = ThinnedCurve()
    /// Of tasks and channels, the latest last.
    private(set) var scores: [Score] = []

    /// What a task's answers over a channel came to, as items came in.
    struct Score: Encodable {
        var stage: Stage
        /// The channel's name.
        var channel: String
        var metric: String
        /// The contrast's two conditions.
        var conditions: [String]
        /// Items, and of each condition the mean with its interval's ends.
        private(set) var curve = ThinnedCurve()

        init(_ score: RunningScore) {
            (stage, channel, metric) = (score.stage, "\(score.channel)", score.metric)
            conditions = score.conditions.map(\.condition)
        }

        mutating func note(_ score: RunningScore) {
            curve.append(Double(score.items), score.conditions.flatMap { [$0.mean, $0.low, $0.high] })
        }
    }

    /// Curves of scores that are kept.
    private static let mostScores = 16

    mutating func note(_ status: RunStatus) {
        if let stage = status.stages.first(where: { $0.stage == .train }), let value = status.loss,
            Float(value).isFinite
        {
            loss.append(Double(stage.done), [value])
        }
        for score in status.scores where !score.conditions.isEmpty {
            if let place = place(of: score) { scores[place].note(score) }
        }
    }

    /// Where a score's curve is. Those of tasks before give way to it, the first channels of its own task do not.
    private mutating func place(of score: RunningScore) -> Int? {
        if let known = scores.firstIndex(where: { $0.stage == score.stage && $0.channel == "\(score.channel)" }) {
            return known
        }
        if scores.count >= Self.mostScores {
            guard let oldest = scores.firstIndex(where: { $0.stage != score.stage }) else { return nil }
            scores.remove(at: oldest)
        }
        scores.append(Score(score))
        return scores.count - 1
    }
}

/// A curve of a bounded number of points: where it grows beyond them, every second one goes.
struct ThinnedCurve: Encodable {
    private static let limit = 160

    /// Those that are kept, each an x and what belongs to it.
    private var kept: [[Double]] = []
    /// The latest, where it is not among them.
    private var latest: [Double]?
    /// Of so many points one is kept, and so many came since.
    private var (stride, passed) = (1, 0)

    var points: [[Double]] { kept + (latest.map { [$0] } ?? []) }

    /// Points come in the order of x; one at the same x takes the place of the last.
    mutating func append(_ x: Double, _ values: [Double]) {
        let point = [x] + values
        if latest == nil, kept.last?[0] == x {
            kept[kept.count - 1] = point
            return
        }
        if latest?[0] != x { passed += 1 }
        guard passed >= stride || kept.isEmpty else {
            latest = point
            return
        }
        (latest, passed) = (nil, 0)
        kept.append(point)
        if kept.count > Self.limit {
            kept = kept.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            stride *= 2
        }
    }

    /// As many digits as a plot shows.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(points.map { $0.map { Float($0) } })
    }
}
