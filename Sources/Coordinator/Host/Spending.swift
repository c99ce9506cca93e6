import CoordinatorControl
import Reports
import Run

/// What workers spent on the answers of this session, by task, channel and condition.
struct Spending {
    private struct Key: Hashable {
        var stage: Stage
        var channel: Channel
        var condition: String
    }

    /// The latest that each worker said, until the result that it is of.
    private var told: [PeerID: (lease: LeaseID, unit: UnitID, seconds: [Double])] = [:]
    private var sums: [Key: (answers: Int, seconds: Double)] = [:]
    /// In the order in which they came.
    private var keys: [Key] = []

    /// Workers that are remembered: as many as have said something and returned nothing.
    private static let toldLimit = 4096
    /// More than a unit takes anywhere.
    private static let longest = 1e7

    mutating func take(_ seconds: [Double], of unit: UnitID, lease: LeaseID, from peer: PeerID) {
        // Those who have gone return nothing any more: what they said must not shut out what others say.
        if told.count >= Self.toldLimit, told[peer] == nil { told = [:] }
        told[peer] = (lease, unit, seconds)
    }

    /// Counts what was said of a unit, now that its result has come.
    mutating func count(_ unit: EvaluateUnit, _ id: UnitID, lease: LeaseID, from peer: PeerID) {
        guard let told = told.removeValue(forKey: peer), told.lease == lease, told.unit == id,
            told.seconds.count == unit.conditions.count, told.seconds.allSatisfy((0...Self.longest).contains)
        else { return }
        for (condition, seconds) in zip(unit.conditions, told.seconds) {
            let key = Key(stage: id.stage, channel: unit.channel, condition: condition.name)
            if sums[key] == nil { keys.append(key) }
            sums[key, default: (0, 0)].answers += unit.items.count
            sums[key, default: (0, 0)].seconds += seconds
        }
    }

    /// What there is so far.
    var timings: [TimingReport.ConditionTiming] {
        keys.map { key in
            let sum = sums[key] ?? (0, 0)
            return TimingReport.ConditionTiming(
                stage: key.stage, channel: key.channel, condition: key.condition, answers: sum.answers,
                seconds: sum.seconds)
        }
    }
}
