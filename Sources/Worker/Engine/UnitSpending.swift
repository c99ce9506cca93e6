/// What a unit of answers takes of its worker's time.
///
/// Units are worked on together, and a unit serves several conditions: so time is told apart by what the unit was busy
/// with, and each part is shared by the conditions as their own work has it.
struct UnitSpending {
    /// What a unit is busy with.
    enum Part: CaseIterable {
        /// What one model tells the other.
        case messages
        /// The answers.
        case answers
        /// How likely the right answers are.
        case likelihoods
    }

    private var part = Part.messages
    private var seconds: [Part: Double] = [:]
    /// When it began to be at work on the part; nil where another unit is at work.
    private var since: ContinuousClock.Instant?
    /// Of each part each condition's work, in any measure of the part's own.
    private var work: [Part: [Double]] = [:]

    mutating func resume(at now: ContinuousClock.Instant = .now) { since = now }

    mutating func pause(at now: ContinuousClock.Instant = .now) {
        if let since { add((now - since) / .seconds(1)) }
        since = nil
    }

    mutating func enter(_ next: Part, at now: ContinuousClock.Instant = .now) {
        guard since != nil else {
            part = next
            return
        }
        pause(at: now)
        part = next
        resume(at: now)
    }

    /// Seconds that others worked on it, such as its share of a step that several units' sequences took together.
    mutating func add(_ more: Double) { seconds[part, default: 0] += more }

    mutating func note(_ work: [Double], of part: Part) { self.work[part] = work }

    /// In the unit's order; what no condition's work accounts for is shared by all alike.
    func byCondition(count: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: count)
        for part in Part.allCases {
            guard let seconds = seconds[part], seconds > 0, count > 0 else { continue }
            let work = work[part] ?? []
            let total = work.reduce(0, +)
            for place in sums.indices {
                sums[place] += seconds * (work.count == count && total > 0 ? work[place] / total : 1 / Double(count))
            }
        }
        return sums
    }
}
