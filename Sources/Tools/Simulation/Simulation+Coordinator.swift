import CoordinatorControl
import Run

extension Simulation {
    /// An event for the coordinator, if it lives to see it.
    mutating func tell(_ event: RunControl.Event) {
        guard coordinatorIsUp, outcome == nil else { return }
        perform(control.handle(event, at: now))
        if control.latestFault?.contains("ALARM") == true { alarms += 1 }
    }

    mutating func receive(_ message: FromWorker, from peer: PeerID) {
        switch message {
        case .garbage: tell(.malformed(peer, "simulated"))
        case .message(let message):
            if case .result(_, _, let unit, let value) = message { incoming = (unit, value) }
            tell(.message(peer, message.mapResult { String($0, radix: 16) }))
            incoming = nil
        }
    }

    /// Does what the coordinator decided, one effect after the other; it may die between any two.
    mutating func perform(_ effects: [RunControl.Effect]) {
        let life = life
        for effect in effects {
            if chance(faults.coordinatorCrash) { crashCoordinator() }
            // The coordinator that wanted the rest of it is gone.
            guard self.life == life, coordinatorIsUp, violation == nil else { return }
            switch effect {
            case .send(let peer, let message): send(message, to: peer)
            case .persist(let unit): persist(unit)
            case .keepShard(let unit): keepShard(unit)
            case .applyStep(let step): apply(step)
            case .completeStage(let stage):
                if stage == .train { completeTraining() }
                tell(.stageCompleted(stage))
            case .startWorker, .stopWorker: break
            case .end(let outcome): self.outcome = outcome
            }
        }
    }

    // MARK: Results

    private mutating func persist(_ unit: UnitID) {
        guard let incoming, incoming.unit == unit else {
            violation = "\(unit) is to be kept and its result did not come with the event"
            return
        }
        if disk.completed[unit] != nil { violation = "\(unit) counts twice" }
        noteTaint(unit, incoming.value)
        disk.append(unit, String(incoming.value, radix: 16))
        if !isCommitScheduled {
            isCommitScheduled = true
            schedule(.commit(life: life), after: 0.002)
        }
    }

    mutating func commit() {
        isCommitScheduled = false
        for unit in disk.commit() { tell(.persisted(unit)) }
    }

    private mutating func noteTaint(_ unit: UnitID, _ value: UInt64) {
        let needsProjection = scenario.plan.stages.contains {
            $0.channel(ofUnit: unit.index) != nil && $0.stage == unit.stage
        }
        let expected = SimulatedMath.answer(unit, projection: needsProjection ? projection : nil)
        guard value != expected else { return }
        isTainted = true
        if faults.wrongAnswer == 0 { violation = "\(unit) was answered with what an outdated W or a missing row gives" }
    }

    // MARK: Training

    /// W is whole: it goes on disk, or is made of the blocks there.
    private mutating func completeTraining() {
        guard let blocks = scenario.blocks else {
            disk.checkpoint = (control.stepsApplied, projection)
            return
        }
        let completed = disk.completed
        let values = (0..<blocks.count).compactMap { completed[UnitID(.train, $0)].flatMap { UInt64($0, radix: 16) } }
        if values.count < blocks.count { violation = "W is to be made of \(values.count) blocks" }
        projection = SimulatedMath.step(SimulatedMath.initialProjection, shards: values)
    }

    private mutating func keepShard(_ unit: UnitID) {
        guard let schedule = scenario.schedule, let incoming, incoming.unit == unit else { return }
        let (step, shard) = unit.index.quotientAndRemainder(dividingBy: schedule.shardsPerStep)
        var ofStep = shards[step] ?? [UInt64?](repeating: nil, count: schedule.shardCount(step: step))
        if ofStep[shard] != nil { violation = "shard \(unit) counts twice" }
        noteTaint(unit, incoming.value)
        ofStep[shard] = incoming.value
        shards[step] = ofStep
    }

    private mutating func apply(_ step: Int) {
        let values = (shards[step] ?? []).compactMap { $0 }
        guard let schedule = scenario.schedule, values.count == schedule.shardCount(step: step),
            control.stepsApplied == step
        else {
            violation = "step \(step) is to be applied with \(values.count) shards"
            return
        }
        projection = SimulatedMath.step(projection, shards: values)
        if !isTainted, projection != scenario.projections[step + 1] { violation = "the sum of step \(step) is wrong" }
        for old in shards.keys where old <= step - scenario.limits.replaySteps { shards[old] = nil }
        if random.uniform() < 0.2 { disk.checkpoint = (step + 1, projection) }
        tell(.stepApplied(step: step, loss: 1))
    }

    // MARK: Messages

    private mutating func send(_ message: RunControl.Message, to peer: PeerID) {
        let (index, connection) = Self.address(peer)
        guard workers[index].connection == connection, workers[index].isRunning else {
            if random.uniform() < 0.5 { schedule(.unreachable(peer), after: 0.001) }
            return
        }
        guard case .grant(let given) = message else {
            transmit(between: index) { isGarbled in
                .toWorker(index, connection: connection, isGarbled ? .garbage : .message(message))
            }
            return
        }
        var grant = SimulatedGrant(lease: given.lease, unit: given.unit, supply: given.supply, updates: [])
        switch given.supply.projection?.form ?? .held {
        case .held: break
        case .shared: grant.memory = life
        case .initial: (grant.updates, grant.checksum) = (updates(from: 0, own: []), projection)
        case .whole: grant.whole = projection
        case .replay(let from, let own): (grant.updates, grant.checksum) = (updates(from: from, own: own), projection)
        }
        transmit(between: index) { isGarbled in
            .toWorker(index, connection: connection, isGarbled ? .garbage : .grant(grant))
        }
    }

    private mutating func updates(from first: Int, own: [UnitID]) -> [(step: Int, shards: [UInt64?])] {
        guard let schedule = scenario.schedule else { return [] }
        return (first..<control.stepsApplied).map { step in
            guard let ofStep = shards[step] else {
                violation = "shards of step \(step) are not here any more"
                return (step, [])
            }
            return (
                step,
                ofStep.enumerated().map { shard, value in
                    own.contains(UnitID(.train, step * schedule.shardsPerStep + shard)) ? nil : value
                }
            )
        }
    }

    // MARK: Life

    /// What workers of the coordinator's machine read where they have mapped it.
    var memories: [Int: (version: Int, projection: UInt64)] {
        var memories = memoriesOfLives
        if coordinatorIsUp { memories[life] = (control.stepsApplied, projection) }
        return memories
    }

    mutating func crashCoordinator() {
        guard coordinatorIsUp, outcome == nil else { return }
        coordinatorIsUp = false
        memoriesOfLives[life] = (control.stepsApplied, projection)
        life += 1
        isCommitScheduled = false
        disk.crash(&random)
        schedule(.startCoordinator, after: 0.2 + random.uniform())
    }

    mutating func startCoordinator() {
        coordinatorIsUp = true
        shards = [:]
        projection = disk.checkpoint.projection
        control = RunControl(
            plan: scenario.plan, limits: scenario.limits, completed: disk.completed,
            stepsApplied: disk.checkpoint.step, deviceKind: nil, firstLease: UInt64(life) << 32, now: now)
        perform(control.start(at: now))
        scheduleFault(.crashCoordinator, every: faults.coordinatorCrashEvery)
    }
}
