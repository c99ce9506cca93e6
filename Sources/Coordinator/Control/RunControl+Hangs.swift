import Run

/// Workers whose heartbeats go on while the unit at work does not: a kernel that never returns, a deadlock. Silence
/// does not show them, and where nobody else is idle no straggler's unit is given out twice, so a lease has a bound
/// of its own.
extension RunControl {
    /// Seconds that a worker may be at a unit before it is taken to hang.
    ///
    /// Doubled with each worker that was lost at the unit: one that just takes very long gets its time.
    func patience(for unit: UnitID) -> Double {
        let measured = isAtWork(unit.stage) && stage.resultCount > 0
        let seconds =
            limits.unitSeconds
            ?? (measured
                ? max(limits.hangSeconds, limits.hangFactor * stage.meanSeconds) : limits.unmeasuredHangSeconds)
        return seconds * Double(1 << min(losses[unit, default: 0], 16))
    }

    /// Looks for workers that hang: their units are given out again, they are told to end, and their processes are
    /// stopped where the host can do that.
    mutating func watchUnits(at now: Instant, _ effects: inout [Effect]) {
        // What the coordinator slept through is nobody's fault.
        if now.seconds(since: lastTick) > limits.silenceSeconds { awakeSince = now }
        lastTick = now
        for place in workers.indices {
            // Units are done in the order in which they were granted, so the first is the one at work.
            guard let peer = workers[place].presence.peer,
                let held = workers[place].leases.first.flatMap({ leases[$0] })
            else { continue }
            let seconds = now.seconds(since: max(held.granted, workers[place].lastAnswer ?? held.granted, awakeSince))
            guard seconds > patience(for: held.unit) else { continue }
            let reason = "hangs: at \(held.unit) for \(Int(seconds)) s while its heartbeats go on"
            // The process first: told to end, it might do so with an exit code, and count as one that cannot work.
            stopProcess(of: place, &effects)
            effects.append(.send(peer, .refusal(reason: "it \(reason)")))
            lose(place, because: reason, as: .barred("it hung at a unit"), at: now, &effects)
        }
    }
}
