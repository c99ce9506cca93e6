import CoordinatorControl
import Run
import Testing

/// What travels with a unit of the training.
struct SupplyTests {
    private static let schedule = TrainingSchedule(textCount: 8, epochs: 4, batch: 4, shardTexts: 2, seed: 1)

    private var control: RunControl
    private var seconds = 0.0
    private var supplies: [UnitID: RunControl.Supply] = [:]
    private var granted: [(peer: UInt8, lease: LeaseID, unit: UnitID)] = []

    init() {
        control = Self.control(RunLimits(), dimensionA: 0, dimensionB: 0)
    }

    private static func control(_ limits: RunLimits, dimensionA: Int, dimensionB: Int) -> RunControl {
        var limits = limits
        limits.replaySteps = 32
        let plan = RunPlan(
            run: "run", stages: [StagePlan(.train, .steps(schedule), channels: 1)], fingerprintA: "a",
            fingerprintB: "b", dimensionA: dimensionA, dimensionB: dimensionB)
        var control = RunControl(RunControl.Beginning(plan: plan, limits: limits, now: .seconds(0)))
        _ = control.start(at: .seconds(0))
        return control
    }

    private mutating func share(workers: Int = .max) {
        var limits = RunLimits()
        limits.sharingHost = "host"
        limits.sharingWorkers = workers
        control = Self.control(limits, dimensionA: 100, dimensionB: 100)
    }

    private mutating func tell(_ event: RunControl.Event) {
        for effect in control.handle(event, at: .seconds(seconds)) {
            switch effect {
            case .send(let peer, .grant(let given)):
                supplies[given.unit] = given.supply
                granted.append((peer.bytes[0], given.lease, given.unit))
            case .applyStep(let step): tell(.stepApplied(step: step, loss: 1))
            default: break
            }
        }
        #expect(control.violation() == nil)
    }

    private mutating func join(_ peer: UInt8, host: String = "host") {
        let registration = Registration(
            softwareVersion: "1", worker: "w\(peer)", host: host, processID: Int32(peer), deviceKind: "cpu")
        tell(.message(PeerID([peer]), .register(registration)))
        tell(.message(PeerID([peer]), .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 8))))
    }

    private mutating func answer(_ grant: (peer: UInt8, lease: LeaseID, unit: UnitID)) {
        tell(.message(PeerID([grant.peer]), .result(run: "run", lease: grant.lease, unit: grant.unit, result: "d")))
    }

    /// Answers all that is out until `steps` steps are taken.
    private mutating func work(until steps: Int) {
        while control.stepsApplied < steps, !granted.isEmpty { answer(granted.removeFirst()) }
    }

    private func supply(_ index: Int) -> RunControl.Supply? { supplies[UnitID(.train, index)] }

    private func form(_ index: Int) -> RunControl.Supply.Form? { supply(index)?.projection?.form }

    @Test mutating func `a worker on this host is told once where W lies`() {
        share()
        join(1)
        #expect(form(0) == .shared)
        work(until: 3)
        #expect((1..<8).allSatisfy { form($0) == .held })
        #expect(supply(6)?.projection?.version == 3)
    }

    @Test mutating func `a worker on another host is given W otherwise`() {
        share()
        join(1, host: "elsewhere")
        #expect(form(0) == .initial)
        work(until: 1)
        #expect(form(2) == .replay(from: 0, own: [UnitID(.train, 0), UnitID(.train, 1)]))
    }

    @Test mutating func `a worker that cannot map W is given it otherwise from then on, and the status says so`() {
        share()
        join(1)
        for grant in granted {
            tell(.message(PeerID([1]), .unprepared(lease: grant.lease, unit: grant.unit, cause: "W cannot be mapped")))
        }
        let second = granted.dropFirst(2)
        #expect(second.map(\.unit.index) == [0, 1])
        #expect(form(0) == .initial)
        let faults = control.status(at: .seconds(0)).faults
        #expect(faults.map(\.what) == ["was not prepared for train/0: W cannot be mapped; it is sent everything again"])
    }

    @Test mutating func `a straggler whose W has moved on is no fault`() {
        share()
        join(1)
        join(2)
        let (first, second) = (granted[0], granted[1])
        answer(first)
        // The second shard is given to the first worker too, whose answer ends the step.
        seconds = 200
        tell(.message(PeerID([1]), .heartbeat(Heartbeat([]))))
        tell(.message(PeerID([2]), .heartbeat(Heartbeat([second.lease]))))
        tell(.tick)
        let copy = granted.last { $0.unit == second.unit && $0.peer == first.peer }
        if let copy { answer(copy) }
        #expect(copy != nil && control.stepsApplied == 1)
        let faults = control.status(at: .seconds(seconds)).faultCount
        tell(.message(PeerID([second.peer]), .unprepared(lease: second.lease, unit: second.unit, cause: "W has moved")))
        #expect(control.status(at: .seconds(seconds)).faultCount == faults)
        work(until: 3)
        #expect((4..<8).allSatisfy { form($0) == .held })
    }

    @Test mutating func `no more workers of this host are given shards than have cores to themselves`() {
        share(workers: 1)
        join(1)
        join(2)
        join(3, host: "elsewhere")
        granted = []
        tell(.message(PeerID([1]), .goodbye(reason: "over")))
        #expect(Set(granted.map(\.peer)) == [2, 3])
    }

    @Test mutating func `a late worker takes the steps so far itself where that is fewer bytes than W`() {
        control = Self.control(RunLimits(), dimensionA: 100, dimensionB: 100)
        join(1)
        work(until: 2)
        join(2)
        tell(.message(PeerID([1]), .goodbye(reason: "over")))
        let late = supply(4)
        #expect(late?.projection?.form == .initial)
        #expect(late?.activations.first { $0.site == .a(0) }?.texts.count == 8)
    }

    @Test mutating func `a late worker is given W whole where that is fewer bytes than the steps`() {
        control = Self.control(RunLimits(), dimensionA: 2, dimensionB: 2)
        join(1)
        work(until: 5)
        join(2)
        tell(.message(PeerID([1]), .goodbye(reason: "over")))
        #expect(form(10) == .whole(withMoments: true))
    }

    @Test mutating func `of a text whose A is held only B travels`() {
        control = Self.control(RunLimits(), dimensionA: 100, dimensionB: 100)
        join(1)
        join(2)
        // Each has computed half of the texts, and taken the steps of the others': it holds A of all but the last step.
        work(until: Self.schedule.stepsPerEpoch + 1)
        let later = supplies.filter { $0.key.index >= Self.schedule.stepsPerEpoch * Self.schedule.shardsPerStep }
        func texts(_ supply: RunControl.Supply, at site: Site) -> [Int] {
            supply.activations.first { $0.site == site }?.texts ?? []
        }
        #expect(later.values.contains { texts($0, at: .a(0)).isEmpty && !texts($0, at: .b(0)).isEmpty })
        for (unit, supply) in later {
            let (a, b) = (texts(supply, at: .a(0)), texts(supply, at: .b(0)))
            let both = b.filter(a.contains)
            #expect(both.isEmpty || both == b, "\(unit)")
        }
    }

    @Test func `each channel's W travels once to a worker, with the first unit that needs it`() {
        var limits = RunLimits()
        limits.sharingHost = "host"
        let channels = [Channel(k: 2, j: 2), Channel(k: 2, j: 4)]
        let stage = Stage.evaluate(task: "squad")
        let plan = RunPlan(
            run: "run", stages: [StagePlan(stage, .ranges(of: 6, size: 2, times: 2), channels: 2)], channels: channels,
            fingerprintA: "a", fingerprintB: "b")
        for (host, form) in [("host", RunControl.Supply.Form.shared), ("elsewhere", .whole(withMoments: false))] {
            var test = SupplyTests()
            test.control = RunControl(
                RunControl.Beginning(plan: plan, limits: limits, stepsApplied: 7, now: .seconds(0)))
            _ = test.control.start(at: .seconds(0))
            test.join(1, host: host)
            while !test.granted.isEmpty { test.answer(test.granted.removeFirst()) }
            let projections = (0..<6).compactMap { test.supplies[UnitID(stage, $0)]?.projection }
            #expect(projections.map(\.channel) == [0, 0, 0, 1, 1, 1].map { channels[$0] })
            #expect(projections.map(\.form) == [form, .held, .held, form, .held, .held])
            #expect(projections.allSatisfy { $0.version == 7 })
        }
    }

    @Test func `of the W's that travel a worker is counted on for those used last`() {
        let stage = Stage.evaluate(task: "squad")
        let channels = (0...MessageLimits.heldProjections).map { Channel(k: $0, j: 0) }
        let count = channels.count
        let plan = RunPlan(
            run: "run", stages: [StagePlan(stage, .independent(units: count), channels: count)],
            channels: channels, fingerprintA: "a", fingerprintB: "b")
        var test = SupplyTests()
        test.control = RunControl(
            RunControl.Beginning(plan: plan, limits: RunLimits(), stepsApplied: 7, now: .seconds(0)))
        _ = test.control.start(at: .seconds(0))
        test.join(1)
        while !test.granted.isEmpty { test.answer(test.granted.removeFirst()) }
        let forms = (0..<count).compactMap { test.supplies[UnitID(stage, $0)]?.projection?.form }
        #expect(forms == [RunControl.Supply.Form](repeating: .whole(withMoments: false), count: count))
    }

    @Test func `a W that cannot be mapped is given otherwise, and so are those of all channels`() {
        var limits = RunLimits()
        limits.sharingHost = "host"
        let stage = Stage.evaluate(task: "squad")
        let plan = RunPlan(
            run: "run", stages: [StagePlan(stage, .independent(units: 2), channels: 2)],
            channels: [Channel(k: 2, j: 2), Channel(k: 2, j: 4)], fingerprintA: "a", fingerprintB: "b")
        var test = SupplyTests()
        test.control = RunControl(RunControl.Beginning(plan: plan, limits: limits, stepsApplied: 7, now: .seconds(0)))
        _ = test.control.start(at: .seconds(0))
        test.join(1)
        #expect(test.granted.map(\.unit.index) == [0, 1])
        for grant in test.granted {
            test.tell(
                .message(PeerID([1]), .unprepared(lease: grant.lease, unit: grant.unit, cause: "W cannot be mapped")))
        }
        #expect((0..<2).allSatisfy { test.supplies[UnitID(stage, $0)]?.projection?.form == .whole(withMoments: false) })
    }
}
