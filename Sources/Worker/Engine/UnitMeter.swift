import Locking
package import Run

/// How far the units at work are: told on the engine's thread, asked on any.
package final class UnitMeter: @unchecked Sendable {  // under `lock`
    private let lock = Lock()
    private var shares: [LeaseID: Double] = [:]
    private var spendings: [LeaseID: [Double]] = [:]

    package init() {}

    /// How much of a lease's unit is done, 0 to 1; 0 of one that has not been begun.
    package func share(of lease: LeaseID) -> Double { lock.withLock { shares[lease] ?? 0 } }

    /// What is told of a unit never goes back.
    func note(_ share: Double, of lease: LeaseID) {
        lock.withLock { shares[lease] = min(1, max(share, shares[lease] ?? 0)) }
    }

    /// Seconds that a unit of answers took, by its conditions, once it is whole; told once.
    package func takeSpending(of lease: LeaseID) -> [Double]? { lock.withLock { spendings.removeValue(forKey: lease) } }

    func note(spending: [Double], of lease: LeaseID) { lock.withLock { spendings[lease] = spending } }

    func forget(_ lease: LeaseID) { lock.withLock { shares[lease] = nil } }
}
