package import CoordinatorControl
import CoordinatorHost
package import Run
import Storage

/// A whole run in one thread: the coordinator itself, with its journal in memory, and workers that train as real ones
/// do, over a network, processes and a disk that misbehave as a seed says.
///
/// Time is virtual; the same seed gives the same history. What is on disk in the end must be, to the bit, what one
/// process makes of the same inputs.
///
/// ```swift
/// let simulation = Simulation(.small(workers: 3), faults: .mixed(seed: 7), seed: 7)
/// let violation = simulation.run()   // nil, or the promise that was broken, and when
/// ```
package final class Simulation {
    enum Happening {
        case toCoordinator(PeerID, FromWorker)
        case toWorker(Int, connection: Int, FromCoordinator)
        case unreachable(PeerID)
        case loaded(Int, process: Int)
        case computed(Int, process: Int, LeaseID)
        case beginCommit(life: Int)
        case finishCommit(life: Int, Journal.Commit)
        case finishWrite(life: Int, FileWrite)
        case coordinatorTick
        case workerTick(Int)
        case start(Int)
        case startLocal(Int, life: Int)
        case endLocal(Int, process: Int)
        case localEnded(Int, process: Int, life: Int)
        case crash(Int)
        case leave(Int)
        case attack
        case cut
        case crashCoordinator
        case startCoordinator
        /// The faults end: nobody is cut off any more.
        case recover
    }

    /// A message on its way, in one place however often it is handed on; nil where it was garbled.
    final class FromWorker {
        let message: WorkerMessage?

        init(_ message: WorkerMessage?) { self.message = message }
    }

    final class FromCoordinator {
        let message: CoordinatorMessage?

        init(_ message: CoordinatorMessage?) { self.message = message }
    }

    package let scenario: Scenario
    package let faults: Faults
    var random: NamedGenerator
    var workers: [SimulatedWorker] = []
    /// nil while it is down.
    var coordinator: LiveRun?
    var disk: SimulatedDisk
    /// What the coordinator sent in the event at work.
    var outbox: [(peer: PeerID, message: CoordinatorMessage)] = []
    /// Local workers that it has had started and that have not been yet.
    var starting: Set<Int> = []
    var isCommitScheduled = false
    /// What counted when the coordinator died.
    var announced: Set<UnitID> = []
    /// Counts the coordinator's lives.
    package internal(set) var life = 0
    package internal(set) var outcome: RunControl.Outcome?
    /// Virtual seconds.
    package internal(set) var time = 0.0
    package internal(set) var eventCount = 0
    var queue = EventQueue()
    /// Whether a wrong answer was sent by somebody of whom it is not known, so that W and results may not be what one
    /// process would compute.
    package var isTainted: Bool { hasWrongAnswers || !liarsAtLarge.isEmpty }
    var hasWrongAnswers = false
    /// Liars that have lied where not all units are confirmed, and those that were found out and are kept away since.
    private(set) var liarsAtLarge: Set<Int> = []
    package private(set) var liarsFound: Set<Int> = []
    /// As many as there were at a time at most.
    package internal(set) var alarms = 0
    /// Told each event, for a trace.
    package var trace: ((Double, String) -> Void)?
    /// Told the coordinator's status at each of its ticks while it lives, as those are who watch a run.
    package var watch: ((RunStatus) -> Void)?
    private var lastProgress: (life: Int, stages: Int, units: Int) = (0, 0, 0)
    var violation: String?

    package init(_ scenario: Scenario, faults: Faults, seed: UInt64) {
        self.scenario = scenario
        self.faults = faults
        random = NamedGenerator(seed: seed, purpose: "simulation")
        disk = SimulatedDisk(power: Power())
        for index in 0..<scenario.workers {
            workers.append(SimulatedWorker(index, scenario.inputs, isOwn: index < scenario.localWorkers))
        }
    }

    var now: Instant { .seconds(time) }
    /// Whether faults still happen.
    var isFaulty: Bool { time < faults.lastingSeconds }

    func chance(_ probability: Double) -> Bool {
        probability > 0 && isFaulty && random.uniform() < probability
    }

    func schedule(_ happening: Happening, after delay: Double) {
        queue.insert(happening, at: time + delay)
    }

    func noteLie(of index: Int) {
        if scenario.limits.verifiedShare < 1, !liarsFound.contains(index) { liarsAtLarge.insert(index) }
    }

    func noteFound(_ index: Int) {
        liarsAtLarge.remove(index)
        liarsFound.insert(index)
    }

    /// Schedules a fault that comes every so many seconds on average, as long as faults happen.
    func scheduleFault(_ happening: Happening, every mean: Double?) {
        guard let mean, isFaulty else { return }
        schedule(happening, after: mean * 2 * random.uniform())
    }

    /// Runs to the end of the run.
    /// - Returns: what was wrong, and when; nil where nothing was.
    package func run() -> String? {
        let limit = faults.lastingSeconds + 600
        startCoordinator()
        for index in scenario.localWorkers..<scenario.workers {
            let isEarly = Double(index) < max(1, faults.early * Double(workers.count))
            schedule(.start(index), after: isEarly ? 0 : faults.lastingSeconds * random.uniform())
        }
        for index in workers.indices {
            schedule(.workerTick(index), after: 0.5 * random.uniform())
            scheduleFault(.crash(index), every: faults.workerCrashEvery)
            if index >= scenario.localWorkers { scheduleFault(.leave(index), every: faults.leaveEvery) }
        }
        schedule(.coordinatorTick, after: 0.5)
        scheduleFault(.cut, every: faults.cutEvery)
        scheduleFault(.attack, every: faults.attackEvery)
        scheduleFault(.crashCoordinator, every: faults.coordinatorCrashEvery)
        schedule(.recover, after: faults.lastingSeconds)
        while outcome == nil, violation == nil, let (moment, happening) = queue.popFirst() {
            guard moment < limit else { return "the run does not end: \(progress) at \(limit) s" }
            time = moment
            eventCount += 1
            if let trace { trace(time, "\(happening)") }
            handle(happening)
        }
        return (violation ?? violationOfEnd()).map { "\($0) (at \(time) s, event \(eventCount), life \(life))" }
    }

    private var progress: String {
        coordinator?.inspect { "stage \($0.progress.stages), unit \($0.progress.units)" } ?? "no coordinator"
    }

    // MARK: Invariants

    /// What must hold after every event of the coordinator's.
    func check(_ coordinator: LiveRun) {
        coordinator.inspect { control in
            // The books of a large run are read now and then: it costs as much as there are workers and units.
            if scenario.workers < 100 || eventCount % 1000 == 0 { violation = violation ?? control.violation() }
            let progress = control.progress
            // What a worker that answers wrongly has done is done again.
            let mayGoBack = hasWrongAnswers || faults.liars > 0 && scenario.limits.verifiedShare < 1
            if !mayGoBack, lastProgress.life == life, progress < (lastProgress.stages, lastProgress.units) {
                violation = "progress went back from \(lastProgress) to \(progress)"
            }
            lastProgress = (life, progress.stages, progress.units)
            alarms = max(alarms, control.alarmCount)
            if outcome == nil, scenario.localWorkers > 0, Set(control.startingWorkers) != starting {
                violation =
                    "local workers \(control.startingWorkers) are to start, and \(starting.sorted()) were told to"
            }
        }
    }

    /// What must hold when the run has ended.
    private func violationOfEnd() -> String? {
        guard outcome == .done else { return "the run ended with \(outcome.map { "\($0)" } ?? "nothing")" }
        return violationOfDisk()
    }
}
