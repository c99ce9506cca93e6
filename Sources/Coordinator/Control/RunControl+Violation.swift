package import Run

extension RunControl {
    /// What is wrong with the books; nil as long as they agree. For tests and simulations: it reads everything.
    ///
    /// No unit is lost (each that was given out is finished, held or waits to be given out again), none is counted
    /// twice, leases are known alike by worker, unit and number, and everything that grows has its limit.
    package func violation() -> String? {
        violationOfLeases ?? violationOfWorkers ?? violationOfLocalWorkers ?? violationOfBounds ?? violationOfUnits
    }

    /// How far the run is: stages finished, then units or steps of the one at work. It never decreases.
    package var progress: (stages: Int, units: Int) { (stagePosition, stage.doneCount) }

    /// Units that count: their results are on disk.
    package var doneUnits: Set<UnitID> { Set(done.keys) }

    /// Units to which two answers were given, and it is not known which is right.
    package var alarmCount: Int { alarms.count }

    private var violationOfLeases: String? {
        for (lease, held) in leases {
            guard workers.indices.contains(held.worker), workers[held.worker].leases.count(where: { $0 == lease }) == 1
            else { return "lease \(lease.value) is not its worker's" }
            guard holders[held.unit]?.contains(lease) == true else { return "lease \(lease.value) is not its unit's" }
        }
        let held = workers.reduce(0) { $0 + $1.leases.count }
        let holding = holders.values.reduce(0) { $0 + $1.count }
        guard held == leases.count, holding == leases.count else {
            return "\(leases.count) leases, \(held) held by workers, \(holding) of units"
        }
        return nil
    }

    private var violationOfWorkers: String? {
        for (peer, place) in peers where workers[place].presence.peer != peer {
            return "connection \(peer.bytes) is no worker's"
        }
        // Leases of a stage that is done may still be out where another's answer came first.
        let most = max(limits.shardsPerWorker, limits.leasesPerWorker, limits.answersPerWorker)
        guard readyPlaces == workers.indices.filter({ workers[$0].presence.isReady }) else {
            return "who is ready is not known"
        }
        for place in workers.indices {
            guard places[workers[place].registration.worker] == place else {
                return "worker \(place) has another's name"
            }
            let leaseCount = workers[place].leases.count
            if let peer = workers[place].presence.peer {
                guard peers[peer] == place else { return "worker \(place)'s connection is not known" }
            } else if leaseCount > 0 {
                return "worker \(place) is lost and still counts"
            }
            guard leaseCount <= most else { return "worker \(place) holds \(leaseCount) leases" }
        }
        return nil
    }

    private var violationOfBounds: String? {
        if workers.count > limits.workers { return "\(workers.count) workers kept" }
        if places.count != workers.count { return "\(places.count) names for \(workers.count) workers" }
        if alarms.count > limits.faults { return "\(alarms.count) alarms kept" }
        if let most = claims.values.map(\.count).max(), most > limits.answersPerUnit {
            return "\(most) answers to a unit kept"
        }
        if faults.count > limits.faults { return "\(faults.count) faults kept" }
        if let crowd = holders.first(where: { $0.value.count > limits.holdersPerUnit }) {
            return "\(crowd.key) is held \(crowd.value.count) times"
        }
        if zip(stage.returned, stage.returned.dropFirst()).contains(where: { $0 >= $1 }) {
            return "units wait out of order: \(stage.returned)"
        }
        if stepsApplied - firstReplayable > max(0, limits.replaySteps) { return "steps are kept for too long" }
        return nil
    }

    private var violationOfUnits: String? {
        guard let current = currentStage, life == .running, stage.activity != .completing else { return nil }
        let units: Range<Int>
        if case .steps = current.cut {
            guard stage.activity == .working else { return nil }
            units = firstUnitOfStep..<endOfUnits
        } else {
            units = 0..<current.total
            let count = units.count { done[UnitID(current.stage, $0)] != nil }
            guard count == stage.doneCount else { return "\(count) units done, \(stage.doneCount) counted" }
        }
        for index in units {
            let unit = UnitID(current.stage, index)
            let waits = index >= stage.nextFresh || stage.returned.contains(index)
            guard waits || isFinished(unit) || holders[unit] != nil else { return "\(unit) is lost" }
            if done[unit] != nil, persisting[unit] != nil { return "\(unit) counts twice" }
        }
        return nil
    }
}
