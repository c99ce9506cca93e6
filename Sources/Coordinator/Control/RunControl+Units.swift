import Run

/// How far the stage at work is.
struct StageProgress: Hashable, Sendable {
    var began = Instant(nanoseconds: 0)
    /// Units or steps on disk when this coordinator began the stage.
    var doneBefore = 0
    /// Units or steps done.
    var doneCount = 0
    /// The first unit number that was never given out by this coordinator.
    var nextFresh = 0
    /// Units that were given out and came back undone, in ascending order.
    var returned: [Int] = []
    /// Training: the rows' order of the step's epoch, and shards of the step that are here.
    var order: [Int] = []
    var epoch = -1
    var shardDigests: [Int: String] = [:]
    var isApplying = false
    var isCompleting = false
    /// Mean seconds from grant to result, for telling stragglers.
    var meanSeconds = 0.0
    var resultCount = 0
}

extension RunControl {
    var currentStage: StagePlan? {
        stagePosition < plan.stages.count ? plan.stages[stagePosition] : nil
    }

    // MARK: Stages

    mutating func beginStage(at now: Instant, _ effects: inout [Effect]) {
        stage = StageProgress()
        stage.began = now
        guard let current = currentStage else {
            phase = .done
            return
        }
        switch current.cut {
        case .steps:
            stage.doneCount = stepsApplied
            stage.doneBefore = stepsApplied
            stage.nextFresh = firstUnitOfStep
        case .independent, .rows:
            stage.doneCount = (0..<current.total).count { done[UnitID(current.stage, $0)] != nil }
            stage.doneBefore = stage.doneCount
        }
        completeStageIfDone(&effects)
    }

    mutating func closeStage(at now: Instant) {
        guard let current = currentStage else { return }
        stageSeconds[current.stage] = now.seconds(since: stage.began)
        stageUnits[current.stage] = stage.doneCount - stage.doneBefore
    }

    mutating func completeStageIfDone(_ effects: inout [Effect]) {
        guard let current = currentStage, !stage.isCompleting, phase == .running, stage.doneCount == current.total
        else { return }
        stage.isCompleting = true
        effects.append(.completeStage(current.stage))
    }

    // MARK: Units to give out

    /// The number of the first shard of the step at work.
    var firstUnitOfStep: Int {
        guard case .steps(let schedule) = currentStage?.cut else { return 0 }
        return stepsApplied * schedule.shardsPerStep
    }

    /// One past the last unit that may be given out now.
    private var endOfUnits: Int {
        guard let current = currentStage, phase == .running, !stage.isCompleting else { return 0 }
        guard case .steps(let schedule) = current.cut else { return current.total }
        return stage.isApplying || stepsApplied >= schedule.steps
            ? 0 : firstUnitOfStep + schedule.shardCount(step: stepsApplied)
    }

    func isFinished(_ unit: UnitID) -> Bool {
        done[unit] != nil || persisting[unit] != nil || isShardHere(unit)
    }

    private func isShardHere(_ unit: UnitID) -> Bool {
        guard unit.stage == .train, case .steps(let schedule) = currentStage?.cut else { return unit.stage == .train }
        return unit.index < firstUnitOfStep || stage.shardDigests[unit.index - firstUnitOfStep] != nil
            || stepsApplied >= schedule.steps
    }

    /// Takes the next unit to give out: one that came back before a fresh one.
    private mutating func takeUnit() -> UnitID? {
        guard let current = currentStage else { return nil }
        let end = endOfUnits
        while let index = stage.returned.first, end > 0 {
            stage.returned.removeFirst()
            let unit = UnitID(current.stage, index)
            if index < end, !isFinished(unit), holders[unit] == nil { return unit }
        }
        while stage.nextFresh < end {
            let unit = UnitID(current.stage, stage.nextFresh)
            stage.nextFresh += 1
            if !isFinished(unit), holders[unit] == nil { return unit }
        }
        return nil
    }

    /// Puts a unit back that its holder will not finish.
    mutating func giveBack(_ unit: UnitID) {
        guard unit.stage == currentStage?.stage, !isFinished(unit), holders[unit] == nil else { return }
        let place = stage.returned.firstIndex { $0 >= unit.index } ?? stage.returned.endIndex
        if place < stage.returned.endIndex, stage.returned[place] == unit.index { return }
        stage.returned.insert(unit.index, at: place)
    }

    // MARK: Granting

    private var leasesPerWorker: Int {
        currentStage?.stage == .train ? limits.shardsPerWorker : limits.leasesPerWorker
    }

    /// Ready workers that may hold another unit, the one with the fewest first.
    private func freestWorker(withAtMost most: Int) -> String? {
        var best: (name: String, count: Int)?
        for name in workerOrder {
            guard let worker = workers[name], worker.peer != nil, worker.isReady else { continue }
            let count = worker.leases.count
            if count < min(most, worker.capacity), count < best?.count ?? .max { best = (name, count) }
        }
        return best?.name
    }

    mutating func grantUnits(at now: Instant, _ effects: inout [Effect]) {
        guard phase == .running else { return }
        while let name = freestWorker(withAtMost: leasesPerWorker) {
            guard let unit = takeUnit() ?? stragglingUnit(for: name, at: now) else { return }
            grant(unit, to: name, at: now, &effects)
        }
    }

    /// A unit that another worker has been at for far too long, for a worker that has nothing else to do.
    private func stragglingUnit(for name: String, at now: Instant) -> UnitID? {
        guard workers[name]?.leases.isEmpty == true, stage.resultCount > 0, endOfUnits > 0 else { return nil }
        let patience = max(limits.stragglerSeconds, limits.stragglerFactor * stage.meanSeconds)
        return leases.values
            .filter { lease in
                lease.unit.stage == currentStage?.stage && lease.worker != name && holders[lease.unit]?.count == 1
                    && !isFinished(lease.unit) && now.seconds(since: lease.granted) > patience
            }
            .min { ($0.granted, $0.unit) < ($1.granted, $1.unit) }?.unit
    }

    private mutating func grant(_ unit: UnitID, to name: String, at now: Instant, _ effects: inout [Effect]) {
        guard let current = currentStage, var worker = workers[name], let peer = worker.peer else { return }
        let lease = LeaseID(nextLease)
        nextLease += 1

        var rows: [Int] = []
        if case .steps(let schedule) = current.cut {
            let epoch = stepsApplied / schedule.stepsPerEpoch
            if stage.epoch != epoch {
                stage.order = schedule.order(epoch: epoch)
                stage.epoch = epoch
            }
            let shard = unit.index - firstUnitOfStep
            rows = schedule.rows(step: stepsApplied, shard: shard, order: stage.order)
                .filter { !worker.rows.contains($0) }
            for row in rows { worker.rows.insert(row) }
        }
        let sendsProjection = current.needsProjection && worker.projectionVersion != stepsApplied
        if sendsProjection { worker.projectionVersion = stepsApplied }

        worker.leases.append(lease)
        workers[name] = worker
        leases[lease] = Lease(unit: unit, worker: name, granted: now)
        holders[unit, default: []].append(lease)
        effects.append(
            .send(peer, .grant(lease: lease, unit: unit, projection: sendsProjection, rows: rows)))
    }

    // MARK: Results

    /// Takes a result in: the first valid answer counts, a differing second one is an alarm.
    mutating func accept(
        _ unit: UnitID, lease: LeaseID, digest: String, from name: String, at now: Instant, _ effects: inout [Effect]
    ) {
        guard let planned = plan.stages.first(where: { $0.stage == unit.stage }), planned.unitRange.contains(unit.index)
        else {
            record("returned a unit that is not part of the run: \(unit)", worker: name, at: now)
            return
        }
        if let held = leases[lease], held.unit == unit {
            let seconds = now.seconds(since: held.granted)
            stage.resultCount += 1
            stage.meanSeconds += (seconds - stage.meanSeconds) / Double(stage.resultCount)
        }
        release(lease)
        workers[name]?.unitsDone += 1
        if case .rows = planned.cut {
            for row in planned.rows(ofUnit: unit.index) { workers[name]?.rows.insert(row) }
        }

        guard !isFinished(unit), unit.stage == currentStage?.stage, !stage.isApplying else {
            compare(unit, digest, from: name, at: now)
            return
        }
        guard case .steps(let schedule) = planned.cut else {
            persisting[unit] = digest
            effects.append(.persist(unit))
            return
        }
        let shard = unit.index - firstUnitOfStep
        guard shard < schedule.shardCount(step: stepsApplied) else {
            record("returned a shard of a step that has not begun: \(unit)", worker: name, at: now)
            return
        }
        stage.shardDigests[shard] = digest
        effects.append(.keepShard(unit))
        if stage.shardDigests.count == schedule.shardCount(step: stepsApplied) {
            stage.isApplying = true
            effects.append(.applyStep(stepsApplied))
        }
    }

    private mutating func compare(_ unit: UnitID, _ digest: String, from name: String, at now: Instant) {
        let first =
            done[unit] ?? persisting[unit]
            ?? (unit.stage == .train ? stage.shardDigests[unit.index - firstUnitOfStep] : nil)
        if let first, first != digest {
            record(
                "ALARM: a second answer to \(unit) differs from the first, which counts: a result depended on who "
                    + "computed it", worker: name, at: now)
        }
    }

    mutating func settle(_ unit: UnitID, at now: Instant, _ effects: inout [Effect]) {
        guard let digest = persisting.removeValue(forKey: unit) else { return }
        done[unit] = digest
        stage.doneCount += 1
        completeStageIfDone(&effects)
    }

    mutating func advance(step: Int, loss: Double, at now: Instant, _ effects: inout [Effect]) {
        guard stage.isApplying, step == stepsApplied else { return }
        stage.isApplying = false
        stage.shardDigests = [:]
        stage.returned = []
        stepsApplied += 1
        stage.doneCount = stepsApplied
        stage.nextFresh = firstUnitOfStep
        self.loss = loss
        completeStageIfDone(&effects)
    }

    /// Forgets a lease, wherever it is known.
    mutating func release(_ lease: LeaseID) {
        guard let held = leases.removeValue(forKey: lease) else { return }
        workers[held.worker]?.leases.removeAll { $0 == lease }
        holders[held.unit]?.removeAll { $0 == lease }
        if holders[held.unit]?.isEmpty == true { holders[held.unit] = nil }
    }
}
