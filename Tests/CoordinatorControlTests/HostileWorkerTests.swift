import CoordinatorControl
import Run
import Testing

/// One bad worker among good ones, and those who only pretend to be workers.
struct HostileWorkerTests {
    private static let squad = Stage.evaluate(task: "squad")

    private var control: RunControl
    private var seconds = 0.0
    /// What each connection was given and has not answered.
    private var held: [UInt8: [(LeaseID, UnitID)]] = [:]

    init() { control = Self.control() }

    private static func control(units: Int = 6, _ change: (inout RunLimits) -> Void = { _ in }) -> RunControl {
        var limits = RunLimits()
        limits.verifiedShare = 0
        limits.answersPerWorker = 2
        change(&limits)
        let plan = RunPlan(
            run: "run", stages: [StagePlan(squad, .independent(units: units))], fingerprintA: "a", fingerprintB: "b")
        var control = RunControl(
            RunControl.Beginning(plan: plan, limits: limits, firstLease: 1000, now: .seconds(0)))
        _ = control.start(at: .seconds(0))
        return control
    }

    @discardableResult
    private mutating func tell(_ event: RunControl.Event, after delay: Double = 0) -> [RunControl.Effect] {
        seconds += delay
        let effects = control.handle(event, at: .seconds(seconds))
        #expect(control.violation() == nil)
        for byte in UInt8(1)...9 { held[byte, default: []] += grants(effects, to: byte) }
        return effects
    }

    @discardableResult
    private mutating func register(
        _ name: String, _ peer: PeerID, kind: DeviceKind = "cpu", processID: Int32 = 1, host: String = "host"
    ) -> [RunControl.Effect] {
        tell(
            .message(
                peer,
                .register(
                    Registration(
                        softwareVersion: "1", worker: name, host: host, processID: processID, deviceKind: kind))))
    }

    @discardableResult
    private mutating func join(_ name: String, _ byte: UInt8, kind: DeviceKind = "cpu") -> [(LeaseID, UnitID)] {
        register(name, PeerID([byte]), kind: kind)
        return grants(
            tell(.message(PeerID([byte]), .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 4)))))
    }

    private func grants(_ effects: [RunControl.Effect], to byte: UInt8? = nil) -> [(LeaseID, UnitID)] {
        effects.compactMap { effect in
            guard case .send(let peer, .grant(let given)) = effect, byte == nil || peer == PeerID([byte!]) else {
                return nil
            }
            return (given.lease, given.unit)
        }
    }

    @discardableResult
    private mutating func answer(_ byte: UInt8, _ grant: (LeaseID, UnitID), _ digest: String = "d") -> [RunControl
        .Effect]
    {
        held[byte]?.removeAll { $0 == grant }
        return tell(.message(PeerID([byte]), .result(run: "run", lease: grant.0, unit: grant.1, result: digest)))
    }

    private var status: RunStatus { control.status(at: .seconds(seconds)) }
    private func refusal(_ effects: [RunControl.Effect], to byte: UInt8) -> String? {
        for case .send(PeerID([byte]), .refusal(let reason)) in effects { return reason }
        return nil
    }

    // MARK: Who is heard

    @Test mutating func `a result counts only under a lease that its worker was given`() {
        let own = join("w", 1)
        let other = join("v", 2)
        register("loading", PeerID([3]))
        for (peer, lease, unit): (UInt8, LeaseID, UnitID) in [
            // Nobody, somebody who is not ready, another's lease, another unit, no lease at all, no such unit.
            (9, own[0].0, own[0].1), (3, own[0].0, own[0].1), (2, own[0].0, own[0].1), (1, own[0].0, other[0].1),
            (1, LeaseID(5000), own[0].1), (1, own[0].0, UnitID(Self.squad, 1 << 40)), (1, own[0].0, UnitID(.train, 0)),
        ] {
            #expect(control.objection(to: lease, unit, run: "run", from: PeerID([peer])) != nil)
            #expect(!answer(peer, (lease, unit)).contains { if case .persist = $0 { true } else { false } })
        }
        #expect(control.objection(to: own[0].0, own[0].1, run: "other", from: PeerID([1])) == .otherRun)
        #expect(control.objection(to: LeaseID(3), own[0].1, run: "run", from: PeerID([1])) == .formerCoordinator)
        #expect(answer(1, own[0]).contains(.persist(own[0].1)))
        // A second copy is heard, and compared.
        #expect(control.objection(to: own[0].0, own[0].1, run: "run", from: PeerID([1])) == nil)
        #expect(status.workers[0].unitsDone == 1)
    }

    @Test mutating func `the run's kind of device is that of the first result, not of the first to knock`() {
        join("odd", 1, kind: "odd")
        let grants = join("good", 2)
        let effects = answer(2, grants[0])
        #expect(control.runDeviceKind == "cpu")
        #expect(refusal(effects, to: 1)?.contains("'cpu'") == true)
        #expect(status.workers.map(\.state) == [.lost, .working])
        #expect(refusal(register("odd again", PeerID([3]), kind: "odd"), to: 3) != nil)
    }

    // MARK: Failures

    @Test mutating func `a worker that fails whatever it gets ends nothing, and is put aside`() {
        join("bad", 1)
        join("good", 2)
        for _ in 0..<200 where status.stages[0].unitsDone < 6 {
            if let grant = held[1]?.popLast() {
                tell(.message(PeerID([1]), .failure(lease: grant.0, unit: grant.1, cause: "broken")), after: 0.1)
            } else if let grant = held[2]?.first {
                answer(2, grant)
                tell(.persisted(grant.1))
            }
        }
        #expect(status.stages[0].unitsDone == 6 && status.phase == .running)
        #expect(status.faults.contains { $0.worker == "bad" && $0.what.contains("put aside: it failed 3 units") })
    }

    @Test mutating func `a unit that fails on three workers ends the run, on one that is alone as well`() {
        control = Self.control(units: 1)
        var grant = join("w1", 1)[0]
        for byte in UInt8(2)...4 { join("w\(byte)", byte) }
        var failed: Set<UInt8> = []
        var byte: UInt8 = 1
        while status.phase == .running, failed.count < 5 {
            failed.insert(byte)
            let effects = tell(.message(PeerID([byte]), .failure(lease: grant.0, unit: grant.1, cause: "no")))
            for next in UInt8(1)...4 {
                if let given = grants(effects, to: next).first { (byte, grant) = (next, given) }
            }
        }
        #expect(failed.count == 3)
        control = Self.control(units: 1)
        grant = join("alone", 1)[0]
        for attempt in 1...3 {
            #expect(status.phase == .running)
            let effects = tell(.message(PeerID([1]), .failure(lease: grant.0, unit: grant.1, cause: "no")))
            if attempt < 3 { grant = grants(effects)[0] }
        }
        #expect(status.phase == .failed)
    }

    // MARK: Two answers

    @Test mutating func `where two answers differ a third worker decides, and whoever was wrong is ended and named`() {
        control = Self.control(units: 1) { $0.verifiedShare = 1 }
        let first = join("liar", 1)
        #expect(answer(1, first[0], "wrong").allSatisfy { $0 != .persist(first[0].1) })
        let second = join("honest", 2)
        answer(2, second[0], "right")
        #expect(status.alarms.count == 1)
        let third = join("third", 3)
        let effects = answer(3, third[0], "right")
        #expect(effects.contains(.persist(UnitID(Self.squad, 0))))
        #expect(refusal(effects, to: 1) == "it answered squad/0 otherwise than others")
        #expect(status.alarms.isEmpty)
        #expect(status.faults.contains { $0.worker == "liar" && $0.what.hasPrefix("answers wrongly: squad/0") })
        #expect(refusal(register("liar", PeerID([4])), to: 4)?.contains("start a new process") == true)
    }

    @Test mutating func `a unit that its only holder answers under two leases waits for another worker`() {
        control = Self.control(units: 1) { $0.verifiedShare = 1 }
        let first = join("w", 1)[0]
        tell(.unreachable(PeerID([1])))
        let second = join("w", 2)[0]
        answer(2, first)
        answer(2, second)
        #expect(status.stages[0].unitsDone == 0 && status.phase == .running)
        let third = join("v", 3)[0]
        #expect(answer(3, third).contains(.persist(first.1)))
    }

    @Test mutating func `what a worker that was wrong has computed alone is done again`() throws {
        control = Self.control(units: 8)
        let liar = join("liar", 1)
        for grant in liar {
            answer(1, grant, "made up")
            tell(.persisted(grant.1))
        }
        join("honest", 2)
        join("third", 3)
        for byte in UInt8(2)...3 {
            while let grant = held[byte]?.first {
                answer(byte, grant, "right")
                tell(.persisted(grant.1))
            }
        }
        #expect(status.stages[0].unitsDone == 6)
        // What the liar is at for too long is given to the others as well.
        for byte in UInt8(1)...3 {
            tell(.message(PeerID([byte]), .heartbeat(Heartbeat((1000..<1100).map { LeaseID(UInt64($0)) }))), after: 2)
        }
        let shared = tell(.tick)
        let unit = UnitID(Self.squad, 2)
        let (byte, other): (UInt8, UInt8) = grants(shared, to: 2).contains { $0.1 == unit } ? (2, 3) : (3, 2)
        answer(byte, try #require(grants(shared, to: byte).first { $0.1 == unit }), "right")
        tell(.persisted(unit))
        let disputed = answer(1, (LeaseID(1002), unit), "made up")
        #expect(disputed.contains(.retract(unit)))
        // The third is free as soon as it has done the other unit that it was given.
        var effects = disputed
        while let grant = held[other]?.first(where: { $0.1 != unit }) { effects += answer(other, grant, "right") }
        let last = try #require(held[other]?.first { $0.1 == unit })
        effects = answer(other, last, "right")
        #expect(refusal(effects, to: 1) == "it answered squad/2 otherwise than others")
        #expect(effects.contains(.retract(UnitID(Self.squad, 0))) && effects.contains(.retract(UnitID(Self.squad, 1))))
        #expect(status.alarms.isEmpty)
    }

    @Test mutating func `alarms are kept apart from faults, however many those are`() {
        let grant = join("w", 1)[0]
        answer(1, grant, "one")
        tell(.persisted(grant.1))
        answer(1, grant, "two")
        for number in 0..<300 { tell(.turnedAway(address: "10.0.0.\(number)", reason: "noise", detail: nil)) }
        #expect(
            status.alarms.map(\.what) == [
                "ALARM: a second answer to squad/0 differs from the first, which counts: both are of w"
            ])
        #expect(status.faults.count == 64 + 1)
    }

    // MARK: Names

    @Test mutating func `names that never get ready shut nobody out, and their number is bounded`() {
        control = Self.control { limits in
            limits.workers = 40
            limits.loadingWorkers = 20
        }
        for number in 0..<1000 {
            register("made up \(number)", PeerID([1, UInt8(number & 255), UInt8(number >> 8)]))
        }
        #expect(status.workers.count <= 40)
        #expect(status.workers.count { $0.state == .loading } <= 20)
        #expect(!join("honest", 2).isEmpty)
        #expect(status.faults.count < 10)
    }

    @Test mutating func `names from one address do not push out who loads at another`() {
        control = Self.control { $0.loadingWorkers = 20 }
        let honest = PeerID([2], address: "10.0.0.2")
        register("honest", honest)
        for number in 0..<1000 {
            register("made up \(number)", PeerID([1, UInt8(number & 255), UInt8(number >> 8)], address: "10.0.0.1"))
        }
        #expect(status.workers.count { $0.state == .loading } <= 20)
        #expect(status.workers.first { $0.worker == "honest" }?.state == .loading)
        let ready = tell(.message(honest, .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 4))))
        #expect(!grants(ready).isEmpty)
    }

    @Test mutating func `a connection is good for one name, whose worker another one does not cost it`() {
        let peer = PeerID([1])
        #expect(!join("honest", 1).isEmpty)
        for number in 0..<100 {
            #expect(
                refusal(register("made up \(number)", peer), to: 1)
                    == "its connection is that of worker honest: each comes by one of its own")
        }
        #expect(status.workers.map(\.worker) == ["honest"])
        #expect(status.workers[0].state == .working)
        #expect(status.faults.count <= 65)
    }

    @Test mutating func `a worker that does not get ready is given up, and a local one is replaced`() {
        control = Self.control { $0.loadingSeconds = 60 }
        tell(.localWorkers(1, host: "host", othersMayCome: true))
        tell(.workerStarted(0, processID: 7))
        register("local", PeerID([1], isPrivate: true), processID: 7)
        register("remote", PeerID([2]), processID: 8)
        var effects: [RunControl.Effect] = []
        for _ in 0..<62 {
            for peer in [PeerID([1], isPrivate: true), PeerID([2])] {
                tell(.message(peer, .heartbeat(Heartbeat([]))), after: 0.5)
            }
            effects += tell(.tick)
        }
        #expect(effects.filter { $0 == .stopWorker(0) }.count == 1)
        #expect(status.workers.map(\.state) == [.lost, .lost])
        #expect(status.faults.contains { $0.what.contains("is not ready 60 s after it registered") })
    }

    @Test mutating func `nobody from elsewhere has a local worker killed, or takes its name`() {
        control = Self.control { $0.unitSeconds = 1 }
        tell(.localWorkers(1, host: "host", othersMayCome: true))
        tell(.workerStarted(0, processID: 7))
        register("local", PeerID([1], isPrivate: true), processID: 7)
        #expect(refusal(register("local", PeerID([2])), to: 2)?.contains("own workers") == true)
        // It says that it is the local process, takes a unit and does nothing.
        register("impostor", PeerID([3]), processID: 7)
        tell(.message(PeerID([3]), .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 2))))
        var effects: [RunControl.Effect] = []
        for _ in 0..<100 {
            tell(.message(PeerID([3]), .heartbeat(Heartbeat((1000..<1100).map { LeaseID(UInt64($0)) }))), after: 0.1)
            effects += tell(.tick)
        }
        #expect(!effects.contains(.stopWorker(0)))
        #expect(status.workers.first { $0.worker == "impostor" }?.state == .lost)
    }

    @Test mutating func `local workers are replaced by rate, so that a long run does not use them up`() {
        control = Self.control { limits in
            limits.workerRestarts = 2
            limits.restartSeconds = 100
        }
        tell(.localWorkers(1, host: "host", othersMayCome: false))
        var processID: Int32 = 1
        for _ in 0..<50 {
            tell(.workerStarted(0, processID: processID))
            #expect(tell(.workerEnded(0, processID: processID, .signal(9)), after: 60) == [.startWorker(0)])
            processID += 1
        }
        for _ in 0..<2 {
            tell(.workerStarted(0, processID: processID))
            tell(.workerEnded(0, processID: processID, .signal(9)))
            processID += 1
        }
        #expect(status.phase == .failed)
    }
}
