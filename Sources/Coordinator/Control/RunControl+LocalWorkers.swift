import Run

/// The workers that the coordinator starts on its own machine, by number: each is one process after another.
///
/// A process that is killed or crashes is followed by another one, up to ``RunLimits/workerRestarts`` of them within
/// ``RunLimits/restartSeconds``, and so is one that was stopped because it hung. One that ends with an exit code of its own is not: it has said why it cannot
/// work (a broken model file, say), and another one would say the same.
extension RunControl {
    /// Takes note of the workers that the host can start, and has it start them.
    mutating func employ(_ count: Int, on host: String, othersMayCome: Bool, _ effects: inout [Effect]) {
        guard life == .running, localProcesses.slots.isEmpty else { return }
        localProcesses = LocalProcesses(
            host: host, othersMayCome: othersMayCome, slots: [LocalProcesses.Slot](repeating: .starting, count: count))
        for number in 0..<count { effects.append(.startWorker(number)) }
    }

    mutating func noteStart(_ number: Int, processID: Int32) {
        guard localProcesses.slots.indices.contains(number), case .starting = localProcesses.slots[number] else {
            return
        }
        localProcesses.slots[number] = .running(processID: processID, isStopped: false)
    }

    /// A process could not even be started.
    mutating func noteFailedStart(_ number: Int, why: String, at now: Instant, _ effects: inout [Effect]) {
        guard localProcesses.slots.indices.contains(number), case .starting = localProcesses.slots[number] else {
            return
        }
        localProcesses.slots[number] = .ended
        record("local worker \(number) cannot be started: \(why)", worker: nil, at: now)
        failWithoutWorkers("it cannot be started: \(why)", at: now, &effects)
    }

    mutating func noteEnd(
        _ number: Int, processID: Int32, _ ending: ProcessEnding, at now: Instant, _ effects: inout [Effect]
    ) {
        guard localProcesses.slots.indices.contains(number),
            case .running(processID, let isStopped) = localProcesses.slots[number]
        else { return }
        for place in workers.indices where isLocal(place, processID) {
            if workers[place].presence.peer == nil {
                record("its process \(ending)", worker: workers[place].registration.worker, at: now)
            }
            lose(place, because: "its process \(ending)", at: now, &effects)
        }
        let mayWork = if case .signal = ending { true } else { isStopped }
        localProcesses.restarts.removeAll { now.seconds(since: $0) > limits.restartSeconds }
        if mayWork, life == .running, localProcesses.restarts.count < limits.workerRestarts {
            localProcesses.restarts.append(now)
            localProcesses.slots[number] = .starting
            effects.append(.startWorker(number))
        } else {
            localProcesses.slots[number] = .ended
            failWithoutWorkers("the last one \(ending)", at: now, &effects)
        }
    }

    /// Has the process of a worker that hangs killed, if it is one of those started here; another one follows it.
    mutating func stopProcess(of place: Int, _ effects: inout [Effect]) {
        for number in localProcesses.slots.indices {
            guard case .running(let processID, _) = localProcesses.slots[number], isLocal(place, processID) else {
                continue
            }
            localProcesses.slots[number] = .running(processID: processID, isStopped: true)
            effects.append(.stopWorker(number))
        }
    }

    /// Whether the worker is that process of this machine. What it says of itself is believed where it came by the
    /// private socket only, or anybody could have a process killed by giving its number.
    private func isLocal(_ place: Int, _ processID: Int32) -> Bool {
        workers[place].isOwn && workers[place].registration.processID == processID
            && workers[place].registration.host == localProcesses.host
    }

    /// Where others may connect, work can go on without local workers.
    private mutating func failWithoutWorkers(_ why: String, at now: Instant, _ effects: inout [Effect]) {
        guard life == .running, !localProcesses.othersMayCome, localProcesses.slots.allSatisfy({ $0 == .ended }) else {
            return
        }
        fail("no worker is left: \(why)", at: now, &effects)
    }

    /// The local workers that the host has been told to start and not said to have started.
    package var startingWorkers: [Int] { localProcesses.slots.indices.filter { localProcesses.slots[$0] == .starting } }

    var violationOfLocalWorkers: String? {
        if localProcesses.restarts.count > limits.workerRestarts { return "\(localProcesses.restarts.count) restarts" }
        let isDeserted = !localProcesses.slots.isEmpty && localProcesses.slots.allSatisfy { $0 == .ended }
        if isDeserted, life == .running, !localProcesses.othersMayCome { return "nobody is left and the run goes on" }
        let running = localProcesses.slots.compactMap {
            if case .running(let processID, _) = $0 { processID } else { nil }
        }
        return Set(running).count == running.count ? nil : "two local workers are one process: \(running)"
    }
}

/// What the coordinator knows of the processes that it has had started.
struct LocalProcesses: Hashable, Sendable {
    /// A worker's life, one process after another.
    enum Slot: Hashable, Sendable {
        /// The host was told to start a process.
        case starting
        /// - isStopped: whether the host was told to kill it because it hangs.
        case running(processID: Int32, isStopped: Bool)
        /// No process follows any more.
        case ended
    }

    var host = ""
    /// Whether workers may come that were not started here.
    var othersMayCome = true
    /// By number.
    var slots: [Slot] = []
    /// When processes were started in the place of others, lately.
    var restarts: [Instant] = []
}

/// How a process ended.
package enum ProcessEnding: Codable, Hashable, Sendable, CustomStringConvertible {
    /// It was killed, or crashed.
    case signal(Int32)
    /// - lastLine: the last that it printed.
    case exitCode(Int32, lastLine: String?)

    package var description: String {
        switch self {
        case .signal(let signal): "was killed by signal \(signal)"
        case .exitCode(let code, let line): "ended with exit code \(code)" + (line.map { " (\($0))" } ?? "")
        }
    }
}
