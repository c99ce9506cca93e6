import Run

/// How far the stage at work is, in what people count, and how fast it goes.
extension RunControl {
    /// Takes in what a worker says of the units that it holds.
    mutating func note(_ heartbeat: Heartbeat, of place: Int) {
        workers[place].memoryBytes = heartbeat.memoryBytes
        for (lease, share) in zip(heartbeat.leases, heartbeat.shares) where leases[lease]?.worker == place {
            leases[lease]?.share = Double(share) / 1000
        }
    }

    /// What units at work are counted for, by what their workers say: of a unit that several have, the furthest.
    var underWay: Double {
        guard let current = currentStage, !current.isStepped else { return 0 }
        // Few of many small units are spoken of before they are done: no other is looked up.
        var shares: [UnitID: Double] = [:]
        for lease in leases.values {
            guard let share = lease.share, share > 0, lease.unit.stage == current.stage, !isFinished(lease.unit) else {
                continue
            }
            shares[lease.unit] = max(shares[lease.unit] ?? 0, share)
        }
        return shares.reduce(0) { $0 + $1.value * Double(current.count(ofUnit: $1.key.index)) }
    }

    /// Notes how far the stage is, now and then.
    mutating func measureStage(at now: Instant) {
        // While no unit is out nothing is done, and nothing is learned of how fast it goes: models are being loaded.
        guard stage.pace.isDue(at: now), stage.pace.hasBegun || !leases.isEmpty else { return }
        stage.pace.note(Double(stage.counted) + underWay, at: now)
    }

    /// Of what is counted, a second, of the stage at work.
    func rate(at now: Instant, underWay: Double) -> Double? {
        stage.pace.rate(Double(stage.counted) + underWay, at: now)
    }

    /// Seconds to the run's end; nil where nothing can be said of a stage to come.
    func etaSeconds(at now: Instant, underWay: Double) -> Double? {
        guard let current = currentStage else { return nil }
        guard let rate = rate(at: now, underWay: underWay), rate > 0 else { return nil }
        let own = max(0, Double(current.countTotal - stage.counted) - underWay) / rate
        let later = plan.stages.suffix(from: stagePosition + 1)
        if later.isEmpty { return own }
        guard later.allSatisfy({ $0.effort > 0 }), let pace = secondsOfEffort(rate: rate) else { return nil }
        return own + later.reduce(0) { $0 + $1.effort } * pace
    }

    /// What the effort of 1 takes, by the stage at work, or by the latest one before that ran models: nil where this
    /// coordinator has seen none.
    private func secondsOfEffort(rate: Double) -> Double? {
        if let current = currentStage, current.effort > 0, current.countTotal > 0 {
            return Double(current.countTotal) / rate / current.effort
        }
        for planned in plan.stages.prefix(stagePosition).reversed() where planned.effort > 0 {
            guard let seconds = stageSeconds[planned.stage], let count = stageCounts[planned.stage], count > 0 else {
                continue
            }
            return seconds * Double(planned.countTotal) / Double(count) / planned.effort
        }
        return nil
    }
}

/// How fast a stage goes, by the latest minutes.
struct StagePace: Hashable, Sendable {
    private struct Sample: Hashable {
        var at: Instant
        var count: Double
    }

    /// Seconds between two samples, and how many are kept: three minutes.
    private static let interval = 5.0
    private static let limit = 36

    private var samples: [Sample] = []

    var hasBegun: Bool { !samples.isEmpty }

    func isDue(at now: Instant) -> Bool {
        samples.last.map { now.seconds(since: $0.at) >= Self.interval } ?? true
    }

    mutating func note(_ count: Double, at now: Instant) {
        samples.append(Sample(at: now, count: count))
        if samples.count > Self.limit { samples.removeFirst() }
    }

    /// A second, from the oldest sample on; nil where there is none, or nothing has been done since.
    func rate(_ count: Double, at now: Instant) -> Double? {
        guard let first = samples.first else { return nil }
        let (done, seconds) = (count - first.count, now.seconds(since: first.at))
        return done > 0 && seconds > 0 ? done / seconds : nil
    }
}
