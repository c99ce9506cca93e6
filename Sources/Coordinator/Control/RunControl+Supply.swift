import Run

extension RunControl {
    /// What has to travel with a unit, noting that the worker holds it from then on.
    ///
    /// Messages of a connection arrive in their order or not at all; where one was lost, the worker notices that
    /// what it holds is not what a unit asks for and says so (``FromWorker/unprepared(lease:unit:cause:)``).
    mutating func supply(for unit: UnitID, to place: Int) -> Supply {
        guard let current = currentStage else { return Supply() }
        var supply = Supply()
        if let channel = current.channel(ofUnit: unit.index) {
            supplyProjection(channel, to: place, in: current, &supply)
        }
        if case .steps(let schedule) = current.cut, let channel = plan.channels.first {
            let order = epochOrders.order(epoch: stepsApplied / schedule.stepsPerEpoch, schedule)
            let texts = schedule.texts(step: stepsApplied, shard: unit.index - firstUnitOfStep, order: order)
            for site in [Site.a(channel.k), .b(channel.j)] {
                supply.add(workers[place].supplies.take(texts, at: site), at: site)
            }
        }
        return supply
    }

    /// The W of a channel, given by its place.
    private mutating func supplyProjection(
        _ channel: Int, to place: Int, in current: StagePlan, _ supply: inout Supply
    ) {
        let schedule = trainingSchedule
        let policy = ProjectionPolicy(
            version: stepsApplied, firstReplayable: firstReplayable, canReplay: limits.replaySteps > 0,
            stepsLeft: current.isStepped ? (schedule?.steps ?? 0) - stepsApplied : nil,
            bytes: plan.dimensionA == 0 ? nil : 4 * plan.dimensionA * plan.dimensionB)
        let site = Site.a(plan.channels[channel].k)
        let supplies = workers[place].supplies
        let choice = policy.choice(for: supplies[channel], isSharing: canShare(with: place)) { version, own in
            stepsToTake(from: version, own: own, at: site, holding: supplies)
        }
        supply.projection = Supply.Projection(
            channel: plan.channels[channel], version: stepsApplied, form: choice.form)
        workers[place].supplies.use(choice.held, of: channel)
        workers[place].supplies.insert(choice.texts, at: site)
        supply.add(choice.texts, at: site)
    }

    /// Whether the worker reads W in the coordinator's memory, or is about to try.
    func canShare(with place: Int) -> Bool {
        limits.sharingHost != nil && limits.sharingHost == workers[place].registration.host
            && !workers[place].cannotMap
    }

    /// What a worker needs to take the steps from `version` on itself.
    private mutating func stepsToTake(
        from version: Int, own: [UnitID], at site: Site, holding held: Supplies
    ) -> ProjectionPolicy.Steps {
        guard let schedule = trainingSchedule else { return ProjectionPolicy.Steps(texts: [], bytes: 0) }
        var seen = TextSet()
        var (lacking, errorRows): ([Int], Int) = ([], 0)
        for step in version..<stepsApplied {
            let order = epochOrders.order(epoch: step / schedule.stepsPerEpoch, schedule)
            for shard in 0..<schedule.shardCount(step: step) {
                let texts = schedule.texts(step: step, shard: shard, order: order)
                if !own.contains(UnitID(.train, step * schedule.shardsPerStep + shard)) { errorRows += texts.count }
                for text in texts where !held.holds(text, at: site) && !seen.contains(text) {
                    seen.insert(text)
                    lacking.append(text)
                }
            }
        }
        return ProjectionPolicy.Steps(
            texts: lacking, bytes: 4 * (errorRows * plan.dimensionB + lacking.count * plan.dimensionA))
    }

    /// The training's schedule, where the run has a stage of steps.
    var trainingSchedule: TrainingSchedule? {
        for stage in plan.stages {
            if case .steps(let schedule) = stage.cut { return schedule }
        }
        return nil
    }

    /// After a step: shards of the step that leaves the window are forgotten, here and by the host.
    mutating func slideReplayWindow() {
        firstReplayable = max(firstReplayable, stepsApplied - limits.replaySteps)
        guard let schedule = trainingSchedule else { return }
        let first = firstReplayable * schedule.shardsPerStep
        for place in workers.indices { workers[place].supplies.forgetShards(before: first) }
    }

    /// A worker turned out not to hold what a unit needs: everything is sent again.
    mutating func excuse(
        _ place: Int, lease: LeaseID, unit: UnitID, cause: String, at now: Instant, _ effects: inout [Effect]
    ) {
        guard let held = leases[lease], held.unit == unit, held.worker == place else { return }
        workers[place].lastAnswer = now
        release(lease)
        let projection = channel(of: unit).map { workers[place].supplies[$0] } ?? .none
        // Someone else's answer was faster, and W in shared memory has moved on since.
        if isFinished(unit), projection.isMapped { return }
        // Units granted before the last reset find nothing either; that is known by now.
        if lease >= workers[place].supplies.since {
            if projection == .mapped(hasRead: false) { workers[place].cannotMap = true }
            workers[place].supplies.reset(since: LeaseID(nextLease))
            workers[place].supplies.resets += 1
            record(
                "was not prepared for \(unit): \(cause); it is sent everything again",
                worker: workers[place].registration.worker, at: now)
            if workers[place].supplies.resets > limits.resetsPerWorker {
                countFailure(of: unit, cause: cause, from: place, at: now, &effects)
                return
            }
        }
        giveBack(unit)
    }

    /// The place of the channel whose W the unit needs; nil where it needs none.
    func channel(of unit: UnitID) -> Int? {
        plan.stages.first { $0.stage == unit.stage }?.channel(ofUnit: unit.index)
    }
}

/// The orders of the texts in the latest epochs that were asked for.
struct EpochOrders: Hashable, Sendable {
    private var known: [Known] = []

    private struct Known: Hashable {
        var epoch: Int
        var order: [Int]
    }

    mutating func order(epoch: Int, _ schedule: TrainingSchedule) -> [Int] {
        if let known = known.first(where: { $0.epoch == epoch }) { return known.order }
        let order = schedule.order(epoch: epoch)
        if known.count > 1 { known.removeFirst() }
        known.append(Known(epoch: epoch, order: order))
        return order
    }
}
