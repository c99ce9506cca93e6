package import Run

/// The coordinator's decisions: who works on what, what counts, when the run goes on and when it ends.
///
/// A state machine without sockets, files, clocks or randomness: events in, effects out. The same events at the
/// same times give the same effects, so a run can be simulated, with its faults, from a seed.
///
/// ```swift
/// var control = RunControl(RunControl.Beginning(plan: plan, limits: RunLimits(), completed: journal.units, now: now))
/// for effect in control.start(at: now) { host.perform(effect) }
/// for effect in control.handle(.tick, at: now) { host.perform(effect) }
/// ```
package struct RunControl: Sendable {
    package let plan: RunPlan
    package let limits: RunLimits
    /// When this coordinator was started.
    let started: Instant
    /// Leases before this one were granted by another coordinator.
    let firstLease: LeaseID
    /// The latest tick, and since when ticks have come without a gap: a coordinator may be stopped and go on.
    var lastTick: Instant
    var awakeSince: Instant

    var life = Life.running

    /// From the first unit to the last farewell.
    enum Life: Hashable, Sendable {
        case running
        /// No unit is given out any more; the run ends so as soon as what is finished is on disk.
        case ending(Outcome)
        case ended(Outcome)
    }

    // MARK: Units

    /// Position in ``RunPlan/stages`` of the stage at work; past the end when all are done.
    var stagePosition = 0
    var stage = StageProgress()
    /// Units on disk, with the digest of their result.
    var done: [UnitID: String]
    /// Units whose result is here but not on disk yet.
    var persisting: [UnitID: String] = [:]
    var failures: [UnitID: Failures] = [:]
    var losses: [UnitID: Int] = [:]
    /// Answers that do not count yet, of units that two workers have to agree on.
    var claims: [UnitID: [Claim]] = [:]
    /// Units whose answer counts without another's, since nobody was there to give one.
    var unsettled: Set<UnitID> = []
    /// Units whose answer counts no more as soon as it is on disk, with what was answered.
    var disputes: [UnitID: [Claim]] = [:]
    /// Who computed the units that were done in this coordinator's life; of training by steps those of the step at work.
    var authors: [UnitID: Author] = [:]
    /// Workers whose unconfirmed shards W has taken in.
    var trainers: Set<String> = []
    /// Steps of training that have been applied: the version of W.
    package internal(set) var stepsApplied: Int
    var loss: Double?
    /// Seconds spent on each stage that this coordinator has finished.
    var stageSeconds: [Stage: Double] = [:]
    /// What each of them has counted in this coordinator's life.
    var stageCounts: [Stage: Int] = [:]

    // MARK: Workers

    /// In the order of their first registration: every loop over workers goes in this order. Kept after they are
    /// lost, for the account, up to ``RunLimits/workers``; then the one lost longest makes room.
    var workers: [WorkerRecord] = []
    /// Where in ``workers`` those are that take units, in ascending order: names that never get ready cost nothing.
    var readyPlaces: [Int] = []
    /// Where those are that are gone, in the order in which they went; and some that are back.
    var lostPlaces: [Int] = []
    /// Places in ``workers``, by name and by connection.
    var places: [String: Int] = [:]
    var peers: [PeerID: Int] = [:]
    var leases: [LeaseID: Lease] = [:]
    /// Room for ``UnitPlacement``, which is made anew for each unit.
    var candidates: [UnitPlacement.Candidate] = []
    /// Leases of each unit that is out: one, or more when a straggler's unit was given out again.
    var holders: [UnitID: [LeaseID]] = [:]
    var nextLease: UInt64 = 1
    var localProcesses = LocalProcesses()
    /// The device kind that all workers must have: that of the first result.
    var deviceKind: DeviceKind?

    // MARK: W

    /// The first step whose shards the host still holds, so that workers can take it themselves.
    var firstReplayable: Int
    var epochOrders = EpochOrders()

    // MARK: Faults

    var faults: [Fault] = []
    /// Units to which two answers were given, until it is known which is right.
    var alarms: [Alarm] = []
    var faultCount = 0
    /// By cause, up to ``RunLimits/faultCauses`` of them.
    var repeated: [RepeatedFault.Cause: RepeatedFault] = [:]

    package init(_ beginning: Beginning) {
        plan = beginning.plan
        limits = beginning.limits
        done = beginning.completed
        stepsApplied = beginning.stepsApplied
        firstReplayable = beginning.stepsApplied
        deviceKind = beginning.deviceKind
        nextLease = beginning.firstLease
        firstLease = LeaseID(beginning.firstLease)
        started = beginning.now
        lastTick = beginning.now
        awakeSince = beginning.now
    }

    /// Begins the first stage that is not done yet. To be called once, before any event.
    package mutating func start(at now: Instant) -> [Effect] {
        var effects: [Effect] = []
        beginStage(at: now, &effects)
        return effects
    }

    package mutating func handle(_ event: Event, at now: Instant) -> [Effect] {
        var effects: [Effect] = []
        if case .ended = life { return effects }
        switch event {
        case .message(let peer, let message): hear(message, from: peer, at: now, &effects)
        case .malformed(let peer, let why): noteMalformed(why, from: peer, at: now)
        case .turnedAway(let address, let reason, let detail):
            recordAgain(
                "turned \(address) away: \(reason)\(detail.map { ": \($0)" } ?? "")",
                cause: .stranger(address, reason: reason), worker: nil, at: now)
        case .noticed(let what): record(what, worker: nil, at: now)
        case .unreachable(let peer):
            if let place = peers[peer] { lose(place, because: "its connection is gone", at: now, &effects) }
        case .localWorkers(let count, let host, let othersMayCome):
            employ(count, on: host, othersMayCome: othersMayCome, &effects)
        case .workerStarted(let number, let processID): noteStart(number, processID: processID)
        case .workerNotStarted(let number, let why): noteFailedStart(number, why: why, at: now, &effects)
        case .workerEnded(let number, let processID, let ending):
            noteEnd(number, processID: processID, ending, at: now, &effects)
        case .persisted(let unit): settle(unit, at: now, &effects)
        case .stepApplied(let step, let loss): advance(step: step, loss: loss, at: now, &effects)
        case .stageCompleted(let stage):
            if isAtWork(stage), self.stage.activity == .completing {
                closeStage(at: now)
                finishProjections()
                stagePosition = nextPosition
                beginStage(at: now, &effects)
            }
        case .broken(let why):
            fail(why, at: now, &effects)
            // What was on its way to the disk will not arrive there, so the end does not wait for it.
            persisting = [:]
            stage.activity = .working
        case .tick:
            watch(at: now, &effects)
            watchUnits(at: now, &effects)
            excuseFromConfirmation(at: now, &effects)
            shareStragglers(at: now, &effects)
            measureStage(at: now)
        case .interrupt:
            if life == .running { life = .ending(.interrupted) }
        }
        grantUnits(at: now, &effects)
        endIfSettled(&effects)
        return effects
    }

    /// The device kind of the run, once there is a result.
    package var runDeviceKind: DeviceKind? { deviceKind }

    /// Whether anybody takes part.
    package var hasWorkers: Bool { !peers.isEmpty }

    /// The name of the worker behind a connection, if it takes part.
    package func worker(at peer: PeerID) -> String? { peers[peer].map { workers[$0].registration.worker } }

    // MARK: The end

    mutating func fail(_ why: String, at now: Instant, _ effects: inout [Effect]) {
        switch life {
        case .ended, .ending(.failed): return
        case .running, .ending: life = .ending(.failed(why))
        }
        record(why, worker: nil, at: now)
    }

    /// Ends the run when nothing that is finished is still on its way to the disk.
    private mutating func endIfSettled(_ effects: inout [Effect]) {
        guard case .ending(let outcome) = life, persisting.isEmpty, stage.activity != .applying else { return }
        let farewell =
            switch outcome {
            case .done: "the run is done"
            case .failed: "the run failed"
            case .interrupted: "the run was interrupted"
            }
        for worker in workers {
            if let peer = worker.presence.peer { effects.append(.send(peer, .finished(reason: farewell))) }
        }
        life = .ended(outcome)
        effects.append(.end(outcome))
    }
}
