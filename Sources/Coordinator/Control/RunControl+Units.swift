import Run

/// How far the stage at work is.
struct StageProgress: Hashable, Sendable {
    enum Activity: Hashable, Sendable {
        /// Units are out, or wait to be given out.
        case working
        /// Training: all shards of the step are here, and it is being taken.
        case applying
        /// All units are done, and what follows them is being done.
        case completing
    }

    var began = Instant(nanoseconds: 0)
    /// Units or steps on disk when this coordinator began the stage.
    var doneBefore = 0
    /// Units or steps done.
    var doneCount = 0
    /// The same in what people count.
    var countedBefore = 0
    var counted = 0
    var pace = StagePace()
    /// The first unit number that was never given out by this coordinator.
    var nextFresh = 0
    /// Units that were given out and came back undone, in ascending order.
    var returned: [Int] = []
    /// Training: shards of the step that are here.
    var shardDigests: [Int: String] = [:]
    var activity = Activity.working
    /// Mean seconds from grant to result, for telling stragglers.
    var meanSeconds = 0.0
    var resultCount = 0
    var lastResult = Instant(nanoseconds: 0)
}

extension RunControl {
    var currentStage: StagePlan? {
        stagePosition < plan.stages.count ? plan.stages[stagePosition] : nil
    }

    // What each unit asks of it is read in place: taking the stage's plan out copies it.

    /// Whether the stage at work consists of steps that follow one another.
    var isStepped: Bool { stagePosition < plan.stages.count && plan.stages[stagePosition].isStepped }

    func isAtWork(_ stage: Stage) -> Bool {
        stagePosition < plan.stages.count && plan.stages[stagePosition].stage == stage
    }

    // MARK: Stages

    mutating func beginStage(at now: Instant, _ effects: inout [Effect]) {
        stage = StageProgress()
        stage.began = now
        stage.lastResult = now
        for place in workers.indices { workers[place].pace = Pace() }
        guard let current = currentStage else {
            if case .ending(.failed) = life { return }
            life = .ending(.done)
            return
        }
        switch current.cut {
        case .steps:
            stage.doneCount = stepsApplied
            stage.counted = stepsApplied
            stage.nextFresh = firstUnitOfStep
        case .independent, .ranges, .outputs:
            for index in 0..<current.total where done[UnitID(current.stage, index)] != nil {
                stage.doneCount += 1
                stage.counted += current.count(ofUnit: index)
            }
        }
        stage.doneBefore = stage.doneCount
        stage.countedBefore = stage.counted
        completeStageIfDone(&effects)
    }

    /// The first stage behind the one at work that is not done; past the end, one before it whose answers were taken
    /// back.
    var nextPosition: Int {
        let next = stagePosition + 1
        guard next >= plan.stages.count else { return next }
        let isOpen = { [done] (stage: StagePlan) in
            stage.isRepeatable && stage.unitRange.contains { done[UnitID(stage.stage, $0)] == nil }
        }
        return plan.stages.firstIndex(where: isOpen) ?? next
    }

    mutating func closeStage(at now: Instant) {
        guard let current = currentStage else { return }
        stageSeconds[current.stage] = now.seconds(since: stage.began)
        stageCounts[current.stage] = stage.counted - stage.countedBefore
    }

    mutating func completeStageIfDone(_ effects: inout [Effect]) {
        guard let current = currentStage, stage.activity == .working, life == .running, stage.doneCount == current.total
        else { return }
        stage.activity = .completing
        effects.append(.completeStage(current.stage))
    }

    // MARK: Units to give out

    /// The number of the first shard of the step at work.
    var firstUnitOfStep: Int {
        guard case .steps(let schedule) = currentStage?.cut else { return 0 }
        return stepsApplied * schedule.shardsPerStep
    }

    /// One past the last unit that may be given out now.
    var endOfUnits: Int {
        guard let current = currentStage, life == .running, stage.activity == .working else { return 0 }
        guard case .steps(let schedule) = current.cut else { return current.total }
        return stepsApplied >= schedule.steps
            ? 0 : firstUnitOfStep + schedule.shardCount(step: stepsApplied)
    }

    func isFinished(_ unit: UnitID) -> Bool {
        done[unit] != nil || persisting[unit] != nil || isShardHere(unit)
    }

    private func isShardHere(_ unit: UnitID) -> Bool {
        guard unit.stage == .train else { return false }
        guard case .steps(let schedule) = currentStage?.cut else { return trainingSchedule != nil }
        return unit.index < firstUnitOfStep || stage.shardDigests[unit.index - firstUnitOfStep] != nil
            || stepsApplied >= schedule.steps
    }

    /// The next unit to give out: one that came back before a fresh one.
    mutating func nextUnit() -> UnitID? {
        guard let current = currentStage else { return nil }
        let end = endOfUnits
        while let index = stage.returned.first, end > 0 {
            let unit = UnitID(current.stage, index)
            if index < end, !isFinished(unit), holders[unit] == nil { return unit }
            stage.returned.removeFirst()
        }
        while stage.nextFresh < end {
            let unit = UnitID(current.stage, stage.nextFresh)
            if !isFinished(unit), holders[unit] == nil { return unit }
            stage.nextFresh += 1
        }
        return nil
    }

    /// Notes that the unit which ``nextUnit()`` named is given out.
    mutating func take(_ unit: UnitID) {
        if stage.returned.first == unit.index {
            stage.returned.removeFirst()
        } else {
            stage.nextFresh += 1
        }
    }

    /// Units that wait to be given out, about.
    var waitingCount: Int { stage.returned.count + max(0, endOfUnits - stage.nextFresh) }

    /// Puts a unit back that its holder will not finish.
    mutating func giveBack(_ unit: UnitID) {
        guard isAtWork(unit.stage), !isFinished(unit), holders[unit] == nil else { return }
        let place = stage.returned.firstIndex { $0 >= unit.index } ?? stage.returned.endIndex
        if place < stage.returned.endIndex, stage.returned[place] == unit.index { return }
        stage.returned.insert(unit.index, at: place)
    }

    mutating func settle(_ unit: UnitID, at now: Instant, _ effects: inout [Effect]) {
        guard let digest = persisting.removeValue(forKey: unit) else { return }
        done[unit] = digest
        stage.doneCount += 1
        stage.counted += currentStage?.count(ofUnit: unit.index) ?? 0
        if let answers = disputes.removeValue(forKey: unit) { reopen(unit, answers, &effects) }
        completeStageIfDone(&effects)
    }

    mutating func advance(step: Int, loss: Double, at now: Instant, _ effects: inout [Effect]) {
        guard stage.activity == .applying, step == stepsApplied else { return }
        stage.activity = .working
        stage.shardDigests = [:]
        stage.returned = []
        forgetAuthorsOfStep()
        stepsApplied += 1
        stage.doneCount = stepsApplied
        stage.counted = stepsApplied
        stage.nextFresh = firstUnitOfStep
        self.loss = loss
        slideReplayWindow()
        completeStageIfDone(&effects)
    }

    /// Forgets a lease, wherever it is known.
    mutating func release(_ lease: LeaseID) {
        guard let held = leases.removeValue(forKey: lease) else { return }
        workers[held.worker].leases.removeAll { $0 == lease }
        workers[held.worker].formerLeases.insert(lease, held.unit)
        holders[held.unit]?.removeAll { $0 == lease }
        if holders[held.unit]?.isEmpty == true { holders[held.unit] = nil }
    }
}
