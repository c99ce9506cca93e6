import CoordinatorControl
import Run

/// A grant as a simulated worker gets it: the supply's content with it.
struct SimulatedGrant: Hashable {
    var lease: LeaseID
    var unit: UnitID
    var supply: RunControl.Supply
    /// The coordinator's life whose memory W is to be read in.
    var memory: Int?
    /// W where it travels whole.
    var whole: UInt64?
    /// Shards of the steps that the worker takes itself, nil for those that it computed.
    var updates: [(step: Int, shards: [UInt64?])]
    /// W after those steps, as the coordinator has it.
    var checksum: UInt64?

    static func == (a: SimulatedGrant, b: SimulatedGrant) -> Bool { a.lease == b.lease }
    func hash(into hasher: inout Hasher) { hasher.combine(lease) }
}

/// What a worker process holds, and what it makes of a unit.
struct SimulatedEngine {
    private var version: Int?
    private var projection: UInt64 = 0
    private var hasMoments = false
    private var rows: Set<Int> = []
    private var rowsOfA: Set<Int> = []
    private var ownShards: [UnitID: UInt64] = [:]
    /// Whether it can read the memory of a coordinator, and of which life of it.
    var canMap = false
    private var mapped: Int?

    struct Unprepared: Error {
        var cause: String
    }

    /// Keeps A's activations that came ahead of units.
    mutating func keep(_ rows: Range<Int>) { rowsOfA.formUnion(rows) }

    /// Most shards that it keeps of its own: bounded by the steps that it may be asked to take itself.
    var ownShardCount: Int { ownShards.count }

    mutating func execute(
        _ grant: SimulatedGrant, in scenario: Scenario, memories: [Int: (version: Int, projection: UInt64)],
        drifts: Bool
    ) throws(Unprepared) -> UInt64 {
        rows.formUnion(grant.supply.rows)
        for row in grant.supply.rowsOfB where rowsOfA.contains(row) { rows.insert(row) }
        rowsOfA.formUnion(grant.supply.rows)
        rowsOfA.formUnion(grant.supply.rowsOfA)
        try receiveProjection(grant, scenario, drifts: drifts)
        guard let needed = grant.supply.version else {
            if grant.unit.stage == .extract, let stage = scenario.plan.stages.first(where: { $0.stage == .extract }) {
                rows.formUnion(stage.rows(ofUnit: grant.unit.index))
                rowsOfA.formUnion(stage.rows(ofUnit: grant.unit.index))
            }
            if grant.unit.stage == .train {
                for row in 0..<(scenario.blocks?.rows ?? 0) where !rowsOfA.contains(row) {
                    throw Unprepared(cause: "row \(row) of A is missing")
                }
            }
            return SimulatedMath.answer(grant.unit, projection: nil)
        }
        if let mapped, let memory = memories[mapped] { (version, projection) = memory }
        guard version == needed else { throw Unprepared(cause: "W of step \(version ?? -1) instead of \(needed)") }
        let answer = SimulatedMath.answer(grant.unit, projection: projection)
        if grant.unit.stage == .train, let schedule = scenario.schedule {
            for row in scenario.rowsOfShards[grant.unit.index] where !rows.contains(row) {
                throw Unprepared(cause: "row \(row) is missing")
            }
            if mapped == nil { ownShards[grant.unit] = answer }
            let first = (needed - scenario.limits.replaySteps) * schedule.shardsPerStep
            for old in ownShards.keys where old.index < first { ownShards[old] = nil }
        }
        return answer
    }

    private mutating func receiveProjection(
        _ grant: SimulatedGrant, _ scenario: Scenario, drifts: Bool
    ) throws(Unprepared) {
        if grant.supply.projection != .held { mapped = nil }
        switch grant.supply.projection {
        case .held: break
        case .initial:
            (projection, version, hasMoments) = (SimulatedMath.initialProjection, 0, true)
            try take(grant, scenario, drifts: drifts)
        case .shared:
            guard canMap, let life = grant.memory else { throw Unprepared(cause: "W cannot be mapped") }
            mapped = life
        case .whole(let withMoments):
            (projection, version, hasMoments) = (grant.whole ?? 0, grant.supply.version, withMoments)
        case .replay(let from, _):
            guard version == from, hasMoments else {
                throw Unprepared(cause: "W of step \(version ?? -1) instead of \(from)")
            }
            try take(grant, scenario, drifts: drifts)
        }
    }

    private mutating func take(_ grant: SimulatedGrant, _ scenario: Scenario, drifts: Bool) throws(Unprepared) {
        guard let schedule = scenario.schedule else { return }
        for update in grant.updates {
            var shards: [UInt64] = []
            for (shard, value) in update.shards.enumerated() {
                let unit = UnitID(.train, update.step * schedule.shardsPerStep + shard)
                guard let value = value ?? ownShards[unit] else { throw Unprepared(cause: "no own \(unit)") }
                for row in scenario.rowsOfShards[unit.index] where !rowsOfA.contains(row) {
                    throw Unprepared(cause: "row \(row) of A is missing")
                }
                shards.append(value)
            }
            projection = SimulatedMath.step(projection, shards: shards)
            version = update.step + 1
        }
        if drifts { projection ^= 1 }
        guard projection == grant.checksum else {
            (version, hasMoments) = (nil, false)
            throw Unprepared(cause: "W differs from the coordinator's")
        }
    }
}
