import CoordinatorControl
import Run
import Testing

/// Workers whose heartbeats go on while the unit at work does not.
struct HangTests {
    private var control: RunControl
    private var seconds = 0.0
    private let peer = PeerID([1], isPrivate: true)

    init() {
        var limits = RunLimits()
        limits.hangSeconds = 60
        limits.hangFactor = 20
        limits.unmeasuredHangSeconds = 600
        let plan = RunPlan(
            run: "run", stages: [StagePlan(.evaluate(task: "squad"), .independent(units: 6))], fingerprintA: "a",
            fingerprintB: "b")
        control = RunControl(RunControl.Beginning(plan: plan, limits: limits, now: .seconds(0)))
        _ = control.start(at: .seconds(0))
        _ = control.handle(.localWorkers(1, host: "host", othersMayCome: true), at: .seconds(0))
        _ = control.handle(.workerStarted(0, processID: 7), at: .seconds(0))
    }

    private mutating func tell(_ event: RunControl.Event) -> [RunControl.Effect] {
        let effects = control.handle(event, at: .seconds(seconds))
        #expect(control.violation() == nil)
        return effects
    }

    /// Registers a worker, or says what it answered.
    @discardableResult
    private mutating func join(_ name: String, _ peer: PeerID, processID: Int32 = 7) -> [RunControl.Effect] {
        let registration = Registration(
            softwareVersion: "1", worker: name, host: "host", processID: processID, deviceKind: "cpu")
        let answer = tell(.message(peer, .register(registration)))
        let readiness = Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 4)
        return answer + tell(.message(peer, .ready(readiness)))
    }

    /// Lets time go by with heartbeats of the worker; what the coordinator does in it.
    private mutating func heartbeats(for duration: Double, from peer: PeerID, step: Double = 1) -> [RunControl.Effect] {
        var effects: [RunControl.Effect] = []
        let end = seconds + duration
        while seconds < end {
            seconds = min(seconds + step, end)
            let held = (1...20).map { LeaseID(UInt64($0)) }
            effects += tell(.message(peer, .heartbeat(Heartbeat(held))))
            effects += tell(.tick)
        }
        return effects.filter { if case .send(_, .heartbeat) = $0 { false } else { true } }
    }

    @Test mutating func `the only worker is stopped and told to end when it gets nowhere, and the status says so`() {
        join("w", peer)
        #expect(heartbeats(for: 600, from: peer).isEmpty)
        let effects = heartbeats(for: 1, from: peer)
        #expect(
            effects == [
                .stopWorker(0),
                .send(peer, .refusal(reason: "it hangs: at squad/0 for 601 s while its heartbeats go on")),
            ])
        let status = control.status(at: .seconds(seconds))
        #expect(status.workers[0].state == .lost && status.phase == .running)
        let fault = status.faults.last
        #expect(fault?.worker == "w")
        #expect(fault?.what.hasPrefix("lost: hangs: at squad/0 for 601 s") == true)
        #expect(
            fault?.what.hasSuffix("its heartbeats go on; squad/0, squad/1, squad/2, squad/3 given out again") == true)
    }

    @Test mutating func `the process of a worker that hung may not come back, another one may`() {
        join("w", peer)
        _ = heartbeats(for: 601, from: peer)
        #expect(
            join("w", peer).contains(
                .send(peer, .refusal(reason: "it hung at a unit: start a new process in its place"))))
        let other = PeerID([2])
        let granted = join("v", other, processID: 8).contains { effect in
            if case .send(other, .grant(let given)) = effect {
                given.unit == UnitID(.evaluate(task: "squad"), 0)
            } else {
                false
            }
        }
        #expect(granted)
    }

    @Test mutating func `units that take long are known by those that were done, and each answer begins anew`() {
        join("w", peer)
        for unit in 0..<3 {
            #expect(heartbeats(for: 10, from: peer).isEmpty)
            let result = RunControl.WorkerEvent.result(
                run: "run", lease: LeaseID(UInt64(unit + 1)), unit: UnitID(.evaluate(task: "squad"), unit), result: "d")
            _ = tell(.message(peer, result))
            _ = tell(.persisted(UnitID(.evaluate(task: "squad"), unit)))
        }
        // The mean from grant to answer is 10 to 20 s, since a second unit waits meanwhile.
        #expect(heartbeats(for: 199, from: peer).isEmpty)
        #expect(heartbeats(for: 202, from: peer).contains(.stopWorker(0)))
    }

    @Test mutating func `a unit that just takes very long gets twice the time after each loss`() {
        join("w0", peer)
        for attempt in 1...3 {
            let expected = 600 * Double(1 << (attempt - 1))
            #expect(heartbeats(for: expected, from: peer).isEmpty)
            #expect(!heartbeats(for: 1, from: peer).isEmpty)
            join("w\(attempt)", peer)
        }
        #expect(control.status(at: .seconds(seconds)).phase == .running)
    }

    @Test mutating func `time in which the coordinator itself was stopped does not count`() {
        join("w", peer)
        _ = heartbeats(for: 599, from: peer)
        seconds += 1000
        #expect(heartbeats(for: 500, from: peer).isEmpty)
    }
}
