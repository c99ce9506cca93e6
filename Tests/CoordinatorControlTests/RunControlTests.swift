import CoordinatorControl
import Run
import Testing

/// Single decisions of the coordinator.
struct RunControlTests {
    private static let plan = RunPlan(
        run: "run", stages: [StagePlan(.evaluate(task: "squad"), .independent(units: 6))], fingerprintA: "a",
        fingerprintB: "b")

    private var control: RunControl
    private var seconds = 0.0

    init() {
        control = RunControl(RunControl.Beginning(plan: Self.plan, limits: RunLimits(), now: .seconds(0)))
        _ = control.start(at: .seconds(0))
    }

    private mutating func tell(_ event: RunControl.Event, after delay: Double = 0) -> [RunControl.Effect] {
        seconds += delay
        let effects = control.handle(event, at: .seconds(seconds))
        #expect(control.violation() == nil)
        return effects
    }

    private func registration(_ name: String, processID: Int32 = 1, host: String = "host") -> RunControl.WorkerEvent {
        .register(
            Registration(softwareVersion: "1", worker: name, host: host, processID: processID, deviceKind: "cpu"))
    }

    /// Registers a worker; the units that it is given.
    @discardableResult
    private mutating func join(_ name: String, _ byte: UInt8) -> [(LeaseID, UnitID)] {
        _ = tell(.message(PeerID([byte]), registration(name)))
        return grants(
            tell(.message(PeerID([byte]), .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 4)))))
    }

    private func grants(_ effects: [RunControl.Effect]) -> [(LeaseID, UnitID)] {
        effects.compactMap { effect in
            if case .send(_, .grant(let given)) = effect { (given.lease, given.unit) } else { nil }
        }
    }

    private func ending(_ effects: [RunControl.Effect]) -> RunControl.Outcome? {
        for case .end(let outcome) in effects { return outcome }
        return nil
    }

    @Test mutating func `a run without workers waits`() {
        for _ in 0..<10_000 { #expect(ending(tell(.tick, after: 1)) == nil) }
        #expect(control.status(at: .seconds(seconds)).phase == .running)
    }

    @Test mutating func `a disk that breaks ends the run although a result is on its way to it`() {
        let (lease, unit) = join("w", 1)[0]
        let effects = tell(.message(PeerID([1]), .result(run: "run", lease: lease, unit: unit, result: "d")))
        #expect(effects.contains(.persist(unit)))
        #expect(ending(tell(.broken("journal: no space left"))) == .failed("journal: no space left"))
    }

    @Test mutating func `a worker cannot give up another's lease`() {
        let (lease, unit) = join("w", 1)[0]
        join("v", 2)
        _ = tell(.message(PeerID([2]), .failure(lease: lease, unit: unit, cause: "none of mine")))
        _ = tell(
            .message(
                PeerID([2]), .result(run: "run", lease: lease, unit: UnitID(.evaluate(task: "squad"), 5), result: "d")))
        #expect(control.status(at: .seconds(0)).workers[0].leases == 4)
    }

    @Test mutating func `a registration that arrives twice leaves the worker ready`() {
        join("w", 1)
        _ = tell(.message(PeerID([1]), registration("w")))
        #expect(control.status(at: .seconds(0)).workers[0].state == .working)
    }

    @Test mutating func `a straggler's unit is given to an idle worker, and the status says so`() {
        let slow = join("slow", 1)
        let fast = join("fast", 2)
        for (lease, unit) in fast {
            var granted = [(lease, unit)]
            while let (lease, unit) = granted.popLast() {
                let effects = tell(
                    .message(PeerID([2]), .result(run: "run", lease: lease, unit: unit, result: "d")), after: 0.1)
                granted = grants(effects)
                _ = tell(.persisted(unit))
            }
        }
        _ = tell(.message(PeerID([1]), .heartbeat(Heartbeat(slow.map(\.0)))))
        let second = grants(tell(.tick, after: 3))
        #expect(second.map(\.1) == [slow[0].1])
        let faults = control.status(at: .seconds(seconds)).faults
        #expect(faults.contains { $0.worker == "slow" && $0.what.contains("given to fast as well") })
    }

    @Test(arguments: [1, 3, 64])
    func `units that ask for answers are held several at a time, and the last are shared out among all`(workers: Int) {
        let units = 40 * workers
        let plan = RunPlan(
            run: "run", stages: [StagePlan(.evaluate(task: "squad"), .independent(units: units))], fingerprintA: "a",
            fingerprintB: "b")
        var limits = RunLimits()
        limits.verifiedShare = 0
        var control = RunControl(RunControl.Beginning(plan: plan, limits: limits, now: .seconds(0)))
        _ = control.start(at: .seconds(0))
        var held: [(peer: PeerID, lease: LeaseID, unit: UnitID)] = []
        func tell(_ event: RunControl.Event) {
            for case .send(let peer, .grant(let given)) in control.handle(event, at: .seconds(0)) {
                held.append((peer, given.lease, given.unit))
            }
        }
        let peers = (1...workers).map { PeerID([UInt8($0)]) }
        for peer in peers { tell(.message(peer, registration("w\(peer.bytes[0])"))) }
        for peer in peers {
            tell(.message(peer, .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 8))))
        }
        #expect(peers.allSatisfy { peer in held.count { $0.peer == peer } == 8 })
        // All equally fast: whoever has held a unit for longest is done with it.
        var undone = units
        while !held.isEmpty {
            let (peer, lease, unit) = held.removeFirst()
            tell(.message(peer, .result(run: "run", lease: lease, unit: unit, result: "d")))
            tell(.persisted(unit))
            undone -= 1
            let most = peers.map { peer in held.count { $0.peer == peer } }.max() ?? 0
            if workers > 1, undone < 8 * workers { #expect(most <= max(1, undone / workers + 2)) }
        }
        #expect(undone == 0)
    }

    @Test mutating func `a worker that leaves returns its units at once`() {
        let leaving = join("leaving", 1)
        _ = tell(.message(PeerID([1]), .goodbye(reason: "terminated")))
        #expect(join("staying", 2).map(\.1) == leaving.map(\.1))
        let fault = control.status(at: .seconds(0)).faults.last
        #expect(fault?.worker == "leaving")
        #expect(fault?.what == "left: terminated; squad/0, squad/1, squad/2, squad/3 given out again")
    }

    @Test func `the workers kept account of are bounded, and a lost one makes room`() {
        var limits = RunLimits()
        limits.workers = 2
        var control = RunControl(RunControl.Beginning(plan: Self.plan, limits: limits, now: .seconds(0)))
        _ = control.start(at: .seconds(0))
        for number in 0..<10 {
            let effects = control.handle(
                .message(PeerID([UInt8(number)]), registration("w\(number)")), at: .seconds(Double(number)))
            #expect(effects == [.send(PeerID([UInt8(number)]), .welcome("run"))])
            if number > 0 {
                _ = control.handle(
                    .message(PeerID([UInt8(number)]), .goodbye(reason: "done")), at: .seconds(Double(number)))
            }
            #expect(control.violation() == nil)
        }
        #expect(control.status(at: .seconds(9)).workers.map(\.worker) == ["w0", "w9"])
    }
}
