import Run

extension RunControl {
    mutating func hear(_ message: WorkerEvent, from peer: PeerID, at now: Instant, _ effects: inout [Effect]) {
        if case .register(let registration) = message {
            admit(registration, from: peer, at: now, &effects)
            return
        }
        guard let place = peers[peer] else {
            // Someone who was taken for lost, or never registered: it registers anew when it gets no answer.
            return
        }
        workers[place].lastHeard = now
        switch message {
        case .register: break
        case .ready(let readiness):
            effects.append(.send(peer, .heartbeat))
            enlist(place, readiness, peer, at: now, &effects)
        case .heartbeat(let heartbeat):
            effects.append(.send(peer, .heartbeat))
            reclaimLeases(of: place, notAmong: heartbeat.leases, at: now)
            note(heartbeat, of: place)
        case .result(let run, let lease, let unit, let digest):
            if let objection = objection(to: lease, unit, run: run, from: peer) {
                note(objection, to: unit, of: place, at: now)
                return
            }
            accept(unit, lease: lease, digest: digest, from: place, at: now, &effects)
        case .spent: break
        case .failure(let lease, let unit, let cause):
            guard let held = leases[lease], held.unit == unit, held.worker == place else { return }
            workers[place].lastAnswer = now
            release(lease)
            countFailure(of: unit, cause: cause, from: place, at: now, &effects)
        case .unprepared(let lease, let unit, let cause):
            excuse(place, lease: lease, unit: unit, cause: cause, at: now, &effects)
        case .goodbye(let reason): lose(place, because: reason, hasLeft: true, at: now, &effects)
        }
    }

    /// No sign of life: a worker that sends nothing else does not keep its leases.
    mutating func noteMalformed(_ why: String, from peer: PeerID, at now: Instant) {
        guard let place = peers[peer] else { return }
        let name = workers[place].registration.worker
        recordAgain("sent what is no message: \(why)", cause: .worker(name), worker: name, at: now)
    }

    mutating func countFailure(
        of unit: UnitID, cause: String, from place: Int, at now: Instant, _ effects: inout [Effect]
    ) {
        let name = workers[place].registration.worker
        record("\(unit) failed: \(cause)", worker: name, at: now)
        // Someone else's answer counts already.
        guard !isFinished(unit) else {
            refute(place, at: now, &effects)
            return
        }
        failures[unit, default: Failures()].note(name)
        if isHopeless(unit) {
            fail("\(unit) failed \(limits.failuresPerUnit) times, last on \(name): \(cause)", at: now, &effects)
        } else {
            giveBack(unit)
        }
    }

    /// Whether nobody is left to try a unit that failed.
    private func isHopeless(_ unit: UnitID) -> Bool {
        guard let failures = failures[unit] else { return false }
        if failures.workers.count >= limits.failuresPerUnit { return true }
        let isAnyLeft = readyPlaces.contains { !failures.workers.contains(workers[$0].registration.worker) }
        return failures.count >= limits.failuresPerUnit && !isAnyLeft
    }

    /// A worker failed a unit that another one did. It is put aside where that happens again and again, as long as
    /// somebody else is there.
    mutating func refute(_ place: Int, at now: Instant, _ effects: inout [Effect]) {
        workers[place].refutedFailures += 1
        guard workers[place].refutedFailures >= limits.refutedFailures, let peer = workers[place].presence.peer,
            readyPlaces.contains(where: { $0 != place })
        else { return }
        let reason = "failed \(workers[place].refutedFailures) units that others did"
        stopProcess(of: place, &effects)
        effects.append(.send(peer, .refusal(reason: "it \(reason): look into its log, and start a new process")))
        lose(place, because: "put aside: it \(reason)", as: .barred("it \(reason)"), at: now, &effects)
    }

    // MARK: Registration

    private mutating func admit(
        _ registration: Registration, from peer: PeerID, at now: Instant, _ effects: inout [Effect]
    ) {
        let name = registration.worker
        if let refusal = refusal(of: registration, from: peer) {
            recordAgain("refused: \(refusal)", cause: .worker(name), worker: name, at: now)
            effects.append(.send(peer, .refusal(reason: refusal)))
            return
        }
        if life != .running {
            effects.append(.send(peer, .finished(reason: "the run is ending")))
            return
        }
        if let known = places[name], workers[known].presence.peer == peer {
            // The same message twice: a worker registers anew on a fresh connection only.
            workers[known].lastHeard = now
            effects.append(.send(peer, .welcome(plan.run)))
            return
        }
        makeRoom(for: registration, at: now, &effects)
        let place = place(for: registration, at: now)
        if let former = workers[place].presence.peer {
            // It found the connection dead before its silence was noticed here.
            let silence = Int(now.seconds(since: workers[place].lastHeard))
            recordAgain(
                "came back by another connection, after \(silence) s without a word", cause: .worker(name),
                worker: name,
                at: now)
            peers[former] = nil
        }
        workers[place].registration = registration
        workers[place].isOwn = peer.isPrivate
        setPresence(.loading(peer, since: now), of: place)
        workers[place].lastHeard = now
        // What was sent over the connection before may not have arrived.
        workers[place].supplies.reset(since: LeaseID(nextLease))
        peers[peer] = place

        let kept = registration.run == plan.run ? registration.leases : []
        for lease in workers[place].leases where !kept.contains(lease) { takeBack(lease) }
        effects.append(.send(peer, .welcome(plan.run)))
    }

    /// Where too many are registered and not ready, some give way, so that names that never get ready shut nobody out: of
    /// the address that has most of them those that have been so longest, a few at a time, since to find them takes a look
    /// at all. A worker that was about to be ready registers again when it gets no answer.
    private mutating func makeRoom(for registration: Registration, at now: Instant, _ effects: inout [Effect]) {
        guard peers.count - readyPlaces.count >= limits.loadingWorkers else { return }
        let loading = workers.indices.filter { workers[$0].presence.loadingSince != nil }
        let byAddress = Dictionary(grouping: loading) { workers[$0].isOwn ? nil : workers[$0].presence.peer?.address }
        // Ties go to the address whose first worker has been there longest, so that it is the same one every time.
        let crowd = byAddress.values.max { ($0.count, $1[0]) < ($1.count, $0[0]) } ?? loading
        let oldest = crowd.sorted {
            (workers[$0].presence.loadingSince ?? now, $0) < (workers[$1].presence.loadingSince ?? now, $1)
        }
        for place in oldest.prefix(max(1, limits.loadingWorkers / 32)) where place != places[registration.worker] {
            recordAgain("gave way to another one before it was ready", cause: .others, worker: nil, at: now)
            forget(place, as: .lost)
        }
    }

    /// Of those that are gone, the one that went first.
    private mutating func nextLostPlace() -> Int {
        while !lostPlaces.isEmpty {
            let place = lostPlaces.removeFirst()
            if workers[place].presence.peer == nil { return place }
        }
        return workers.indices.first { workers[$0].presence.peer == nil } ?? 0
    }

    /// Every change of who takes part goes by here.
    mutating func setPresence(_ presence: WorkerRecord.Presence, of place: Int) {
        let wasHere = workers[place].presence.peer != nil
        workers[place].presence = presence
        if wasHere, workers[place].presence.peer == nil {
            // Some of them have come back since.
            if lostPlaces.count >= 2 * limits.workers { lostPlaces.removeAll { workers[$0].presence.peer != nil } }
            lostPlaces.append(place)
        }
        let known = readyPlaces.firstIndex { $0 >= place } ?? readyPlaces.endIndex
        let wasReady = known < readyPlaces.endIndex && readyPlaces[known] == place
        switch (wasReady, workers[place].presence.isReady) {
        case (false, true): readyPlaces.insert(place, at: known)
        case (true, false): readyPlaces.remove(at: known)
        default: break
        }
    }

    /// The worker's place, a new one where it has none. There is room: see ``refusal(of:)``.
    private mutating func place(for registration: Registration, at now: Instant) -> Int {
        if let known = places[registration.worker] { return known }
        let record = WorkerRecord(registration: registration, lastHeard: now)
        if workers.count < limits.workers {
            workers.append(record)
            places[registration.worker] = workers.count - 1
            return workers.count - 1
        }
        let place = nextLostPlace()
        places[workers[place].registration.worker] = nil
        places[registration.worker] = place
        workers[place] = record
        return place
    }

    func refusal(of registration: Registration, from peer: PeerID) -> String? {
        if registration.protocolVersion != protocolVersion {
            return "worker speaks protocol \(registration.protocolVersion), coordinator \(protocolVersion): "
                + "install the same version on both"
        }
        // So that a connection is good for one name, and many names take many connections.
        if let other = peers[peer].map({ workers[$0].registration.worker }), other != registration.worker {
            return "its connection is that of worker \(other): each comes by one of its own"
        }
        if let known = places[registration.worker] {
            if case .barred(let why) = workers[known].presence { return "\(why): start a new process in its place" }
            if workers[known].isOwn, !peer.isPrivate {
                return "its name is that of one of the coordinator's own workers"
            }
        }
        if let deviceKind, deviceKind != registration.deviceKind, !limits.allowsMixedDevices {
            return "this run is computed on '\(deviceKind)', the worker on '\(registration.deviceKind)', and results "
                + "would depend on who computed them: start the coordinator with --allow-mixed-devices to accept that"
        }
        if places[registration.worker] == nil, peers.count >= limits.workers {
            return "this run has its limit of \(limits.workers) workers"
        }
        return nil
    }

    private mutating func enlist(
        _ place: Int, _ readiness: Readiness, _ peer: PeerID, at now: Instant, _ effects: inout [Effect]
    ) {
        for (label, expected, found) in [
            ("A", plan.fingerprintA, readiness.fingerprintA), ("B", plan.fingerprintB, readiness.fingerprintB),
        ] where expected != found {
            let reason =
                "model \(label) differs: the worker's folder has fingerprint \(found.prefix(16))…, the coordinator's "
                + "\(expected.prefix(16))…: copy the same files to both"
            record("refused: \(reason)", worker: workers[place].registration.worker, at: now)
            effects.append(.send(peer, .refusal(reason: reason)))
            forget(place, as: .lost)
            return
        }
        setPresence(.ready(peer, capacity: max(1, min(readiness.capacity, 64))), of: place)
        workers[place].readySince = workers[place].readySince ?? now
    }

    // MARK: Loss

    /// Takes a worker for lost: its units are free again.
    /// - Parameters:
    ///   - hasLeft: whether it said so itself, so that its units had no part in it.
    ///   - presence: what becomes of it.
    mutating func lose(
        _ place: Int, because reason: String, hasLeft: Bool = false, as presence: WorkerRecord.Presence = .lost,
        at now: Instant, _ effects: inout [Effect]
    ) {
        guard workers[place].presence.peer != nil else { return }
        let units = workers[place].leases.compactMap { leases[$0]?.unit }
        let fate =
            units.isEmpty
            ? "it held no unit" : "\(units.map(\.description).joined(separator: ", ")) given out again"
        record(
            "\(hasLeft ? "left" : "lost"): \(reason); \(fate)", worker: workers[place].registration.worker, at: now)
        // Only the unit at the head of its queue can have been the cause.
        if let first = units.first, !hasLeft, !isFinished(first) {
            losses[first, default: 0] += 1
            if losses[first, default: 0] >= limits.lossesPerUnit {
                fail("\(first) was at work on \(limits.lossesPerUnit) workers when they were lost", at: now, &effects)
            }
        }
        forget(place, as: presence)
    }

    private mutating func forget(_ place: Int, as presence: WorkerRecord.Presence) {
        if let peer = workers[place].presence.peer { peers[peer] = nil }
        setPresence(presence, of: place)
        for lease in workers[place].leases { takeBack(lease) }
    }

    private mutating func takeBack(_ lease: LeaseID) {
        guard let unit = leases[lease]?.unit else { return }
        release(lease)
        giveBack(unit)
    }

    /// A worker names the leases it holds; one that it should hold and does not know was lost on its way.
    private mutating func reclaimLeases(of place: Int, notAmong held: [LeaseID], at now: Instant) {
        let grace = 3 * limits.heartbeatSeconds
        for lease in workers[place].leases where !held.contains(lease) {
            guard let granted = leases[lease]?.granted, now.seconds(since: granted) > grace else { continue }
            takeBack(lease)
            // What travelled with it was lost too.
            workers[place].supplies.reset(since: LeaseID(nextLease))
        }
    }

    /// Looks for workers that have fallen silent.
    mutating func watch(at now: Instant, _ effects: inout [Effect]) {
        for place in workers.indices where workers[place].presence.peer != nil {
            let silence = now.seconds(since: workers[place].lastHeard)
            if silence > limits.silenceSeconds {
                lose(place, because: "not heard for \(Int(silence)) s", at: now, &effects)
            } else if case .loading(let peer, let since) = workers[place].presence,
                now.seconds(since: max(since, awakeSince)) > limits.loadingSeconds
            {
                let reason = "is not ready \(Int(limits.loadingSeconds)) s after it registered"
                stopProcess(of: place, &effects)
                effects.append(.send(peer, .refusal(reason: "it \(reason)")))
                lose(place, because: reason, at: now, &effects)
            }
        }
    }
}
