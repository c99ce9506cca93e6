import Run

/// How the run came to where it is: as much of it as a plot shows, however long it has been going.
struct PageHistory: Encodable {
    /// Step and loss.
    private(set) var loss = ThinnedCurve()
    /// Items and what the contrast came to, by task and channel.
    private(set) var scores: [String: ThinnedCurve] = [:]

    /// Tasks and channels that are followed.
    private static let mostScores = 32

    mutating func note(_ status: RunStatus) {
        if let stage = status.stages.first(where: { $0.stage == .train }), let value = status.loss, value.isFinite {
            loss.append(Double(stage.done), value)
        }
        for score in status.scores {
            let name = "\(score.stage.rawValue) \(score.channel.line)"
            guard scores[name] != nil || scores.count < Self.mostScores else { continue }
            scores[name, default: ThinnedCurve()].append(Double(score.items), score.mean)
        }
    }
}

/// A curve of a bounded number of points: where it grows beyond them, every second one goes.
struct ThinnedCurve: Encodable {
    private static let limit = 240

    private(set) var points: [[Double]] = []
    private var stride = 1
    private var skipped = 0

    /// Points come in the order of x; one at the same x takes the place of the last.
    mutating func append(_ x: Double, _ y: Double) {
        if let last = points.last, last[0] == x {
            points[points.count - 1][1] = y
            return
        }
        skipped += 1
        guard skipped >= stride || points.isEmpty else { return }
        skipped = 0
        points.append([x, y])
        if points.count > Self.limit {
            points = points.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            stride *= 2
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(points)
    }
}
