import CoordinatorControl
import CoordinatorHost
import Foundation
import Run
import Storage

extension Simulation {
    /// Has the coordinator deal with something, if it lives; it may die on the way.
    func coordinate(_ body: (LiveRun) -> Void) {
        guard let coordinator, outcome == nil else { return }
        body(coordinator)
        let sent = outbox
        outbox = []
        for (peer, message) in sent { send(message, to: peer) }
        if disk.power.isOut { return crashCoordinator() }
        if case .failed(let why) = coordinator.outcome, why.hasPrefix("W was learned from") { return startAgain() }
        outcome = coordinator.outcome
        check(coordinator)
        if coordinator.hasUncommitted, !isCommitScheduled {
            isCommitScheduled = true
            schedule(.beginCommit(life: life), after: 0.001)
        }
        // Workers go on meanwhile, and the power may fail.
        if let write = coordinator.beginWrite(at: now) {
            schedule(.finishWrite(life: life, write), after: 0.2 * random.uniform())
        }
    }

    func tell(_ event: RunControl.Event) {
        coordinate { $0.handle(event, at: now) }
    }

    func receive(_ message: WorkerMessage?, from peer: PeerID) {
        guard let message else { return tell(.malformed(peer, "simulated")) }
        coordinate { $0.receive(message, from: peer, at: now) }
    }

    func beginCommit() {
        isCommitScheduled = false
        coordinate { coordinator in
            guard let commit = coordinator.beginCommit(at: now) else { return }
            schedule(.finishCommit(life: life, commit), after: 0.002 * random.uniform())
        }
    }

    func finishCommit(_ commit: Journal.Commit) {
        coordinate { $0.finishCommit(commit, commit.wait(), at: now) }
    }

    func finishWrite(_ write: FileWrite) {
        coordinate { $0.finishWrite(write.wait(), at: now) }
    }

    private func send(_ message: CoordinatorMessage, to peer: PeerID) {
        let (index, connection) = SimulatedWorker.address(peer)
        // Of somebody who attacks.
        guard workers.indices.contains(index) else { return }
        if lies(index), case .refusal(let reason) = message, reason.contains("otherwise than others") {
            noteFound(index)
        }
        guard workers[index].connection == connection, workers[index].isRunning else {
            if random.uniform() < 0.5 { schedule(.unreachable(peer), after: 0.001) }
            return
        }
        transmit(between: index) { .toWorker(index, connection: connection, FromCoordinator($0 ? nil : message)) }
    }

    // MARK: Life

    func startCoordinator() {
        let power = disk.power
        power.fails = { [unowned self] in chance(faults.coordinatorCrash) }
        power.onFailure = { [unowned self] in announced = coordinator?.inspect { $0.doneUnits } ?? announced }
        do {
            let coordinator = try LiveRun(
                inputs: scenario.inputs.run, storage: disk, limits: scenario.limits, firstLease: UInt64(life + 1) << 32,
                device: SimulatedInputs.device,
                travel: scenario.travel,
                host: scenario.isShared ? SimulatedWorker.host : nil, now: now
            ) { [unowned self] peer, message in
                if power.lasts() { outbox.append((peer, message)) }
            }
            coordinator.startWorker = { [unowned self] number in
                guard power.lasts() else { return }
                starting.insert(number)
                schedule(.startLocal(number, life: life), after: 0.05 * random.uniform())
            }
            coordinator.stopWorker = { [unowned self] number in if power.lasts() { stopLocal(number) } }
            self.coordinator = coordinator
        } catch {
            violation = "the coordinator does not come back: \(error)"
            return
        }
        if let done = coordinator?.inspect({ $0.doneUnits }), let lost = announced.subtracting(done).min() {
            violation = "\(lost) was done and is not any more"
        }
        coordinate { $0.start(at: now) }
        let locals = scenario.localWorkers
        if locals > 0 {
            tell(
                .localWorkers(locals, host: SimulatedWorker.host, othersMayCome: locals < scenario.workers))
        }
        scheduleFault(.crashCoordinator, every: faults.coordinatorCrashEvery)
    }

    func crashCoordinator() {
        guard coordinator != nil, outcome == nil else { return }
        disk.power.cut()
        stopCoordinator()
    }

    /// Another coordinator takes its place, on what is left on the disk.
    private func stopCoordinator() {
        coordinator = nil
        disk = SimulatedDisk(disk.afterPowerFailure(&random), power: Power())
        life += 1
        isCommitScheduled = false
        starting = []
        // A local worker ends when it notices that who started it is gone.
        for index in 0..<scenario.localWorkers {
            schedule(.endLocal(index, process: workers[index].process), after: 0.2 * random.uniform())
        }
        schedule(.startCoordinator, after: 0.2 + random.uniform())
    }

    /// The user gives the command again of a run that has taken back what it had learned from a liar, which does not come
    /// again.
    private func startAgain() {
        announced = []
        stopCoordinator()
        for index in scenario.localWorkers..<scenario.workers { schedule(.start(index), after: random.uniform()) }
    }

    // MARK: The end

    /// What is durable when the run is done, compared with what one process makes of the inputs.
    func violationOfDisk() -> String? {
        var results: [UnitID: UnitResult] = [:]
        do {
            _ = try disk.durable.journal { entry in
                switch try ResultRecord.change(entry.payload).change {
                case .result(let record):
                    if results[record.unit] == nil { results[record.unit] = record.result }
                case .retraction(let units): for unit in units { results[unit] = nil }
                }
            }
        } catch {
            return "the journal cannot be read: \(error)"
        }
        if isTainted { return nil }
        for stage in scenario.plan.stages where stage.stage != .train {
            for index in stage.unitRange {
                let unit = UnitID(stage.stage, index)
                guard let found = results[unit] else { return "\(unit) is not on disk" }
                let expected = scenario.inputs.expected(unit, channel: stage.channel(ofUnit: index))
                if found != expected { return "\(unit) is not what one process computes" }
            }
        }
        return violationOfProjections()
    }

    /// Each W's file ends with its values.
    private func violationOfProjections() -> String? {
        let files = disk.durable.files.filter { $0.key.hasPrefix("projection_") }
        if files.count != scenario.plan.channels.count { return "\(files.count) files of W" }
        for (channel, w) in scenario.inputs.projections {
            let name = "k\(channel.k)_j\(channel.j).safetensors"
            let expected = w.values.withUnsafeBytes { Data($0) }
            guard files.first(where: { $0.key.hasSuffix(name) })?.value.suffix(expected.count) == expected else {
                return "W of \(channel) is not what one process computes"
            }
        }
        return nil
    }
}
