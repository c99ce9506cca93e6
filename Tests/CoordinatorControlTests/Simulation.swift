import CoordinatorControl
import Run
import WorkerSession

/// A whole run in one thread: the coordinator's and the workers' state machines over a network and a disk that
/// misbehave as a seed says.
///
/// Time is virtual; the same seed gives the same history. A unit's result is stood for by its digest, a function of
/// the unit alone; W is stood for by the number of steps applied.
struct Simulation {
    struct Faults {
        /// Probability that a message is lost, or arrives twice.
        var loss = 0.0
        var duplication = 0.0
        /// Longest delay of a message, seconds; delays differ, so messages overtake one another.
        var delay = 0.005
        /// Mean seconds between a worker's crash and the next; a crashed worker comes back as a new process.
        var workerCrashEvery: Double?
        /// Mean seconds between the coordinator's crashes.
        var coordinatorCrashEvery: Double?
        /// Worker 0 takes so many times as long as the others.
        var slowness = 1.0
        /// Probability that a unit fails once.
        var failure = 0.0
        /// Worker 0 answers wrongly with this probability.
        var wrongAnswer = 0.0
    }

    enum Happening {
        case toCoordinator(PeerID, WorkerSession.Message?, result: (LeaseID, UnitID)?)
        case toWorker(Int, connection: Int, RunControl.Message)
        case loaded(Int, process: Int)
        case computed(Int, process: Int, LeaseID, UnitID)
        case persisted(UnitID, life: Int)
        case stepApplied(Int, life: Int)
        case stageCompleted(Stage, life: Int)
        case coordinatorTick
        case workerTick(Int)
        case crashWorker(Int)
        case crashCoordinator
        case startCoordinator
    }

    struct Worker {
        var session: WorkerSession
        /// Counts processes, so that what an earlier one had begun is not taken for the present one's.
        var process = 0
        /// Counts connections; messages of earlier ones never arrive.
        var connection = 0
        var isBusyUntil = 0.0
        var isGone = false
    }

    let plan: RunPlan
    let faults: Faults
    let limits: RunLimits
    var random: NamedGenerator
    var control: RunControl
    var workers: [Worker] = []
    var coordinatorIsUp = true
    /// Counts the coordinator's lives.
    var life = 0
    var outcome: RunControl.Outcome?
    var time = 0.0
    private var queue = EventQueue<Happening>()

    /// What is on disk.
    private(set) var disk: [UnitID: String] = [:]
    private(set) var checkpoint = 0
    private(set) var persistCount: [UnitID: Int] = [:]
    private(set) var appliedSteps: [Int] = []
    private(set) var mostLeases = 0
    private(set) var history: [RunStatus] = []
    var alarms: Int { control.status(at: now).faults.count { $0.what.contains("ALARM") } }

    init(plan: RunPlan, workerCount: Int, faults: Faults, seed: UInt64) {
        self.plan = plan
        self.faults = faults
        random = NamedGenerator(seed: seed, purpose: "simulation")
        // Crashes come thick and fast here, so silence is noticed sooner than in a real run.
        var limits = RunLimits()
        limits.silenceSeconds = 2.5
        limits.lossesPerUnit = 20
        self.limits = limits
        control = RunControl(plan: plan, limits: limits, now: Instant(nanoseconds: 0))
        for index in 0..<workerCount {
            workers.append(Worker(session: session(of: index, process: 0, now: Instant(nanoseconds: 0))))
        }
    }

    private func session(of index: Int, process: Int, now: Instant) -> WorkerSession {
        WorkerSession(
            identity: Registration(
                softwareVersion: "test", worker: "w\(index).\(process)", host: "host",
                processID: Int32(index * 1000 + process), deviceKind: "cpu"),
            patienceSeconds: 1e6, now: now)
    }

    private var now: Instant { .seconds(time) }

    /// Runs until the run ends or `limit` virtual seconds have passed.
    mutating func run(limit: Double) {
        perform(control.start(at: now))
        for index in workers.indices {
            perform(workers[index].session.start(at: now), of: index)
            schedule(.workerTick(index), after: 0.1 + random.uniform() * 0.1)
            if let every = faults.workerCrashEvery { schedule(.crashWorker(index), after: exponential(every)) }
        }
        schedule(.coordinatorTick, after: 0.25)
        if let every = faults.coordinatorCrashEvery { schedule(.crashCoordinator, after: exponential(every)) }
        while outcome == nil, let (moment, happening) = queue.popFirst(), moment < limit {
            time = moment
            handle(happening)
        }
    }

    private mutating func exponential(_ mean: Double) -> Double {
        // A power series of the logarithm would do as well; what counts is that delays vary around the mean.
        mean * 2 * random.uniform()
    }

    private mutating func schedule(_ happening: Happening, after delay: Double) {
        queue.insert(happening, at: time + delay)
    }

    // MARK: What happens

    private mutating func handle(_ happening: Happening) {
        switch happening {
        case .toCoordinator(let peer, let message, let result):
            guard coordinatorIsUp else { return }
            tell(event(from: peer, message, result))
        case .toWorker(let index, let connection, let message):
            guard workers[index].connection == connection, !workers[index].isGone else { return }
            perform(workers[index].session.handle(.message(event(message)), at: now), of: index)
        case .loaded(let index, let process):
            guard workers[index].process == process else { return }
            let readiness = Readiness(
                fingerprintA: plan.fingerprintA, fingerprintB: plan.fingerprintB, capacity: 4)
            perform(workers[index].session.handle(.loaded(readiness), at: now), of: index)
        case .computed(let index, let process, let lease, let unit):
            guard workers[index].process == process else { return }
            let fails = random.uniform() < faults.failure
            perform(
                workers[index].session.handle(
                    fails ? .unitFailed(lease, cause: "simulated") : .finished(lease), at: now), of: index)
            _ = unit
        case .persisted(let unit, let life):
            guard self.life == life, coordinatorIsUp else { return }
            tell(.persisted(unit))
        case .stepApplied(let step, let life):
            guard self.life == life, coordinatorIsUp else { return }
            appliedSteps.append(step)
            if step % 7 == 6 { checkpoint = step + 1 }
            tell(.stepApplied(step: step, loss: 1))
        case .stageCompleted(let stage, let life):
            guard self.life == life, coordinatorIsUp else { return }
            if stage == .train { checkpoint = control.status(at: now).stages.first { $0.stage == .train }!.unitsDone }
            tell(.stageCompleted(stage))
        case .coordinatorTick:
            if coordinatorIsUp {
                tell(.tick)
                history.append(control.status(at: now))
            }
            schedule(.coordinatorTick, after: 0.25)
        case .workerTick(let index):
            if !workers[index].isGone { perform(workers[index].session.handle(.tick, at: now), of: index) }
            schedule(.workerTick(index), after: 0.2)
        case .crashWorker(let index):
            workers[index].process += 1
            workers[index].connection += 1
            workers[index].isGone = false
            workers[index].isBusyUntil = time
            workers[index].session = session(of: index, process: workers[index].process, now: now)
            perform(workers[index].session.start(at: now), of: index)
            if let every = faults.workerCrashEvery { schedule(.crashWorker(index), after: exponential(every)) }
        case .crashCoordinator:
            coordinatorIsUp = false
            life += 1
            schedule(.startCoordinator, after: 0.5)
        case .startCoordinator:
            coordinatorIsUp = true
            control = RunControl(
                plan: plan, limits: limits, completed: disk, stepsApplied: checkpoint, deviceKind: nil,
                firstLease: UInt64(life) << 32, now: now)
            perform(control.start(at: now))
            if let every = faults.coordinatorCrashEvery { schedule(.crashCoordinator, after: exponential(every)) }
        }
    }

    private mutating func tell(_ event: RunControl.Event) {
        perform(control.handle(event, at: now))
        mostLeases = max(mostLeases, control.status(at: now).workers.map(\.leases).max() ?? 0)
    }

    private mutating func event(
        from peer: PeerID, _ message: WorkerSession.Message?, _ result: (LeaseID, UnitID)?
    ) -> RunControl.Event {
        if let (lease, unit) = result {
            let wrong = peer.bytes[0] == 0 && random.uniform() < faults.wrongAnswer
            return .message(
                peer, .result(run: plan.run, lease: lease, unit: unit, digest: wrong ? "wrong" : "right \(unit)"))
        }
        switch message! {
        case .register(let registration): return .message(peer, .register(registration))
        case .ready(let readiness): return .message(peer, .ready(readiness))
        case .heartbeat(let leases): return .message(peer, .heartbeat(leases))
        case .failure(let lease, let unit, let cause):
            return .message(peer, .failure(lease: lease, unit: unit, cause: cause))
        case .goodbye(let reason): return .message(peer, .goodbye(reason: reason))
        }
    }

    private func event(_ message: RunControl.Message) -> WorkerSession.CoordinatorEvent {
        switch message {
        case .welcome:
            .welcome(
                Welcome(
                    run: plan.run, modelA: "a", modelB: "b", layerK: 1, layerJ: 1, operation: .replace,
                    computePrecision: .float32, seed: 1,
                    heartbeatSeconds: limits.heartbeatSeconds, silenceSeconds: limits.silenceSeconds))
        case .refusal(let reason): .refusal(reason: reason)
        case .grant(let lease, let unit, _, _): .grant(lease, unit)
        case .heartbeat: .heartbeat
        case .finished(let reason): .finished(reason: reason)
        }
    }

    // MARK: Effects

    private mutating func perform(_ effects: [RunControl.Effect]) {
        for effect in effects {
            switch effect {
            case .send(let peer, let message):
                let index = Int(peer.bytes[0]) + 256 * Int(peer.bytes[1])
                let connection = Int(peer.bytes[2]) + 256 * Int(peer.bytes[3])
                deliver { .toWorker(index, connection: connection, message) }
            case .persist(let unit):
                disk[unit] = "right \(unit)"
                persistCount[unit, default: 0] += 1
                schedule(.persisted(unit, life: life), after: 0.002)
            case .keepShard: break
            case .applyStep(let step): schedule(.stepApplied(step, life: life), after: 0.001)
            case .completeStage(let stage): schedule(.stageCompleted(stage, life: life), after: 0.01)
            case .end(let outcome): self.outcome = outcome
            }
        }
    }

    private mutating func perform(_ effects: [WorkerSession.Effect], of index: Int) {
        let worker = workers[index]
        for effect in effects {
            let connection = workers[index].connection
            let peer = PeerID([
                UInt8(index & 255), UInt8(index >> 8), UInt8(connection & 255), UInt8(connection >> 8 & 255),
            ])
            switch effect {
            case .connect: workers[index].connection += 1
            case .send(let message): deliver { .toCoordinator(peer, message, result: nil) }
            case .deliver(let lease, let unit): deliver { .toCoordinator(peer, nil, result: (lease, unit)) }
            case .load: schedule(.loaded(index, process: worker.process), after: 0.2)
            case .execute(let lease, let unit):
                let seconds = (0.02 + 0.02 * random.uniform()) * (index == 0 ? faults.slowness : 1)
                let begins = max(time, workers[index].isBusyUntil)
                workers[index].isBusyUntil = begins + seconds
                schedule(
                    .computed(index, process: worker.process, lease, unit), after: begins + seconds - time)
            case .forget: break
            case .end: workers[index].isGone = true
            }
        }
    }

    private mutating func deliver(_ happening: () -> Happening) {
        if random.uniform() < faults.loss { return }
        schedule(happening(), after: random.uniform() * faults.delay)
        if random.uniform() < faults.duplication {
            schedule(happening(), after: random.uniform() * faults.delay * 3)
        }
    }
}

/// A priority queue by time; events of the same time keep their order.
struct EventQueue<Element> {
    private var heap: [(time: Double, number: Int, element: Element)] = []
    private var nextNumber = 0

    mutating func insert(_ element: Element, at time: Double) {
        heap.append((time, nextNumber, element))
        nextNumber += 1
        var child = heap.count - 1
        while child > 0, comesBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> (Double, Element)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var next = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && comesBefore(child, next) {
                    next = child
                }
                if next == parent { break }
                heap.swapAt(parent, next)
                parent = next
            }
        }
        return (first.time, first.element)
    }

    private func comesBefore(_ a: Int, _ b: Int) -> Bool {
        (heap[a].time, heap[a].number) < (heap[b].time, heap[b].number)
    }
}
