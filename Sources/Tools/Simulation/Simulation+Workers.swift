import CoordinatorControl
import Run
import WorkerSession

extension Simulation {
    static func peer(_ index: Int, connection: Int) -> PeerID {
        PeerID([UInt8(index & 255), UInt8(index >> 8), UInt8(connection & 255), UInt8(connection >> 8 & 255)])
    }

    static func address(_ peer: PeerID) -> (index: Int, connection: Int) {
        (Int(peer.bytes[0]) + 256 * Int(peer.bytes[1]), Int(peer.bytes[2]) + 256 * Int(peer.bytes[3]))
    }

    mutating func handle(_ happening: Happening) {
        switch happening {
        case .toCoordinator(let peer, let message): receive(message, from: peer)
        case .unreachable(let peer): tell(.unreachable(peer))
        case .commit(let life): if life == self.life, coordinatorIsUp { commit() }
        case .coordinatorTick:
            tell(.tick)
            schedule(.coordinatorTick, after: 0.25)
        case .crashCoordinator: crashCoordinator()
        case .startCoordinator: startCoordinator()
        case .toWorker(let index, let connection, let message):
            guard workers[index].connection == connection, workers[index].isRunning else { return }
            receive(message, at: index)
        case .loaded(let index, let process):
            let readiness = Readiness(
                fingerprintA: scenario.plan.fingerprintA, fingerprintB: scenario.plan.fingerprintB, capacity: 4)
            tell(index, process, .loaded(run: scenario.plan.run, readiness))
        case .computed(let index, let process, let lease, let unit): compute(index, process, lease, unit)
        case .workerTick(let index):
            if workers[index].isRunning { tell(index, workers[index].process, .tick) }
            schedule(.workerTick(index), after: 0.5)
        case .start(let index):
            start(index)
            schedule(.workerTick(index), after: 0.5 * random.uniform())
            scheduleFault(.crash(index), every: faults.workerCrashEvery)
            scheduleFault(.leave(index), every: faults.leaveEvery)
        case .restart(let index):
            if !workers[index].isRunning { start(index) }
        case .crash(let index):
            if workers[index].isRunning { crash(index) }
            scheduleFault(.crash(index), every: faults.workerCrashEvery)
        case .leave(let index):
            if workers[index].isRunning {
                tell(index, workers[index].process, .interrupt(reason: "simulated"))
                start(index)
            }
            scheduleFault(.leave(index), every: faults.leaveEvery)
        case .cut:
            workers[random.index(below: workers.count)].cutUntil = time + 6 * random.uniform()
            scheduleFault(.cut, every: faults.cutEvery)
        case .recover:
            for index in workers.indices {
                workers[index].cutUntil = 0
            }
        }
    }

    // MARK: Life

    private mutating func start(_ index: Int) {
        workers[index].process += 1
        workers[index].connection += 1
        workers[index].isRunning = true
        workers[index].busyUntil = time
        workers[index].hangs = false
        workers[index].engine = SimulatedEngine()
        workers[index].engine.canMap = index % 4 != 3
        workers[index].grants = [:]
        workers[index].results = [:]
        workers[index].session = Self.session(of: index, process: workers[index].process, now: now)
        perform(workers[index].session.start(at: now), of: index)
    }

    private mutating func crash(_ index: Int) {
        start(index)
    }

    // MARK: Events

    private mutating func tell(_ index: Int, _ process: Int, _ event: WorkerSession.Event) {
        guard workers[index].process == process, workers[index].isRunning else { return }
        perform(workers[index].session.handle(event, at: now), of: index)
    }

    private var welcome: Welcome {
        Welcome(
            run: scenario.plan.run, modelA: "a", modelB: "b", operation: .replace,
            computeType: .float32, seed: 1, heartbeatSeconds: scenario.limits.heartbeatSeconds,
            silenceSeconds: scenario.limits.silenceSeconds)
    }

    private mutating func receive(_ message: ToWorker, at index: Int) {
        let event: WorkerSession.Event
        switch message {
        case .garbage: event = .malformed("simulated")
        case .grant(let grant):
            workers[index].grants[grant.lease] = grant
            event = .message(.grant(WorkerSession.Given(grant.lease, grant.unit)))
        case .message(let message):
            if case .activations(let some) = message { workers[index].engine.keep(some) }
            event = .message(
                message.map(
                    greeting: { _ in welcome }, activations: { $0.site },
                    given: { WorkerSession.Given($0.lease, $0.unit) }))
        }
        tell(index, workers[index].process, event)
        if workers[index].grants.count > 70 || workers[index].results.count > 70 {
            violation = "worker \(index) keeps \(workers[index].grants.count) grants"
        }
    }

    private mutating func compute(_ index: Int, _ process: Int, _ lease: LeaseID, _ unit: UnitID) {
        guard workers[index].process == process, workers[index].isRunning else { return }
        if chance(faults.failure) {
            tell(index, process, .unitFailed(lease, cause: "simulated"))
            return
        }
        guard let grant = workers[index].grants[lease] else {
            tell(index, process, .unitFailed(lease, cause: "the grant is gone"))
            return
        }
        do {
            let drifts = chance(faults.drift)
            let value = try workers[index].engine.execute(
                grant, in: scenario, memories: memories, drifts: drifts)
            let isWrong = chance(faults.wrongAnswer)
            workers[index].results[lease] = isWrong ? value ^ 1 : value
            tell(index, process, .finished(lease))
        } catch {
            tell(index, process, .unitFailed(lease, cause: error.cause, isUnprepared: true))
        }
    }

    // MARK: Effects

    private mutating func perform(_ effects: [WorkerSession.Effect], of index: Int) {
        let process = workers[index].process
        for effect in effects {
            switch effect {
            case .connect: workers[index].connection += 1
            case .send(let message):
                send(.message(message.mapResult { (never: Never) -> UInt64 in }), from: index)
            case .deliver(let lease, let unit):
                workers[index].grants[lease] = nil
                guard let value = workers[index].results.removeValue(forKey: lease) else {
                    violation = "worker \(index) delivers \(unit), which it has no result of"
                    return
                }
                let message = Run.FromWorker<UInt64>.result(
                    run: scenario.plan.run, lease: lease, unit: unit, result: value)
                send(.message(message), from: index)
                if chance(faults.repetition) { send(.message(message), from: index) }
            case .load: schedule(.loaded(index, process: process), after: 0.2)
            case .execute(let lease, let unit): execute(lease, unit, at: index)
            case .forget(let lease):
                workers[index].grants[lease] = nil
                workers[index].results[lease] = nil
            case .end(let outcome):
                workers[index].isRunning = false
                guard case .failed(let why) = outcome else { break }
                // One that is a hundred times slower may well be taken to hang.
                if workers[index].hangs || faults.slowness > 1, why.contains("hangs") || why.contains("hung") {
                    // Whoever watches over it starts another one.
                    schedule(.restart(index), after: random.uniform())
                } else {
                    violation = "worker \(index) gave up: \(why)"
                }
            }
        }
    }

    private mutating func execute(_ lease: LeaseID, _ unit: UnitID, at index: Int) {
        if workers[index].hangs || chance(faults.hang) {
            workers[index].hangs = true
            return
        }
        let seconds = (0.1 + 0.4 * random.uniform()) * (index % 3 == 1 ? faults.slowness : 1)
        let begins = max(time, workers[index].busyUntil)
        workers[index].busyUntil = begins + seconds
        schedule(.computed(index, process: workers[index].process, lease, unit), after: begins + seconds - time)
    }

    private mutating func send(_ message: FromWorker, from index: Int) {
        let peer = Self.peer(index, connection: workers[index].connection)
        transmit(between: index) { isGarbled in .toCoordinator(peer, isGarbled ? .garbage : message) }
    }

    /// A message on its way, to or from a worker.
    mutating func transmit(between index: Int, _ happening: (_ isGarbled: Bool) -> Happening) {
        if workers[index].cutUntil > time || chance(faults.loss) { return }
        let delay = isFaulty ? faults.delay : 0.005
        schedule(happening(chance(faults.corruption)), after: random.uniform() * delay)
        if chance(faults.duplication) { schedule(happening(false), after: random.uniform() * delay * 3) }
    }
}
