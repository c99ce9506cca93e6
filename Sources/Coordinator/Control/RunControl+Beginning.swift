package import Run

extension RunControl {
    /// What a control begins with. It and the events that follow decide all effects.
    package struct Beginning: Codable, Hashable, Sendable {
        package var plan: RunPlan
        package var limits: RunLimits
        /// Units already on disk, with their results' digests.
        package var completed: [UnitID: String]
        /// Training steps that W has taken; of one that comes from a file, a number above 0 that stands for it.
        package var stepsApplied: Int
        package var deviceKind: DeviceKind?
        /// Lease numbers start here. A coordinator that goes on with a run passes a number that no earlier one has
        /// reached, so that an old lease never names a new grant.
        package var firstLease: UInt64
        package var now: Instant

        package init(
            plan: RunPlan, limits: RunLimits, completed: [UnitID: String] = [:], stepsApplied: Int = 0,
            deviceKind: DeviceKind? = nil, firstLease: UInt64 = 1, now: Instant
        ) {
            self.plan = plan
            self.limits = limits
            self.completed = completed
            self.stepsApplied = stepsApplied
            self.deviceKind = deviceKind
            self.firstLease = firstLease
            self.now = now
        }
    }
}
