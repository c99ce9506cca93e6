import Run

extension RunControl {
    /// Units that a worker may hold now. Those that ask for answers are worked on together; but of what is undone
    /// several workers hold no more than half, so that the last units are shared out among all of them.
    private var leasesPerWorker: Int {
        if isStepped { return limits.shardsPerWorker }
        guard stagePosition < plan.stages.count, plan.stages[stagePosition].stage.asksForAnswers else {
            return limits.leasesPerWorker
        }
        // Those that load their models will want their share too.
        let present = peers.count
        guard present > 1 else { return limits.answersPerWorker }
        return min(limits.answersPerWorker, max(1, (waitingCount + leases.count) / (2 * present)))
    }

    mutating func grantUnits(at now: Instant, _ effects: inout [Effect]) {
        guard life == .running, currentStage != nil else { return }
        var room = room
        // Units that none of the free workers may take.
        var waiting: [Int] = []
        while room > 0, let unit = nextUnit() {
            if let place = nextWorker(for: unit, at: now) {
                take(unit)
                grant(unit, to: place, at: now, &effects)
                room -= 1
            } else if isFor(fewer: unit), stage.returned.first == unit.index {
                waiting.append(stage.returned.removeFirst())
            } else {
                break
            }
        }
        stage.returned.insert(contentsOf: waiting, at: 0)
    }

    // MARK: Who gets a unit

    /// Units that the workers would take, all together.
    private var room: Int {
        let most = leasesPerWorker
        var room = 0
        for place in readyPlaces {
            guard let capacity = workers[place].presence.capacity else { continue }
            room += max(min(most, capacity) - workers[place].leases.count, 0)
        }
        return room
    }

    /// Whether some worker may not take the unit: it failed it, or has answered it and another answer is wanted.
    private func isFor(fewer unit: UnitID) -> Bool { claims[unit] != nil || failures[unit] != nil }

    /// Whether the worker may take the unit. One that failed it may where everybody has.
    func mayTake(_ unit: UnitID, _ place: Int) -> Bool {
        let name = workers[place].registration.worker
        if claims[unit]?.contains(where: { $0.worker == name }) == true { return false }
        guard let failed = failures[unit]?.workers, failed.contains(name) else { return true }
        return !readyPlaces.contains { !failed.contains(workers[$0].registration.worker) }
    }

    private mutating func nextWorker(for unit: UnitID, at now: Instant) -> Int? {
        let most = leasesPerWorker
        let isStepped = isStepped
        // Their room is used again: this runs for each unit.
        var candidates: [UnitPlacement.Candidate] = []
        swap(&candidates, &self.candidates)
        candidates.removeAll(keepingCapacity: true)
        var speeds = UnitPlacement.Speeds()
        let isForFewer = isFor(fewer: unit)
        // Fields one by one: copying a worker's record costs more than all that follows.
        for place in readyPlaces {
            guard let capacity = workers[place].presence.capacity, !isForFewer || mayTake(unit, place) else { continue }
            let held = workers[place].leases.count
            let pace = workers[place].pace.seconds(at: now, lastingSeconds: limits.paceSeconds)
            if let pace { speeds.add(pace) }
            // Of steps, those that are full say whether this machine's workers are enough.
            guard isStepped || held < min(most, capacity) else { continue }
            let isSharing = isStepped && canShare(with: place)
            candidates.append(
                UnitPlacement.Candidate(
                    place: place, held: held, most: min(most, capacity), pace: pace, isSharing: isSharing,
                    isMapped: isSharing && workers[place].supplies[0].isMapped,
                    isBehind: isSharing && isBehind(place)))
        }
        let choice = UnitPlacement(
            candidates: candidates, speeds: speeds, isStepped: isStepped, waiting: waitingCount,
            secondsQuiet: now.seconds(since: stage.lastResult), slownessFactor: limits.slownessFactor,
            sharingWorkers: limits.sharingWorkers
        ).choice
        swap(&candidates, &self.candidates)
        return choice
    }

    /// Whether the worker still holds a unit that someone else has answered.
    private func isBehind(_ place: Int) -> Bool {
        workers[place].leases.contains { lease in leases[lease].map { isFinished($0.unit) } ?? false }
    }

    /// Gives units that other workers have been at for far too long to workers that have nothing else to do. From
    /// time to time only: it looks at every lease.
    mutating func shareStragglers(at now: Instant, _ effects: inout [Effect]) {
        guard life == .running, endOfUnits > 0 else { return }
        let idle = readyPlaces.filter { workers[$0].leases.isEmpty }
        guard !idle.isEmpty else { return }
        let patience =
            stage.resultCount == 0
            ? limits.unmeasuredSeconds : max(limits.stragglerSeconds, limits.stragglerFactor * stage.meanSeconds)
        var late = holders.filter { unit, held in
            guard isAtWork(unit.stage), held.count < limits.holdersPerUnit, !isFinished(unit),
                let latest = held.compactMap({ leases[$0]?.granted }).max()
            else { return false }
            return now.seconds(since: latest) > patience * Double(held.count)
        }.keys.sorted()
        for place in idle {
            guard
                let next = late.firstIndex(where: { unit in
                    !(holders[unit] ?? []).contains { leases[$0]?.worker == place } && mayTake(unit, place)
                })
            else { continue }
            let unit = late.remove(at: next)
            if let first = holders[unit]?.first.flatMap({ leases[$0] }) {
                record(
                    "slow: at \(unit) for \(Int(now.seconds(since: first.granted))) s, so it was given to "
                        + "\(workers[place].registration.worker) as well",
                    worker: workers[first.worker].registration.worker, at: now)
            }
            grant(unit, to: place, at: now, &effects)
        }
    }

    private mutating func grant(_ unit: UnitID, to place: Int, at now: Instant, _ effects: inout [Effect]) {
        guard let peer = workers[place].presence.peer else { return }
        let lease = LeaseID(nextLease)
        nextLease += 1
        let supply = supply(for: unit, to: place)
        for part in missingParts(for: unit, at: place) { effects.append(.send(peer, .activations(part))) }
        workers[place].leases.append(lease)
        leases[lease] = Lease(unit: unit, worker: place, granted: now)
        holders[unit, default: []].append(lease)
        effects.append(.send(peer, .grant(Given(lease: lease, unit: unit, supply: supply))))
    }
}
