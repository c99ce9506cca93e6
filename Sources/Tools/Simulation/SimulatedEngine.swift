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
    private var texts: [Site: Set<Int>] = [:]
    private var ownShards: [UnitID: UInt64] = [:]
    /// Whether it can read the memory of a coordinator, and of which life of it.
    var canMap = false
    private var mapped: Int?

    struct Unprepared: Error {
        var cause: String
    }

    /// Keeps activations that came ahead of units or with one.
    mutating func keep(_ some: RunControl.SiteTexts) { texts[some.site, default: []].formUnion(some.texts) }

    private func require(_ some: some Sequence<Int>, at site: Site) throws(Unprepared) {
        for text in some where texts[site]?.contains(text) != true {
            throw Unprepared(cause: "text \(text) of \(site) is missing")
        }
    }

    /// Most shards that it keeps of its own: bounded by the steps that it may be asked to take itself.
    var ownShardCount: Int { ownShards.count }

    mutating func execute(
        _ grant: SimulatedGrant, in scenario: Scenario, memories: [Int: (version: Int, projection: UInt64)],
        drifts: Bool
    ) throws(Unprepared) -> UInt64 {
        for some in grant.supply.activations { keep(some) }
        try receiveProjection(grant, scenario, drifts: drifts)
        let channel = scenario.plan.channels[0]
        guard let needed = grant.supply.projection?.version else {
            if grant.unit.stage == .extract, let stage = scenario.plan.stages.first(where: { $0.stage == .extract }) {
                for site in scenario.plan.sites {
                    keep(RunControl.SiteTexts(site: site, texts: Array(stage.range(ofUnit: grant.unit.index))))
                }
            }
            if grant.unit.stage == .train { try require(0..<(scenario.blocks?.texts ?? 0), at: .a(channel.k)) }
            return SimulatedMath.answer(grant.unit, projection: nil)
        }
        if let mapped, let memory = memories[mapped] { (version, projection) = memory }
        guard version == needed else { throw Unprepared(cause: "W of step \(version ?? -1) instead of \(needed)") }
        let answer = SimulatedMath.answer(grant.unit, projection: projection)
        if grant.unit.stage == .train, let schedule = scenario.schedule {
            for site in [Site.a(channel.k), .b(channel.j)] {
                try require(scenario.textsOfShards[grant.unit.index], at: site)
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
        let form = grant.supply.projection?.form ?? .held
        if form != .held { mapped = nil }
        switch form {
        case .held: break
        case .initial:
            (projection, version, hasMoments) = (SimulatedMath.initialProjection, 0, true)
            try take(grant, scenario, drifts: drifts)
        case .shared:
            guard canMap, let life = grant.memory else { throw Unprepared(cause: "W cannot be mapped") }
            mapped = life
        case .whole(let withMoments):
            (projection, version, hasMoments) = (grant.whole ?? 0, grant.supply.projection?.version, withMoments)
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
                try require(scenario.textsOfShards[unit.index], at: .a(scenario.plan.channels[0].k))
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
