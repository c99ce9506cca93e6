import CoordinatorControl
import Run
import Simulation
import Testing

/// Decisions of the coordinator where W is trained by its rows.
struct RowBlockTests {
    private static let schedule = TrainingSchedule(rowCount: 70, epochs: 2, batch: 4, shardRows: 2, seed: 1)

    private var control: RunControl
    private var seconds = 0.0

    init() {
        control = Self.control()
        _ = control.start(at: .seconds(0))
    }

    private static func control(completed: [UnitID: String] = [:]) -> RunControl {
        let plan = RunPlan(
            run: "run",
            stages: [
                StagePlan(.extract, .rows(rowCount: 70, rowsPerUnit: 35)),
                StagePlan(.train, .blocks(count: 5, schedule)),
                StagePlan(.evaluate(task: "squad"), .independent(units: 2), needsProjection: true),
            ], fingerprintA: "a", fingerprintB: "b")
        let extracted = [UnitID(.extract, 0): "d", UnitID(.extract, 1): "d"]
        return RunControl(
            plan: plan, limits: RunLimits(), completed: extracted.merging(completed) { $1 }, now: .seconds(0))
    }

    /// Tells an event, and of what follows does what a host does at once.
    private mutating func tell(_ event: RunControl.Event, after delay: Double = 0) -> [RunControl.Effect] {
        seconds += delay
        var effects = control.handle(event, at: .seconds(seconds))
        #expect(control.violation() == nil)
        for case .completeStage(let stage) in effects { effects += tell(.stageCompleted(stage)) }
        return effects
    }

    private mutating func join(_ name: String, _ byte: UInt8) -> [RunControl.Message] {
        _ = tell(
            .message(
                PeerID([byte]),
                .register(
                    Registration(softwareVersion: "1", worker: name, host: "h", processID: 1, deviceKind: "cpu"))))
        return messages(
            tell(.message(PeerID([byte]), .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 8)))))
    }

    private mutating func answer(_ unit: UnitID, lease: LeaseID, _ byte: UInt8) -> [RunControl.Message] {
        let effects = tell(.message(PeerID([byte]), .result(run: "run", lease: lease, unit: unit, digest: "d")))
        return messages(effects) + messages(tell(.persisted(unit)))
    }

    private func messages(_ effects: [RunControl.Effect]) -> [RunControl.Message] {
        effects.compactMap { if case .send(_, let message) = $0 { message } else { nil } }.filter { $0 != .heartbeat }
    }

    private func parts(_ messages: [RunControl.Message]) -> [Range<Int>] {
        messages.compactMap { if case .activations(let rows) = $0 { rows } else { nil } }
    }

    private func grants(_ messages: [RunControl.Message]) -> [(lease: LeaseID, unit: UnitID, RunControl.Supply)] {
        messages.compactMap { message in
            if case .grant(let lease, let unit, let supply) = message { (lease, unit, supply) } else { nil }
        }
    }

    /// The coordinator begins with the extraction on disk.
    private mutating func begin() { _ = tell(.stageCompleted(.extract)) }

    @Test mutating func `activations travel once to each worker, ahead of its first block`() {
        begin()
        let first = join("w", 1)
        #expect(parts(first) == [0..<32, 32..<64, 64..<70])
        guard case .activations = first.first, case .grant = first.last else {
            Issue.record("parts come before the grants: \(first)")
            return
        }
        #expect(grants(first).map(\.unit) == [UnitID(.train, 0), UnitID(.train, 1)])
        #expect(grants(first).allSatisfy { $0.2 == RunControl.Supply() })
        let next = answer(UnitID(.train, 0), lease: grants(first)[0].lease, 1)
        #expect(grants(next).map(\.unit) == [UnitID(.train, 2)])
        #expect(parts(next).isEmpty)
        #expect(parts(join("v", 2)).count == 3)
    }

    @Test func `rows that a worker extracted itself do not travel to it`() {
        var test = RowBlockTests()
        test.control = RunControl(
            plan: Self.control().plan, limits: RunLimits(), completed: [UnitID(.extract, 1): "d"], now: .seconds(0))
        _ = test.control.start(at: .seconds(0))
        let extraction = test.grants(test.join("w", 1))
        #expect(extraction.map(\.unit) == [UnitID(.extract, 0)])
        // It holds the rows 0 ..< 35: the first part whole, of the second some.
        let training = test.answer(UnitID(.extract, 0), lease: extraction[0].lease, 1)
        #expect(test.parts(training) == [32..<64, 64..<70])
    }

    @Test mutating func `a worker that misses a row is sent all of them again`() {
        begin()
        let (lease, unit, _) = grants(join("w", 1))[0]
        let again = messages(tell(.message(PeerID([1]), .unprepared(lease: lease, unit: unit, cause: "row 3"))))
        #expect(parts(again) == [0..<32, 32..<64, 64..<70])
        #expect(grants(again).map(\.unit) == [unit])
    }

    @Test mutating func `after the last block W has taken all steps, and the next stage gets it whole`() {
        begin()
        var waiting = grants(join("w", 1))
        var last: [(lease: LeaseID, unit: UnitID, RunControl.Supply)] = []
        while let (lease, unit, _) = waiting.popLast() {
            let more = grants(answer(unit, lease: lease, 1))
            waiting += more.filter { $0.unit.stage == .train }
            last += more.filter { $0.unit.stage == .squad }
        }
        #expect(control.stepsApplied == Self.schedule.steps)
        #expect(last.map(\.unit) == [UnitID(.evaluate(task: "squad"), 0), UnitID(.evaluate(task: "squad"), 1)])
        #expect(last.map(\.2.projection) == [.whole(withMoments: false), .held])
        #expect(last.allSatisfy { $0.2.version == Self.schedule.steps })
    }

    @Test func `a coordinator that comes back gives out the blocks that are not on disk`() {
        var test = RowBlockTests()
        test.control = Self.control(completed: [UnitID(.train, 0): "d", UnitID(.train, 3): "d"])
        _ = test.control.start(at: .seconds(0))
        test.begin()
        #expect(test.grants(test.join("w", 1)).map(\.unit) == [UnitID(.train, 1), UnitID(.train, 2)])
        let status = test.control.status(at: .seconds(0)).stages[1]
        #expect(status.unitsDone == 2 && status.unitsTotal == 5)
    }

    @Test mutating func `a second answer to a block that differs is an alarm`() {
        begin()
        let (lease, unit, _) = grants(join("w", 1))[0]
        _ = answer(unit, lease: lease, 1)
        _ = tell(.message(PeerID([1]), .result(run: "run", lease: lease, unit: unit, digest: "other")))
        #expect(control.status(at: .seconds(0)).faults.last?.what.hasPrefix("ALARM") == true)
    }

    @Test mutating func `a block that a worker is far too slow with is given to an idle one as well`() {
        begin()
        let slow = grants(join("slow", 1))
        var waiting = grants(join("fast", 2))
        while let (lease, unit, _) = waiting.popLast() {
            _ = tell(.tick, after: 0.2)
            waiting += grants(answer(unit, lease: lease, 2))
        }
        _ = tell(.message(PeerID([1]), .heartbeat(slow.map(\.lease))))
        let second = grants(messages(tell(.tick, after: 5)))
        #expect(second.map(\.unit) == [slow[0].unit])
    }

    @Test func `runs by rows keep every promise under mixed faults`() {
        for seed in UInt64(1)...500 {
            var simulation = Simulation(
                .smallByRows(workers: 1 + Int(seed % 6)), faults: .mixed(seed: seed), seed: seed)
            #expect(simulation.run() == nil, "seed \(seed)")
        }
    }
}
