import Testing

@testable import WorkerEngine

/// How a worker's time on a unit is told apart by what it was busy with, and shared by the unit's conditions.
struct UnitSpendingTests {
    private let begin = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { begin + .seconds(seconds) }

    private func near(_ found: [Double], _ expected: [Double]) -> Bool {
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-9 }
    }

    @Test func `each part is shared by the conditions' own work in it`() {
        var spending = UnitSpending()
        spending.resume(at: at(0))
        spending.enter(.answers, at: at(4))
        spending.pause(at: at(5))
        // Another unit's turn, in which a step took the unit's sequences on as well.
        spending.add(3)
        spending.resume(at: at(20))
        spending.enter(.likelihoods, at: at(22))
        spending.pause(at: at(23))
        spending.note([0, 3, 1], of: .messages)
        spending.note([1, 1, 4], of: .answers)
        spending.note([1, 1, 2], of: .likelihoods)
        // 4 s of messages, 1 + 3 + 2 s of answers, 1 s of likelihoods: 0 + 1 + 0.25 s, and so on.
        #expect(near(spending.byCondition(count: 3), [1.25, 4.25, 5.5]))
    }

    @Test func `what no condition's work accounts for is shared by all alike`() {
        var spending = UnitSpending()
        spending.resume(at: at(0))
        spending.enter(.answers, at: at(2))
        spending.pause(at: at(6))
        spending.note([0, 0], of: .messages)
        #expect(near(spending.byCondition(count: 2), [3, 3]))
        #expect(spending.byCondition(count: 0) == [])
    }

    @Test func `while another unit is at work no time passes`() {
        var spending = UnitSpending()
        spending.enter(.answers, at: at(1))
        spending.pause(at: at(9))
        #expect(spending.byCondition(count: 1) == [0])
    }
}
