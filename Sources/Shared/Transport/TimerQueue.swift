/// Something to be done at a moment of the monotonic clock, once.
package final class LoopTimer {
    /// When, in nanoseconds of ``MessageLoop/now``.
    package let deadline: Int64
    var action: (() -> Void)?

    init(deadline: Int64, action: @escaping () -> Void) {
        self.deadline = deadline
        self.action = action
    }

    /// Sees to it that the timer never fires; without effect when it has. Call it on the loop.
    package func cancel() {
        action = nil
    }
}

/// Timers by deadline, those of one deadline in the order in which they were set.
struct TimerQueue {
    /// Sorted, the next one last.
    private var timers: [LoopTimer] = []
    /// At how many timers the cancelled ones among them are thrown out.
    private var sweepAt = 64

    /// The deadline of the next timer that was not cancelled.
    mutating func nextDeadline() -> Int64? {
        while let last = timers.last, last.action == nil { timers.removeLast() }
        return timers.last?.deadline
    }

    mutating func add(deadline: Int64, action: @escaping () -> Void) -> LoopTimer {
        if timers.count >= sweepAt {
            timers.removeAll { $0.action == nil }
            sweepAt = max(64, 2 * timers.count)
        }
        let timer = LoopTimer(deadline: deadline, action: action)
        var low = 0
        var high = timers.count
        while low < high {
            let middle = (low + high) / 2
            // An equal deadline was set earlier and comes first, so it stays behind.
            if timers[middle].deadline > deadline { low = middle + 1 } else { high = middle }
        }
        timers.insert(timer, at: low)
        return timer
    }

    /// Takes the next timer that is due at `now`.
    mutating func popDue(at now: Int64) -> LoopTimer? {
        guard let deadline = nextDeadline(), deadline <= now else { return nil }
        return timers.removeLast()
    }

    mutating func removeAll() {
        for timer in timers { timer.action = nil }
        timers.removeAll()
    }
}
