import CoordinatorControl
import Reports
import Run
import Testing

@testable import CoordinatorHost

/// What workers say that they spent counts with the result that it is of, once.
struct SpendingTests {
    private let id = UnitID(.evaluate(task: "squad"), 3)
    private let unit = EvaluateUnit(
        task: "squad", channel: Channel(k: 1, j: 2),
        conditions: [Condition("silent", .b, reads: .b), Condition("injected", .b, reads: .b, told: .zero)],
        items: [EvaluationItem(id: "a", prompts: [:]), EvaluationItem(id: "b", prompts: [:])], form: .choice)
    private let one = PeerID([1])
    private let other = PeerID([2])

    private func timing(_ condition: String, _ answers: Int, _ seconds: Double) -> TimingReport.ConditionTiming {
        .init(
            stage: id.stage, channel: unit.channel, condition: condition, answers: answers, seconds: seconds)
    }

    @Test func `seconds count by condition, for as many answers as there are items`() {
        var spending = Spending()
        spending.take([1, 2], of: id, lease: LeaseID(1), from: one)
        spending.take([0.5, 4], of: id, lease: LeaseID(2), from: other)
        #expect(spending.timings.isEmpty)
        spending.count(unit, id, lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(2), from: other)
        #expect(spending.timings == [timing("silent", 4, 1.5), timing("injected", 4, 6)])
    }

    @Test func `what does not fit, or is said twice, counts for nothing`() {
        var spending = Spending()
        spending.take([1, 2], of: id, lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(9), from: one)
        spending.take([1], of: id, lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(1), from: one)
        spending.take([1, 1e300], of: id, lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(1), from: one)
        spending.take([1, 2], of: UnitID(id.stage, 4), lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(1), from: other)
        #expect(spending.timings.isEmpty)
        spending.take([7, 7], of: id, lease: LeaseID(1), from: one)
        spending.take([1, 2], of: id, lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(1), from: one)
        #expect(spending.timings == [timing("silent", 2, 1), timing("injected", 2, 2)])
    }

    @Test func `what is no time counts for nothing, and who went away shuts out nobody`() {
        var spending = Spending()
        for flaw: Double in [-1, .nan, -1e300] {
            spending.take([1, flaw], of: id, lease: LeaseID(1), from: one)
            spending.count(unit, id, lease: LeaseID(1), from: one)
        }
        #expect(spending.timings.isEmpty)
        for gone in 0..<5000 {
            spending.take([9, 9], of: id, lease: LeaseID(7), from: PeerID([9, UInt8(gone >> 8), UInt8(gone & 255)]))
        }
        spending.take([1, 2], of: id, lease: LeaseID(1), from: one)
        spending.count(unit, id, lease: LeaseID(1), from: one)
        #expect(spending.timings == [timing("silent", 2, 1), timing("injected", 2, 2)])
    }
}
