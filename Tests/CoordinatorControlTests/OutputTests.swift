import CoordinatorControl
import Run
import Simulation
import Testing

/// Decisions of the coordinator where W is trained by outputs.
struct OutputTests {
    private static let schedule = TrainingSchedule(textCount: 70, epochs: 2, batch: 4, shardTexts: 2, seed: 1)

    private var control: RunControl
    private var seconds = 0.0

    init() {
        control = Self.control()
        _ = control.start(at: .seconds(0))
    }

    private static func control(
        completed: [UnitID: String] = [:], channels: [Channel] = [Channel(k: 0, j: 0)]
    ) -> RunControl {
        let plan = RunPlan(
            run: "run",
            stages: [
                StagePlan(.extract, .ranges(of: 70, size: 35)),
                StagePlan(.train, .outputs(blocks: channels.map { $0.isReverse ? 3 : 5 }, schedule)),
                StagePlan(
                    .evaluate(task: "squad"), .independent(units: 2 * channels.count { !$0.isReverse }),
                    channels: channels.count { !$0.isReverse }),
            ], channels: channels.filter { !$0.isReverse }, reverseChannels: channels.filter(\.isReverse),
            fingerprintA: "a", fingerprintB: "b")
        let extracted = [UnitID(.extract, 0): "d", UnitID(.extract, 1): "d"]
        return RunControl(
            RunControl.Beginning(
                plan: plan, limits: RunLimits(), completed: extracted.merging(completed) { $1 }, now: .seconds(0)))
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
        let effects = tell(.message(PeerID([byte]), .result(run: "run", lease: lease, unit: unit, result: "d")))
        return messages(effects) + messages(tell(.persisted(unit)))
    }

    private func messages(_ effects: [RunControl.Effect]) -> [RunControl.Message] {
        effects.compactMap { if case .send(_, let message) = $0 { message } else { nil } }.filter { $0 != .heartbeat }
    }

    private func parts(_ messages: [RunControl.Message], at site: Site = .a(0)) -> [Range<Int>] {
        messages.compactMap { message in
            guard case .activations(let some) = message, some.site == site, let first = some.texts.first else {
                return nil
            }
            return first..<first + some.texts.count
        }
    }

    private func grants(_ messages: [RunControl.Message]) -> [(lease: LeaseID, unit: UnitID, RunControl.Supply)] {
        messages.compactMap { message in
            if case .grant(let given) = message { (given.lease, given.unit, given.supply) } else { nil }
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

    @Test func `activations of texts that a worker extracted itself do not travel to it`() {
        var test = OutputTests()
        test.control = RunControl(
            RunControl.Beginning(
                plan: Self.control().plan, limits: RunLimits(), completed: [UnitID(.extract, 1): "d"], now: .seconds(0))
        )
        _ = test.control.start(at: .seconds(0))
        let extraction = test.grants(test.join("w", 1))
        #expect(extraction.map(\.unit) == [UnitID(.extract, 0)])
        // It holds the texts 0 ..< 35: the first part whole, of the second some.
        let training = test.answer(UnitID(.extract, 0), lease: extraction[0].lease, 1)
        #expect(test.parts(training) == [32..<64, 64..<70])
    }

    @Test mutating func `a worker that misses a text is sent all of them again`() {
        begin()
        let (lease, unit, _) = grants(join("w", 1))[0]
        let again = messages(tell(.message(PeerID([1]), .unprepared(lease: lease, unit: unit, cause: "text 3"))))
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
            last += more.filter { $0.unit.stage == .evaluate(task: "squad") }
        }
        #expect(control.stepsApplied == Self.schedule.steps)
        #expect(last.map(\.unit) == [UnitID(.evaluate(task: "squad"), 0), UnitID(.evaluate(task: "squad"), 1)])
        #expect(last.map(\.2.projection?.form) == [.whole(withMoments: false), .held])
        #expect(last.allSatisfy { $0.2.projection?.version == Self.schedule.steps })
    }

    @Test func `a coordinator that comes back gives out the blocks that are not on disk`() {
        var test = OutputTests()
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
        _ = tell(.message(PeerID([1]), .result(run: "run", lease: lease, unit: unit, result: "other")))
        #expect(control.status(at: .seconds(0)).alarms.first?.what.hasPrefix("ALARM") == true)
    }

    @Test mutating func `a block that a worker is far too slow with is given to an idle one as well`() {
        begin()
        let slow = grants(join("slow", 1))
        var waiting = grants(join("fast", 2))
        while let (lease, unit, _) = waiting.popLast() {
            _ = tell(.tick, after: 0.2)
            waiting += grants(answer(unit, lease: lease, 2))
        }
        _ = tell(.message(PeerID([1]), .heartbeat(Heartbeat(slow.map(\.lease)))))
        let second = grants(messages(tell(.tick, after: 5)))
        #expect(second.map(\.unit) == [slow[0].unit])
    }

    @Test func `channels are trained one after the other, each on the activations of its own site`() {
        var test = OutputTests()
        let channels = [Channel(k: 2, j: 2), Channel(k: 2, j: 4), Channel(k: 4, j: 4)]
        test.control = Self.control(channels: channels)
        _ = test.control.start(at: .seconds(0))
        test.begin()
        let first = test.join("w", 1)
        #expect(test.parts(first, at: .a(2)) == [0..<32, 32..<64, 64..<70] && test.parts(first, at: .a(4)).isEmpty)
        var order: [Int] = []
        var partsAtFour: [Int: Int] = [:]
        var last: [(lease: LeaseID, unit: UnitID, RunControl.Supply)] = []
        var waiting = test.grants(first)
        while !waiting.isEmpty {
            let (lease, unit, supply) = waiting.removeFirst()
            guard unit.stage == .train else {
                last.append((lease, unit, supply))
                waiting += test.grants(test.answer(unit, lease: lease, 1))
                continue
            }
            order.append(unit.index)
            let messages = test.answer(unit, lease: lease, 1)
            #expect(test.parts(messages, at: .a(2)).isEmpty)
            for granted in test.grants(messages) where granted.unit.stage == .train {
                partsAtFour[granted.unit.index] = test.parts(messages, at: .a(4)).count
            }
            waiting += test.grants(messages)
        }
        #expect(order == Array(0..<15))
        // The second channel reads the same site of A; the third's activations travel ahead of its first block.
        #expect(partsAtFour.filter { $0.value > 0 } == [10: 3])
        // Two units of each channel follow, and its W travels with the first.
        #expect(last.map(\.2.projection?.channel) == [0, 0, 1, 1, 2, 2].map { channels[$0] })
        #expect(
            last.map(\.2.projection?.form) == [
                .whole(withMoments: false), .held, .whole(withMoments: false), .held, .whole(withMoments: false), .held,
            ])
    }

    @Test func `W the other way is trained on B's activations, in blocks of its own number`() {
        var test = OutputTests()
        let channel = Channel(k: 2, j: 4)
        test.control = Self.control(channels: [channel, channel.reversed])
        _ = test.control.start(at: .seconds(0))
        test.begin()
        let first = test.join("w", 1)
        #expect(test.parts(first, at: .a(2)).count == 3 && test.parts(first, at: .b(4)).isEmpty)
        var partsOfB: [Int: Int] = [:]
        var last: [RunControl.Supply] = []
        var waiting = test.grants(first)
        var order: [Int] = []
        while !waiting.isEmpty {
            let (lease, unit, supply) = waiting.removeFirst()
            if unit.stage == .train { order.append(unit.index) } else { last.append(supply) }
            let messages = test.answer(unit, lease: lease, 1)
            for granted in test.grants(messages) where granted.unit.stage == .train {
                partsOfB[granted.unit.index] = test.parts(messages, at: .b(4)).count
            }
            waiting += test.grants(messages)
        }
        #expect(order == Array(0..<8))
        #expect(partsOfB.filter { $0.value > 0 } == [5: 3])
        // Nothing is said over it.
        #expect(last.map(\.projection?.channel) == [channel, channel])
    }

    @Test func `a worker that extracted holds its texts at every site`() {
        var test = OutputTests()
        let channels = [Channel(k: 2, j: 2), Channel(k: 4, j: 4)]
        test.control = RunControl(
            RunControl.Beginning(
                plan: Self.control(channels: channels).plan, limits: RunLimits(), completed: [UnitID(.extract, 1): "d"],
                now: .seconds(0)))
        _ = test.control.start(at: .seconds(0))
        let extraction = test.grants(test.join("w", 1))
        let training = test.answer(UnitID(.extract, 0), lease: extraction[0].lease, 1)
        #expect(test.parts(training, at: .a(2)) == [32..<64, 64..<70])
        var messages: [RunControl.Message] = []
        var waiting = test.grants(training)
        while messages.isEmpty, !waiting.isEmpty {
            let (lease, unit, _) = waiting.removeFirst()
            let answer = test.answer(unit, lease: lease, 1)
            if !test.parts(answer, at: .a(4)).isEmpty { messages = answer }
            waiting += test.grants(answer)
        }
        #expect(test.parts(messages, at: .a(4)) == [32..<64, 64..<70])
    }

    @Test func `after the sums of maps in closed form there are W's, of whatever version the training left`() {
        for (train, version) in [
            ([], 1), ([StagePlan(.train, .steps(Self.schedule), channels: 1)], Self.schedule.steps),
        ] {
            let channels =
                (train.isEmpty ? [] : [Channel(k: 0, j: 0)]) + [Channel(k: 0, j: 0, fit: .ridge)]
            let plan = RunPlan(
                run: "run",
                stages: train + [
                    StagePlan(.sums, .ranges(of: 70, size: 35)),
                    StagePlan(
                        .evaluate(task: "squad"), .independent(units: channels.count), channels: channels.count),
                ], channels: channels, fingerprintA: "a", fingerprintB: "b")
            var test = OutputTests()
            test.control = RunControl(
                RunControl.Beginning(
                    plan: plan, limits: RunLimits(), stepsApplied: train.isEmpty ? 0 : version, now: .seconds(0)))
            for case .completeStage(let stage) in test.control.start(at: .seconds(0)) {
                _ = test.tell(.stageCompleted(stage))
            }
            var waiting = test.grants(test.join("w", 1))
            #expect(waiting.map(\.unit) == [UnitID(.sums, 0), UnitID(.sums, 1)])
            #expect(waiting.allSatisfy { $0.2 == RunControl.Supply() })
            var supplies: [RunControl.Supply] = []
            while !waiting.isEmpty {
                let (lease, unit, supply) = waiting.removeFirst()
                if unit.stage != .sums { supplies.append(supply) }
                waiting += test.grants(test.answer(unit, lease: lease, 1))
            }
            #expect(supplies.map(\.projection?.channel) == channels)
            #expect(supplies.allSatisfy { $0.projection?.version == version })
            #expect(supplies.allSatisfy { $0.projection?.form == .whole(withMoments: false) })
        }
    }

    @Test func `runs by outputs keep every promise under mixed faults`() {
        for seed in UInt64(1)...500 {
            let simulation = Simulation(
                .smallByOutputs(workers: 1 + Int(seed % 6)), faults: .mixed(seed: seed), seed: seed)
            #expect(simulation.run() == nil, "seed \(seed)")
        }
    }
}
