import CoordinatorControl
import Projection
import Run
import WorkerEngine
import WorkerSession

extension Simulation {
    func handle(_ happening: Happening) {
        switch happening {
        case .toCoordinator(let peer, let letter): receive(letter.message, from: peer)
        case .unreachable(let peer): tell(.unreachable(peer))
        case .beginCommit(let life): if life == self.life { beginCommit() }
        case .finishCommit(let life, let commit): if life == self.life { finishCommit(commit) }
        case .finishWrite(let life, let write): if life == self.life { finishWrite(write) }
        case .coordinatorTick:
            tell(.tick)
            if let coordinator, outcome == nil { watch?(coordinator.status(at: now)) }
            schedule(.coordinatorTick, after: 0.5)
        case .crashCoordinator: crashCoordinator()
        case .startCoordinator: startCoordinator()
        case .startLocal(let index, let life): if life == self.life { startLocal(index) }
        case .endLocal(let index, let process):
            if workers[index].process == process { workers[index].isRunning = false }
        case .localEnded(let index, let process, let life):
            if life == self.life {
                tell(.workerEnded(index, processID: SimulatedWorker.processID(of: index, process), .signal(9)))
            }
        case .toWorker(let index, let connection, let letter):
            if workers[index].connection == connection, workers[index].isRunning { receive(letter.message, at: index) }
        case .loaded(let index, let process):
            let plan = scenario.plan
            let readiness = Readiness(fingerprintA: plan.fingerprintA, fingerprintB: plan.fingerprintB, capacity: 4)
            tell(index, process, .loaded(run: plan.run, readiness))
        case .computed(let index, let process, let lease): compute(index, process, lease)
        case .workerTick(let index):
            tell(index, workers[index].process, .tick)
            schedule(.workerTick(index), after: 0.5)
        case .start(let index): start(index)
        case .crash(let index):
            if workers[index].isRunning { crash(index) }
            scheduleFault(.crash(index), every: faults.workerCrashEvery)
        case .leave(let index):
            if workers[index].isRunning {
                tell(index, workers[index].process, .interrupt(reason: "simulated"))
                start(index)
            }
            scheduleFault(.leave(index), every: faults.leaveEvery)
        case .attack:
            attack()
            scheduleFault(.attack, every: faults.attackEvery)
        case .cut:
            workers[random.index(below: workers.count)].cutUntil = time + 6 * random.uniform()
            scheduleFault(.cut, every: faults.cutEvery)
        case .recover:
            for index in workers.indices { workers[index].cutUntil = 0 }
        }
    }

    // MARK: Life

    private func isLocal(_ index: Int) -> Bool { index < scenario.localWorkers }

    private func start(_ index: Int) {
        if faults.barsLiars, liarsFound.contains(index) { return }
        workers[index].restart(at: time)
        perform(workers[index].session.start(at: now), of: index)
    }

    private func startLocal(_ index: Int) {
        starting.remove(index)
        start(index)
        tell(.workerStarted(index, processID: workers[index].processID))
    }

    /// A local worker's process is followed by another one as the coordinator decides, any other one by itself.
    private func crash(_ index: Int) {
        guard isLocal(index) else { return start(index) }
        workers[index].isRunning = false
        schedule(.localEnded(index, process: workers[index].process, life: life), after: 0.01 * random.uniform())
    }

    func stopLocal(_ index: Int) {
        if !workers[index].hangs, faults.slowness == 1 { violation = "worker \(index) is stopped and does not hang" }
        if workers[index].isRunning { crash(index) }
    }

    // MARK: Events

    private func tell(_ index: Int, _ process: Int, _ event: WorkerSession.Event) {
        guard workers[index].process == process, workers[index].isRunning else { return }
        perform(workers[index].session.handle(event, at: now), of: index)
    }

    private func receive(_ message: CoordinatorMessage?, at index: Int) {
        let process = workers[index].process
        guard let message else { return tell(index, process, .malformed("simulated")) }
        var granted: [Grant] = []
        switch message {
        case .activations(let activations): workers[index].engine.keep(activations)
        case .grant(let grant): granted = [grant] + grant.companionGrants
        case .welcome, .refusal, .heartbeat, .finished: break
        }
        for grant in granted { workers[index].grants[grant.lease] = grant }
        let event = message.map(
            greeting: { $0 }, activations: \.site, given: { WorkerSession.Given($0.lease, $0.id) })
        tell(index, process, .message(event))
        for grant in granted.dropFirst() {
            tell(index, process, .message(.grant(WorkerSession.Given(grant.lease, grant.id))))
        }
        if workers[index].grants.count > 70 || workers[index].results.count > 70 {
            violation = "worker \(index) keeps \(workers[index].grants.count) grants"
        }
    }

    private func compute(_ index: Int, _ process: Int, _ lease: LeaseID) {
        guard workers[index].process == process, workers[index].isRunning else { return }
        if chance(faults.failure) { return tell(index, process, .unitFailed(lease, cause: "simulated")) }
        guard let grant = workers[index].grants[lease] else {
            return tell(index, process, .unitFailed(lease, cause: "the grant is gone"))
        }
        do {
            var result = try workers[index].engine.execute(grant, drifts: chance(faults.drift))
            if chance(faults.wrongAnswer) {
                hasWrongAnswers = true
                result.falsify()
            } else if lies(index), random.uniform() < faults.lies {
                noteLie(of: index)
                result.falsify(by: Float(1 + index))
            }
            workers[index].results[lease] = result
            tell(index, process, .finished(lease))
        } catch {
            guard let error = error as? EngineError, error.isUnprepared else {
                violation = "worker \(index) cannot do \(grant.id): \(error)"
                return
            }
            tell(index, process, .unitFailed(lease, cause: "\(error)", isUnprepared: true))
        }
    }

    // MARK: Effects

    private func perform(_ effects: [WorkerSession.Effect], of index: Int) {
        for effect in effects {
            switch effect {
            case .connect: workers[index].connection += 1
            case .send(let message): send(message.mapResult { (never: Never) -> UnitResult in }, from: index)
            case .deliver(let lease, let unit): deliver(lease, unit, from: index)
            case .load: schedule(.loaded(index, process: workers[index].process), after: 0.2)
            case .execute(let lease, _): execute(lease, at: index)
            case .forget(let lease):
                workers[index].grants[lease] = nil
                workers[index].results[lease] = nil
            case .end(let outcome): end(index, outcome)
            }
        }
    }

    private func deliver(_ lease: LeaseID, _ unit: UnitID, from index: Int) {
        workers[index].grants[lease] = nil
        guard let result = workers[index].results.removeValue(forKey: lease) else {
            violation = "worker \(index) delivers \(unit), which it has no result of"
            return
        }
        let message = WorkerMessage.result(run: scenario.plan.run, lease: lease, unit: unit, result: result)
        send(message, from: index)
        if chance(faults.repetition) { send(message, from: index) }
    }

    private func end(_ index: Int, _ outcome: WorkerSession.Outcome) {
        workers[index].isRunning = false
        guard case .failed(let why) = outcome else { return }
        // One that is a hundred times slower may well be taken to hang.
        let isFound = (lies(index) || isTainted) && why.contains("otherwise than others")
        let isStopped = (workers[index].hangs || faults.slowness > 1) && (why.contains("hangs") || why.contains("hung"))
        guard isFound || isStopped else {
            violation = "worker \(index) gave up: \(why)"
            return
        }
        if isLocal(index) {
            crash(index)
        } else {
            // Whoever watches over it starts another one.
            schedule(.start(index), after: random.uniform())
        }
    }

    private func execute(_ lease: LeaseID, at index: Int) {
        if workers[index].hangs || chance(faults.hang) {
            workers[index].hangs = true
            return
        }
        let seconds = (0.1 + 0.4 * random.uniform()) * (index % 3 == 1 ? faults.slowness : 1)
        let begins = max(time, workers[index].busyUntil)
        workers[index].busyUntil = begins + seconds
        schedule(.computed(index, process: workers[index].process, lease), after: begins + seconds - time)
    }

    private func send(_ message: WorkerMessage, from index: Int) {
        let peer = workers[index].peer
        transmit(between: index) { .toCoordinator(peer, FromWorker($0 ? nil : message)) }
    }

    /// A message on its way, to or from a worker.
    func transmit(between index: Int, _ happening: (_ isGarbled: Bool) -> Happening) {
        if workers[index].cutUntil > time || chance(faults.loss) { return }
        let delay = isFaulty ? faults.delay : 0.005
        schedule(happening(chance(faults.corruption)), after: random.uniform() * delay)
        if chance(faults.duplication) { schedule(happening(false), after: random.uniform() * delay * 3) }
    }
}

extension UnitResult {
    /// Makes a wrong result of it that looks like a right one.
    /// - Parameter amount: what it is wrong by.
    fileprivate mutating func falsify(by amount: Float = 1) {
        switch self {
        case .parity(var result):
            result.checks.append(ParityCheck(.logits, compared: 1, largest: Double(amount)))
            self = .parity(result)
        case .extract(var result):
            result.a[0].values[0] += amount
            self = .extract(result)
        case .train(var result):
            result.falsify(by: amount)
            self = .train(result)
        case .trainOutputs(var result):
            result.w.values[0] += amount / 1e6
            self = .trainOutputs(result)
        case .sums(var result):
            result.products[0] += Double(amount)
            self = .sums(result)
        case .similarity(var result):
            result.injected.text += "!\(amount)"
            self = .similarity(result)
        case .evaluate(var result):
            result.items[0].answers[0].text += "!\(amount)"
            self = .evaluate(result)
        }
    }
}

extension TrainResult {
    /// The loss is made to fit the errors, or anybody would see it.
    fileprivate mutating func falsify(by amount: Float) {
        guard case .factor(var errors) = gradient else { return }
        errors.values[0] += amount / 64
        gradient = .factor(errors)
        squaredErrorSum = SquaredErrors.sum(
            errors.values, rows: errors.rows,
            blocks: OutputBlocks(dimensionA: SimulatedInputs.dimensionA, dimensionB: errors.columns),
            on: SimulatedInputs.device)
    }
}
