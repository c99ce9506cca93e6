/// A unit given to a worker, with what it needs and does not hold yet.
package struct Grant: Hashable, Sendable {
    package var lease: LeaseID
    package var id: UnitID
    package var unit: WorkUnit
    /// The W that the unit is computed with; nil where it needs none.
    package var projection: GrantedProjection?
    /// Activations that the unit, or the steps of its W, read and the worker does not hold: a site each.
    package var activations: [TextActivations]
    /// Shards of the same step that are given with this one, and are best computed together with it.
    package var companions: [Companion]

    package init(
        lease: LeaseID, id: UnitID, unit: WorkUnit, projection: GrantedProjection? = nil,
        activations: [TextActivations] = [], companions: [Companion] = []
    ) {
        self.lease = lease
        self.id = id
        self.unit = unit
        self.projection = projection
        self.activations = activations
        self.companions = companions
    }

    /// The companions as grants of their own, once what came for all of them is taken in.
    package var companionGrants: [Grant] {
        companions.map { companion in
            Grant(
                lease: companion.lease, id: companion.id, unit: .train(companion.unit),
                projection: projection.map {
                    GrantedProjection(channel: $0.channel, version: $0.version, supply: .held)
                })
        }
    }
}

/// A unit that is given to a worker together with another of the same step. What it needs has come with that one.
package struct Companion: Hashable, Sendable {
    package var lease: LeaseID
    package var id: UnitID
    package var unit: TrainUnit

    package init(lease: LeaseID, id: UnitID, unit: TrainUnit) {
        self.lease = lease
        self.id = id
        self.unit = unit
    }
}
