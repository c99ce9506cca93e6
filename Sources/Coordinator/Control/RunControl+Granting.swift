import Run

extension RunControl {
    private var leasesPerWorker: Int {
        currentStage?.isStepped == true ? limits.shardsPerWorker : limits.leasesPerWorker
    }

    mutating func grantUnits(at now: Instant, _ effects: inout [Effect]) {
        guard phase == .running, currentStage != nil else { return }
        while let unit = nextUnit() {
            guard let place = nextWorker(at: now) else { return }
            take(unit)
            grant(unit, to: place, at: now, &effects)
        }
    }

    // MARK: Who gets a unit

    /// The worker that would be done with another unit soonest, going by its pace and by what it holds.
    private func nextWorker(at now: Instant) -> Int? {
        let most = leasesPerWorker
        var fastest = Double.infinity
        var unitsPerSecond = 0.0
        var isAnyFree = false
        for place in workers.indices where workers[place].isReady {
            if workers[place].leases.count < min(most, workers[place].capacity) { isAnyFree = true }
            if let seconds = workers[place].pace.seconds(at: now, lastingSeconds: limits.paceSeconds) {
                fastest = min(fastest, seconds)
                unitsPerSecond += 1 / max(seconds, 1e-6)
            }
        }
        guard isAnyFree else { return nil }
        let secondsLeft = unitsPerSecond > 0 ? Double(waitingCount) / unitsPerSecond : .infinity
        let secondsQuiet = now.seconds(since: stage.lastResult)

        // A step's shards are spread over the workers: each takes the step itself anyway, which costs more than its
        // shards, so that one with several shards seems fast and one without falls behind and needs W whole. The
        // same cost keeps paces apart that mean nothing.
        let isStepped = currentStage?.isStepped == true
        let slowness = limits.slownessFactor * (isStepped ? 3 : 1)
        // Workers that hang or are far behind count for nothing here, or a step would wait for them.
        let sharing =
            isStepped
            ? workers.indices.filter { canShare(with: $0) && !workers[$0].leases.isEmpty && !isBehind($0) } : []
        let isRoomAmongSharing =
            sharing.count >= limits.sharingWorkers
            && sharing.contains { workers[$0].leases.count < min(most, workers[$0].capacity) }
        var best: (place: Int, rank: (late: Int, first: Double, new: Int, last: Double))?
        for place in workers.indices where workers[place].isReady {
            let count = workers[place].leases.count
            guard count < min(most, workers[place].capacity) else { continue }
            if count == 0, isRoomAmongSharing, canShare(with: place) { continue }
            let pace = workers[place].pace.seconds(at: now, lastingSeconds: limits.paceSeconds)
            let seconds = Double(count + 1) * (pace ?? (fastest.isFinite ? fastest : 1))
            // The others would be done with all that waits before a slow worker is done with this unit: it is left
            // to them, as long as they do get on.
            if let pace, pace > slowness * fastest, secondsLeft < seconds, secondsQuiet < seconds {
                continue
            }
            let (first, last) = isStepped ? (Double(count), seconds) : (seconds, Double(count))
            // The same workers at every step: they hold rows that others would have to be sent.
            let isSharing = isStepped && canShare(with: place)
            let isNew = isSharing && !workers[place].supplies.isMapped
            let isLate = isSharing && isBehind(place)
            let rank = (late: isLate ? 1 : 0, first: first, new: isNew ? 1 : 0, last: last)
            if best.map({ rank < $0.rank }) ?? true { best = (place, rank) }
        }
        return best?.place
    }

    /// Whether the worker still holds a unit that someone else has answered.
    private func isBehind(_ place: Int) -> Bool {
        workers[place].leases.contains { lease in leases[lease].map { isFinished($0.unit) } ?? false }
    }

    /// Gives units that other workers have been at for far too long to workers that have nothing else to do. From
    /// time to time only: it looks at every lease.
    mutating func shareStragglers(at now: Instant, _ effects: inout [Effect]) {
        guard phase == .running, endOfUnits > 0 else { return }
        let idle = workers.indices.filter { workers[$0].isReady && workers[$0].leases.isEmpty }
        guard !idle.isEmpty else { return }
        let patience =
            stage.resultCount == 0
            ? limits.unmeasuredSeconds : max(limits.stragglerSeconds, limits.stragglerFactor * stage.meanSeconds)
        var late = holders.filter { unit, held in
            guard unit.stage == currentStage?.stage, held.count < limits.holdersPerUnit, !isFinished(unit),
                let latest = held.compactMap({ leases[$0]?.granted }).max()
            else { return false }
            return now.seconds(since: latest) > patience * Double(held.count)
        }.keys.sorted()
        for place in idle {
            guard
                let next = late.firstIndex(where: { unit in
                    !(holders[unit] ?? []).contains { leases[$0]?.worker == place }
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
        guard let peer = workers[place].peer else { return }
        let lease = LeaseID(nextLease)
        nextLease += 1
        let supply = supply(for: unit, to: place)
        for part in missingParts(for: unit, at: place) { effects.append(.send(peer, .activations(part))) }
        workers[place].leases.append(lease)
        leases[lease] = Lease(unit: unit, worker: place, granted: now)
        holders[unit, default: []].append(lease)
        effects.append(.send(peer, .grant(lease: lease, unit: unit, supply: supply)))
    }
}
