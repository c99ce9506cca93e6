package import Run

/// What workers answer: who is heard, and what counts.
extension RunControl {
    /// Why a result is not listened to, whatever it holds.
    package enum Objection: Hashable, Sendable {
        /// Of somebody who was taken for lost, or never registered: it registers anew when it gets no answer.
        case stranger
        /// Of a worker whose models nobody has compared with the run's yet.
        case notReady
        case otherRun
        case noSuchUnit
        /// Granted before this coordinator was started, so that nobody knows to whom.
        case formerCoordinator
        /// The worker was never given the unit under that lease.
        case noLease
    }

    /// Whether a result is heard: asked before anything is made of its content.
    ///
    /// Only the holder of a unit's lease is, or one that once was: it may answer late, or twice.
    package func objection(to lease: LeaseID, _ unit: UnitID, run: String, from peer: PeerID) -> Objection? {
        guard let place = peers[peer] else { return .stranger }
        guard workers[place].presence.isReady else { return .notReady }
        guard run == plan.run else { return .otherRun }
        guard plan.contains(unit) else { return .noSuchUnit }
        if let held = leases[lease] { return held.unit == unit && held.worker == place ? nil : .noLease }
        if workers[place].formerLeases.contains(lease, unit) { return nil }
        return lease < firstLease ? .formerCoordinator : .noLease
    }

    func objectionText(_ objection: Objection, to unit: UnitID) -> String? {
        switch objection {
        case .stranger, .formerCoordinator: nil
        case .notReady: "returned \(unit) before it was ready"
        case .otherRun: "returned a unit of another run"
        case .noSuchUnit: "returned a unit that is not part of the run: \(unit)"
        case .noLease: "returned \(unit), which it was not given"
        }
    }

    mutating func note(_ objection: Objection, to unit: UnitID, of place: Int, at now: Instant) {
        guard let text = objectionText(objection, to: unit) else { return }
        let name = workers[place].registration.worker
        recordAgain(text, cause: .worker(name), worker: name, at: now)
    }

    /// Takes a result in that there is no objection to: the first valid answer counts, a differing second one is an
    /// alarm.
    mutating func accept(
        _ unit: UnitID, lease: LeaseID, digest: String, from place: Int, at now: Instant, _ effects: inout [Effect]
    ) {
        guard !hasFailed, let planned = plan[unit.stage] else { return }
        if let held = leases[lease] {
            if isAtWork(unit.stage) { measure(held, at: now) }
            workers[place].lastAnswer = now
            release(lease)
            workers[place].unitsDone += 1
            if let channel = planned.channel(ofUnit: unit.index), lease >= workers[place].supplies.since {
                workers[place].supplies[channel].noteRead()
            }
        }
        if unit.stage == .extract {
            for site in plan.sites { workers[place].supplies.insert(planned.range(ofUnit: unit.index), at: site) }
        }
        guard !isFinished(unit), isAtWork(unit.stage), stage.activity != .applying else {
            compare(unit, digest, from: place, at: now, &effects)
            return
        }
        guard confirm(unit, digest, by: place, at: now, &effects), !hasFailed else { return }
        count(unit, planned, digest, from: place, at: now, &effects)
    }

    /// Whether nothing counts any more: it might rest on what a failed run has just taken back, also the very answer that
    /// showed it.
    private var hasFailed: Bool { if case .ending(.failed) = life { true } else { false } }

    /// Has an answer count.
    private mutating func count(
        _ unit: UnitID, _ planned: StagePlan, _ digest: String, from place: Int, at now: Instant,
        _ effects: inout [Effect]
    ) {
        let name = workers[place].registration.worker
        guard case .steps(let schedule) = planned.cut else {
            setDeviceKind(by: place, at: now, &effects)
            persisting[unit] = digest
            effects.append(.persist(unit))
            refuteFailures(of: unit, but: name, at: now, &effects)
            return
        }
        let shard = unit.index - firstUnitOfStep
        guard shard < schedule.shardCount(step: stepsApplied) else {
            record("returned a shard of a step that has not begun: \(unit)", worker: name, at: now)
            return
        }
        setDeviceKind(by: place, at: now, &effects)
        stage.shardDigests[shard] = digest
        workers[place].supplies[0].note(ownShard: unit)
        effects.append(.keepShard(unit))
        refuteFailures(of: unit, but: name, at: now, &effects)
        if stage.shardDigests.count == schedule.shardCount(step: stepsApplied) {
            stage.activity = .applying
            effects.append(.applyStep(stepsApplied))
        }
    }

    /// The run's kind of device is that of whoever does a unit first, not of whoever comes first.
    private mutating func setDeviceKind(by place: Int, at now: Instant, _ effects: inout [Effect]) {
        guard deviceKind == nil else { return }
        let kind = workers[place].registration.deviceKind
        deviceKind = kind
        guard !limits.allowsMixedDevices else { return }
        for other in workers.indices where workers[other].registration.deviceKind != kind {
            guard let peer = workers[other].presence.peer,
                let why = refusal(of: workers[other].registration, from: peer)
            else {
                continue
            }
            effects.append(.send(peer, .refusal(reason: why)))
            lose(other, because: "refused: \(why)", hasLeft: true, at: now, &effects)
        }
    }

    /// Others failed what one has done.
    private mutating func refuteFailures(of unit: UnitID, but name: String, at now: Instant, _ effects: inout [Effect])
    {
        guard let failed = failures.removeValue(forKey: unit) else { return }
        for other in failed.workers.sorted() where other != name {
            if let place = places[other] { refute(place, at: now, &effects) }
        }
    }

    private mutating func measure(_ held: Lease, at now: Instant) {
        stage.lastResult = now
        stage.resultCount += 1
        // The latest hundred or so count: what units cost may change in the course of a stage.
        let weight = 1 / Double(min(stage.resultCount, 100))
        stage.meanSeconds += (now.seconds(since: held.granted) - stage.meanSeconds) * weight
        workers[held.worker].pace.take(granted: held.granted, at: now)
    }
}

/// How often a unit failed, and on which workers.
struct Failures: Hashable, Sendable {
    private(set) var count = 0
    private(set) var workers: Set<String> = []

    mutating func note(_ worker: String) {
        count += 1
        workers.insert(worker)
    }
}
