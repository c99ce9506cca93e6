import Run

extension RunControl {
    /// What has to travel with a unit, noting that the worker holds it from then on.
    ///
    /// Messages of a connection arrive in their order or not at all; where one was lost, the worker notices that
    /// what it holds is not what a unit asks for and says so (``WorkerEvent/unprepared(lease:unit:cause:)``).
    mutating func supply(for unit: UnitID, to place: Int) -> Supply {
        guard let current = currentStage else { return Supply() }
        var supply = Supply(version: current.needsProjection ? stepsApplied : nil)
        if supply.version != nil { supplyProjection(to: place, in: current, &supply) }
        if case .steps(let schedule) = current.cut {
            let order = order(epoch: stepsApplied / schedule.stepsPerEpoch, schedule)
            for row in schedule.rows(step: stepsApplied, shard: unit.index - firstUnitOfStep, order: order)
            where !workers[place].supplies.rows.contains(row) {
                workers[place].supplies.rows.insert(row)
                if workers[place].supplies.rowsOfA.contains(row) {
                    supply.rowsOfB.append(row)
                } else {
                    supply.rows.append(row)
                }
            }
        }
        return supply
    }

    /// How W gets to the worker, at the cost of the fewest bytes.
    private mutating func supplyProjection(to place: Int, in current: StagePlan, _ supply: inout Supply) {
        if canShare(with: place) {
            // What it reads in place is always there: a unit's version says which W it is to find.
            if !workers[place].supplies.isMapped { supply.projection = .shared }
            workers[place].supplies.isMapped = true
            workers[place].supplies.ownShards = []
            return
        }
        let held = workers[place].supplies
        guard held.version != stepsApplied else { return }
        defer {
            workers[place].supplies.version = stepsApplied
            workers[place].supplies.ownShards = []
        }
        let isTraining = current.isStepped && limits.replaySteps > 0
        // The moments cost twice W, and are worth it where more than two steps are left to take.
        let withMoments = isTraining && (trainingSchedule?.steps ?? 0) - stepsApplied > 2
        let bytesOfWhole = 4 * plan.dimensionA * plan.dimensionB * (withMoments ? 3 : 1)

        if let version = held.version, held.hasMoments, version >= firstReplayable, version < stepsApplied {
            let first = version * (trainingSchedule?.shardsPerStep ?? 0)
            let own = held.ownShards.filter { $0.index >= first }.sorted()
            let steps = stepsToTake(from: version, own: own, by: place)
            if plan.dimensionA == 0 || steps.bytes <= bytesOfWhole {
                supply.projection = .replay(from: version, own: own)
                bring(steps.rowsOfA, to: place, &supply)
                return
            }
        }
        if firstReplayable == 0, limits.replaySteps > 0 {
            let steps = stepsToTake(from: 0, own: [], by: place)
            if stepsApplied == 0 || plan.dimensionA == 0 || steps.bytes <= bytesOfWhole {
                supply.projection = .initial
                workers[place].supplies.hasMoments = isTraining || stepsApplied > 0
                bring(steps.rowsOfA, to: place, &supply)
                return
            }
        }
        supply.projection = .whole(withMoments: withMoments)
        workers[place].supplies.hasMoments = withMoments
    }

    /// Whether the worker reads W in the coordinator's memory, or is about to try.
    func canShare(with place: Int) -> Bool {
        limits.sharingHost != nil && limits.sharingHost == workers[place].registration.host
            && !workers[place].cannotMap
    }

    private mutating func bring(_ rowsOfA: [Int], to place: Int, _ supply: inout Supply) {
        for row in rowsOfA { workers[place].supplies.rowsOfA.insert(row) }
        supply.rowsOfA = rowsOfA
    }

    /// What a worker needs to take the steps from `version` on itself: rows of A's activations that it lacks, and the
    /// bytes of those and of the errors of the shards that are not its own.
    private mutating func stepsToTake(
        from version: Int, own: [UnitID], by place: Int
    ) -> (rowsOfA: [Int], bytes: Int) {
        guard let schedule = trainingSchedule else { return ([], 0) }
        let held = workers[place].supplies
        var lacking = RowSet()
        var (rowsOfA, errorRows): ([Int], Int) = ([], 0)
        for step in version..<stepsApplied {
            let order = order(epoch: step / schedule.stepsPerEpoch, schedule)
            for shard in 0..<schedule.shardCount(step: step) {
                let rows = schedule.rows(step: step, shard: shard, order: order)
                if !own.contains(UnitID(.train, step * schedule.shardsPerStep + shard)) { errorRows += rows.count }
                for row in rows where !held.rows.contains(row) && !held.rowsOfA.contains(row) && !lacking.contains(row)
                {
                    lacking.insert(row)
                    rowsOfA.append(row)
                }
            }
        }
        return (rowsOfA, 4 * (errorRows * plan.dimensionB + rowsOfA.count * plan.dimensionA))
    }

    /// The training's schedule, where the run has a stage of steps.
    var trainingSchedule: TrainingSchedule? {
        for stage in plan.stages {
            if case .steps(let schedule) = stage.cut { return schedule }
        }
        return nil
    }

    private mutating func order(epoch: Int, _ schedule: TrainingSchedule) -> [Int] {
        if let known = epochOrders.first(where: { $0.epoch == epoch }) { return known.order }
        let order = schedule.order(epoch: epoch)
        if epochOrders.count > 1 { epochOrders.removeFirst() }
        epochOrders.append((epoch, order))
        return order
    }

    /// After a step: shards of the step that leaves the window are forgotten, here and by the host.
    mutating func slideReplayWindow() {
        firstReplayable = max(firstReplayable, stepsApplied - limits.replaySteps)
        guard let schedule = trainingSchedule else { return }
        let first = firstReplayable * schedule.shardsPerStep
        for place in workers.indices where !workers[place].supplies.ownShards.isEmpty {
            workers[place].supplies.ownShards.removeAll { $0.index < first }
        }
    }

    /// A worker turned out not to hold what a unit needs: everything is sent again.
    mutating func excuse(
        _ place: Int, lease: LeaseID, unit: UnitID, cause: String, at now: Instant, _ effects: inout [Effect]
    ) {
        guard let held = leases[lease], held.unit == unit, held.worker == place else { return }
        workers[place].lastAnswer = now
        release(lease)
        // Someone else's answer was faster, and W in shared memory has moved on since.
        if isFinished(unit), workers[place].supplies.isMapped { return }
        // Units granted before the last reset find nothing either; that is known by now.
        if lease >= workers[place].supplies.since {
            if workers[place].supplies.isMapped, !workers[place].supplies.hasRead { workers[place].cannotMap = true }
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
}
