import Run

extension RunControl {
    mutating func hear(_ message: WorkerEvent, from peer: PeerID, at now: Instant, _ effects: inout [Effect]) {
        if case .register(let registration) = message {
            admit(registration, from: peer, at: now, &effects)
            return
        }
        guard let name = peers[peer], workers[name] != nil else {
            // Someone who was taken for lost, or never registered: it registers anew when it gets no answer.
            return
        }
        if case .malformed(let why) = message {
            // No sign of life: a worker that sends nothing else does not keep its leases.
            recordAgain("sent what is no message: \(why)", cause: .worker(name), worker: name, at: now)
            return
        }
        workers[name]?.lastHeard = now
        switch message {
        case .register, .malformed: break
        case .ready(let readiness):
            effects.append(.send(peer, .heartbeat))
            enlist(name, readiness, peer, at: now, &effects)
        case .heartbeat(let held):
            effects.append(.send(peer, .heartbeat))
            reclaimLeases(of: name, notAmong: held, at: now)
        case .result(let run, let lease, let unit, let digest):
            guard run == plan.run else {
                record("returned a unit of another run", worker: name, at: now)
                return
            }
            accept(unit, lease: lease, digest: digest, from: name, at: now, &effects)
        case .failure(let lease, let unit, let cause):
            guard leases[lease]?.unit == unit else { return }
            release(lease)
            failures[unit, default: 0] += 1
            record("\(unit) failed: \(cause)", worker: name, at: now)
            if failures[unit, default: 0] >= limits.failuresPerUnit {
                fail("\(unit) failed \(limits.failuresPerUnit) times, last on \(name): \(cause)", at: now, &effects)
            } else {
                giveBack(unit)
            }
        case .goodbye(let reason): lose(name, because: reason, hasLeft: true, at: now, &effects)
        }
    }

    // MARK: Registration

    private mutating func admit(
        _ registration: Registration, from peer: PeerID, at now: Instant, _ effects: inout [Effect]
    ) {
        let name = registration.worker
        if let refusal = refusal(of: registration) {
            recordAgain("refused: \(refusal)", cause: .worker(name), worker: name, at: now)
            effects.append(.send(peer, .refusal(refusal)))
            return
        }
        if phase != .running {
            effects.append(.send(peer, .finished("the run is ending")))
            return
        }
        deviceKind = deviceKind ?? registration.deviceKind

        var record =
            workers[name]
            ?? WorkerRecord(registration: registration, peer: nil, lastHeard: now)
        if let former = record.peer { peers[former] = nil }
        record.registration = registration
        record.peer = peer
        record.lastHeard = now
        record.isReady = false
        // What was sent over the connection before may not have arrived.
        record.projectionVersion = nil
        record.rows = RowSet()
        if workers[name] == nil { workerOrder.append(name) }
        workers[name] = record
        peers[peer] = name

        let kept = registration.run == plan.run ? registration.leases : []
        for lease in record.leases where !kept.contains(lease) { takeBack(lease) }
        effects.append(.send(peer, .welcome))
    }

    private func refusal(of registration: Registration) -> String? {
        if registration.protocolVersion != protocolVersion {
            return "worker speaks protocol \(registration.protocolVersion), coordinator \(protocolVersion): "
                + "install the same version on both"
        }
        if let deviceKind, deviceKind != registration.deviceKind, !limits.allowsMixedDevices {
            return "this run is computed on '\(deviceKind)', the worker on '\(registration.deviceKind)', and results "
                + "would depend on who computed them: start the coordinator with --allow-mixed-devices to accept that"
        }
        if workers[registration.worker] == nil, workers.count >= limits.workers {
            return "this run has seen its limit of \(limits.workers) workers"
        }
        return nil
    }

    private mutating func enlist(
        _ name: String, _ readiness: Readiness, _ peer: PeerID, at now: Instant, _ effects: inout [Effect]
    ) {
        for (label, expected, found) in [
            ("A", plan.fingerprintA, readiness.fingerprintA), ("B", plan.fingerprintB, readiness.fingerprintB),
        ] where expected != found {
            let reason =
                "model \(label) differs: the worker's folder has fingerprint \(found.prefix(16))…, the coordinator's "
                + "\(expected.prefix(16))…: copy the same files to both"
            record("refused: \(reason)", worker: name, at: now)
            effects.append(.send(peer, .refusal(reason)))
            forget(name)
            return
        }
        guard var worker = workers[name] else { return }
        worker.isReady = true
        worker.readySince = worker.readySince ?? now
        worker.capacity = max(1, min(readiness.capacity, 64))
        workers[name] = worker
    }

    // MARK: Loss

    /// Takes a worker for lost: its units are free again.
    /// - Parameter hasLeft: whether it said so itself, so that its units had no part in it.
    mutating func lose(
        _ name: String, because reason: String, hasLeft: Bool = false, at now: Instant, _ effects: inout [Effect]
    ) {
        guard let worker = workers[name], worker.peer != nil else { return }
        let units = worker.leases.compactMap { leases[$0]?.unit }
        let fate =
            units.isEmpty
            ? "it held no unit" : "\(units.map(\.description).joined(separator: ", ")) given out again"
        record("\(hasLeft ? "left" : "lost"): \(reason); \(fate)", worker: name, at: now)
        // Only the unit at the head of its queue can have been the cause.
        if let first = units.first, !hasLeft {
            losses[first, default: 0] += 1
            if losses[first, default: 0] >= limits.lossesPerUnit {
                fail("\(first) was at work on \(limits.lossesPerUnit) workers when they were lost", at: now, &effects)
            }
        }
        forget(name)
    }

    private mutating func forget(_ name: String) {
        guard let worker = workers[name] else { return }
        if let peer = worker.peer { peers[peer] = nil }
        workers[name]?.peer = nil
        workers[name]?.isReady = false
        for lease in worker.leases { takeBack(lease) }
    }

    private mutating func takeBack(_ lease: LeaseID) {
        guard let unit = leases[lease]?.unit else { return }
        release(lease)
        giveBack(unit)
    }

    /// A worker names the leases it holds; one that it should hold and does not know was lost on its way.
    private mutating func reclaimLeases(of name: String, notAmong held: [LeaseID], at now: Instant) {
        guard let worker = workers[name] else { return }
        let grace = 3 * limits.heartbeatSeconds
        for lease in worker.leases where !held.contains(lease) {
            guard let granted = leases[lease]?.granted, now.seconds(since: granted) > grace else { continue }
            takeBack(lease)
            // What travelled with it was lost too.
            workers[name]?.projectionVersion = nil
            workers[name]?.rows = RowSet()
        }
    }

    /// Looks for workers that have fallen silent.
    mutating func watch(at now: Instant, _ effects: inout [Effect]) {
        for name in workerOrder {
            guard let worker = workers[name], worker.peer != nil else { continue }
            let silence = now.seconds(since: worker.lastHeard)
            if silence > limits.silenceSeconds {
                lose(name, because: "not heard for \(Int(silence)) s", at: now, &effects)
            }
        }
    }
}
