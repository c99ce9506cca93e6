import Run

/// The run's faults: what went wrong, in a bounded list. What happens again and again takes one place in it.
extension RunControl {
    mutating func record(_ what: String, worker: String?, at now: Instant) {
        faultCount += 1
        faults.append(Fault(atSeconds: now.seconds(since: started), worker: worker.map(bounded), what: bounded(what)))
        if faults.count > limits.faults { faults.removeFirst(faults.count - limits.faults) }
    }

    /// Records what a peer may do as often as it likes: the first time as a fault of its own, afterwards by counting
    /// on in that fault.
    /// - Parameter cause: what is counted together; a peer, in the main.
    mutating func recordAgain(_ what: String, cause: RepeatedFault.Cause, worker: String?, at now: Instant) {
        var cause = cause
        if repeated[cause] == nil, repeated.count >= limits.faultCauses { cause = .others }
        let count = (repeated[cause]?.count ?? 0) + 1
        let subject = cause == .others ? "others did likewise; the last: " : ""
        let text = bounded(subject + what) + (count > 1 ? " (\(count) times)" : "")
        let name = cause == .others ? nil : worker.map(bounded)
        let shown = repeated[cause]?.text
        repeated[cause] = RepeatedFault(count: count, text: text)
        if let shown, let place = faults.lastIndex(where: { $0.what == shown && $0.worker == name }) {
            faults[place].what = text
        } else {
            record(text, worker: name, at: now)
        }
    }

    /// Keeps an alarm apart from the faults, among which it would be lost, until it is settled.
    mutating func raise(_ what: String, on unit: UnitID, at now: Instant) {
        if let place = alarms.firstIndex(where: { $0.unit == unit }) {
            alarms[place].fault.what = bounded(what)
        } else if alarms.count < limits.faults {
            let fault = Fault(atSeconds: now.seconds(since: started), worker: nil, what: bounded(what))
            alarms.append(Alarm(unit: unit, fault: fault))
        }
    }

    /// The alarm on a unit is over, if there is one.
    mutating func settleAlarm(on unit: UnitID) { alarms.removeAll { $0.unit == unit } }

    /// Text from outside, cut to what a status may hold of it.
    private func bounded(_ text: String) -> String {
        text.utf8.count <= limits.faultBytes ? text : text.prefix(limits.faultBytes / 4) + "…"
    }
}

/// Two answers to a unit differ, and it is not known which is right.
struct Alarm: Hashable, Sendable {
    var unit: UnitID
    var fault: Fault
}

/// Something that happened several times, and how the list of faults shows it.
struct RepeatedFault: Hashable, Sendable {
    enum Cause: Hashable, Sendable {
        /// Somebody without a part in the run, by the address.
        case stranger(String, reason: String)
        /// A worker, by its name.
        case worker(String)
        /// Whoever came when the account was full.
        case others
    }

    var count: Int
    var text: String
}
