package import CoordinatorControl
import Run
import WorkerSession

/// A whole run in one thread: the coordinator's and the workers' state machines over a network, processes and a
/// disk that misbehave as a seed says.
///
/// Time is virtual; the same seed gives the same history. Results are numbers that depend on what a worker really
/// held when it computed them, so an outdated W or a missing row shows as a wrong number.
///
/// ```swift
/// var simulation = Simulation(.small(workers: 3), faults: .mixed(seed: 7), seed: 7)
/// let violation = simulation.run()   // nil, or the invariant that was broken, and when
/// ```
package struct Simulation {
    enum Happening {
        case toCoordinator(PeerID, FromWorker)
        case toWorker(Int, connection: Int, ToWorker)
        case unreachable(PeerID)
        case loaded(Int, process: Int)
        case computed(Int, process: Int, LeaseID, UnitID)
        case commit(life: Int)
        case coordinatorTick
        case workerTick(Int)
        case start(Int)
        case restart(Int)
        case crash(Int)
        case leave(Int)
        case cut
        case crashCoordinator
        case startCoordinator
        /// The faults end: nobody is cut off any more.
        case recover
    }

    enum FromWorker {
        case message(Run.FromWorker<UInt64>)
        case garbage
    }

    enum ToWorker {
        case message(RunControl.Message)
        case grant(SimulatedGrant)
        case garbage
    }

    struct Worker {
        var session: WorkerSession
        var engine = SimulatedEngine()
        /// Counts processes, so that what an earlier one had begun is not taken for the present one's.
        var process = 0
        /// Counts connections; messages of earlier ones never arrive.
        var connection = 0
        var isRunning = false
        var busyUntil = 0.0
        var cutUntil = 0.0
        var grants: [LeaseID: SimulatedGrant] = [:]
        var results: [LeaseID: UInt64] = [:]
        /// The unit that it hangs at, if it does.
        var hangs = false
    }

    package let scenario: Scenario
    package let faults: Faults
    var random: NamedGenerator
    package internal(set) var control: RunControl
    var workers: [Worker] = []
    var coordinatorIsUp = true
    /// Counts the coordinator's lives.
    package internal(set) var life = 0
    package internal(set) var outcome: RunControl.Outcome?
    /// Virtual seconds.
    package internal(set) var time = 0.0
    package internal(set) var eventCount = 0
    var queue = EventQueue<Happening>()
    var disk = SimulatedDisk()
    var isCommitScheduled = false
    /// The result that came with the event at work.
    var incoming: (unit: UnitID, value: UInt64)?
    /// Shards of the step at work and of the steps that may be replayed, and W.
    var shards: [Int: [UInt64?]] = [:]
    var projection = SimulatedMath.initialProjection
    /// W as each earlier life of the coordinator left it in its memory, which a worker may still have mapped.
    var memoriesOfLives: [Int: (version: Int, projection: UInt64)] = [:]
    /// Whether a wrong answer counted, so that W and results are not what one process would compute.
    var isTainted = false
    package internal(set) var alarms = 0
    /// Told each event, for a trace.
    package var trace: ((Double, String) -> Void)?
    private var lastProgress: (life: Int, stages: Int, units: Int) = (0, 0, 0)
    var violation: String?

    package init(_ scenario: Scenario, faults: Faults, seed: UInt64) {
        self.scenario = scenario
        self.faults = faults
        random = NamedGenerator(seed: seed, purpose: "simulation")
        control = RunControl(plan: scenario.plan, limits: scenario.limits, now: Instant(nanoseconds: 0))
        for index in 0..<scenario.workers {
            workers.append(Worker(session: Self.session(of: index, process: 0, now: Instant(nanoseconds: 0))))
        }
    }

    static func session(of index: Int, process: Int, now: Instant) -> WorkerSession {
        WorkerSession(
            identity: Registration(
                softwareVersion: "simulated", worker: "w\(index).\(process)", host: "host",
                processID: Self.processID(of: index, process), deviceKind: "cpu"),
            patienceSeconds: 1e6, now: now)
    }

    static func processID(of index: Int, _ process: Int) -> Int32 { Int32(truncatingIfNeeded: index * 4096 + process) }

    var now: Instant { .seconds(time) }
    /// Whether faults still happen.
    var isFaulty: Bool { time < faults.lastingSeconds }

    mutating func chance(_ probability: Double) -> Bool {
        probability > 0 && isFaulty && random.uniform() < probability
    }

    mutating func schedule(_ happening: Happening, after delay: Double) {
        queue.insert(happening, at: time + delay)
    }

    /// Schedules a fault that comes every so many seconds on average, as long as faults happen.
    mutating func scheduleFault(_ happening: Happening, every mean: Double?) {
        guard let mean, isFaulty else { return }
        schedule(happening, after: mean * 2 * random.uniform())
    }

    /// Runs to the end of the run.
    /// - Returns: what was wrong, and when; nil where nothing was.
    package mutating func run() -> String? {
        let limit = faults.lastingSeconds + 600
        perform(control.start(at: now))
        for index in workers.indices {
            let isEarly = Double(index) < max(1, faults.early * Double(workers.count))
            schedule(.start(index), after: isEarly ? 0 : faults.lastingSeconds * random.uniform())
        }
        schedule(.coordinatorTick, after: 0.25)
        scheduleFault(.cut, every: faults.cutEvery)
        scheduleFault(.crashCoordinator, every: faults.coordinatorCrashEvery)
        schedule(.recover, after: faults.lastingSeconds)
        while outcome == nil, violation == nil, let (moment, happening) = queue.popFirst() {
            guard moment < limit else { return "the run does not end: at \(limit) s it is at \(control.progress)" }
            time = moment
            eventCount += 1
            if let trace { trace(time, "\(happening)") }
            handle(happening)
            if violation == nil { check() }
        }
        return (violation ?? violationOfEnd()).map { "\($0) (at \(time) s, event \(eventCount), life \(life))" }
    }

    // MARK: Invariants

    /// What must hold after every event.
    private mutating func check() {
        guard coordinatorIsUp else { return }
        // The books of a large run are read now and then: it costs as much as there are workers and units.
        if scenario.workers < 100 || eventCount % 1000 == 0 { violation = control.violation() }
        let progress = control.progress
        if lastProgress.life == life, progress < (lastProgress.stages, lastProgress.units) {
            violation = "progress went back from \(lastProgress) to \(progress)"
        }
        lastProgress = (life, progress.stages, progress.units)
        if shards.count > scenario.limits.replaySteps + 1 { violation = "shards of \(shards.count) steps are kept" }
    }

    /// What must hold when the run has ended.
    private func violationOfEnd() -> String? {
        guard outcome == .done else { return "the run ended with \(outcome.map { "\($0)" } ?? "nothing")" }
        let completed = disk.completed
        for stage in scenario.plan.stages where stage.stage != .train || scenario.blocks != nil {
            for index in 0..<stage.total {
                let unit = UnitID(stage.stage, index)
                guard let found = completed[unit] else { return "\(unit) is not on disk" }
                let w = !stage.channelUnits.isEmpty ? scenario.projections.last : nil
                let expected = String(SimulatedMath.answer(unit, projection: w), radix: 16)
                guard found == expected || isTainted else { return "\(unit) is \(found) instead of \(expected)" }
            }
        }
        if !isTainted, projection != scenario.projections.last {
            return "W is not what one process computes"
        }
        return nil
    }
}
