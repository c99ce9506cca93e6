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
                supply.rows.append(row)
            }
        }
        return supply
    }

    private mutating func supplyProjection(to place: Int, in current: StagePlan, _ supply: inout Supply) {
        let held = workers[place].supplies
        guard held.version != stepsApplied else { return }
        defer { workers[place].supplies.version = stepsApplied }
        if let version = held.version, held.hasMoments, version >= firstReplayable, version < stepsApplied,
            let schedule = trainingSchedule
        {
            let first = version * schedule.shardsPerStep
            supply.projection = .replay(from: version, own: held.ownShards.filter { $0.index >= first }.sorted())
            workers[place].supplies.ownShards = []
            for step in version..<stepsApplied {
                let order = order(epoch: step / schedule.stepsPerEpoch, schedule)
                for shard in 0..<schedule.shardCount(step: step) {
                    for row in schedule.rows(step: step, shard: shard, order: order)
                    where !workers[place].supplies.rows.contains(row) && !workers[place].supplies.rowsOfA.contains(row)
                    {
                        workers[place].supplies.rowsOfA.insert(row)
                        supply.rowsOfA.append(row)
                    }
                }
            }
            return
        }
        let isTraining = if case .steps = current.cut { limits.replaySteps > 0 } else { false }
        if stepsApplied == 0, limits.replaySteps > 0 {
            supply.projection = .initial
            workers[place].supplies.hasMoments = isTraining
        } else {
            // The moments cost twice W, and are worth it where more than two steps are left to take.
            let withMoments = isTraining && (trainingSchedule?.steps ?? 0) - stepsApplied > 2
            supply.projection = .whole(withMoments: withMoments)
            workers[place].supplies.hasMoments = withMoments
        }
        workers[place].supplies.ownShards = []
    }

    /// The training's schedule, where the run has such a stage.
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
        // Units granted before the last reset find nothing either; that is known by now.
        if lease >= workers[place].supplies.since {
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
