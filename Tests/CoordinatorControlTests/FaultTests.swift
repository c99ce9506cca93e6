import CoordinatorControl
import Run
import Testing

/// What peers may do again and again stays bounded, is counted and ends nothing.
struct FaultTests {
    private func control(_ change: (inout RunLimits) -> Void = { _ in }) -> RunControl {
        var limits = RunLimits()
        change(&limits)
        let plan = RunPlan(
            run: "run", stages: [StagePlan(.evaluate(task: "squad"), .independent(units: 4))], fingerprintA: "a",
            fingerprintB: "b")
        var control = RunControl(RunControl.Beginning(plan: plan, limits: limits, now: Instant(nanoseconds: 0)))
        _ = control.start(at: Instant(nanoseconds: 0))
        return control
    }

    private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

    private func register(_ name: String, peer: UInt8, in control: inout RunControl) {
        let registration = Registration(softwareVersion: "1", worker: name, host: "h", processID: 1, deviceKind: "cpu")
        _ = control.handle(.message(PeerID([peer]), .register(registration)), at: at(0))
        _ = control.handle(
            .message(PeerID([peer]), .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 2))), at: at(0))
    }

    @Test func `those turned away are counted by address and reason, each in one fault`() {
        var control = control()
        for count in 1...1000 {
            for address in ["10.0.0.1", "10.0.0.2"] {
                for reason in ["no key", "another key"] {
                    let event = RunControl.Event.turnedAway(address: address, reason: reason, detail: "\(count)")
                    #expect(control.handle(event, at: at(Double(count))).isEmpty)
                }
            }
        }
        let status = control.status(at: at(1001))
        #expect(status.phase == .running)
        #expect(
            status.faults.map(\.what) == [
                "turned 10.0.0.1 away: no key: 1000 (1000 times)",
                "turned 10.0.0.1 away: another key: 1000 (1000 times)",
                "turned 10.0.0.2 away: no key: 1000 (1000 times)",
                "turned 10.0.0.2 away: another key: 1000 (1000 times)",
            ])
        #expect(status.faultCount == 4)
    }

    @Test func `beyond the limit all others are counted together`() {
        var control = control { $0.faultCauses = 3 }
        for address in 0..<50 {
            _ = control.handle(.turnedAway(address: "10.0.0.\(address)", reason: "no key", detail: nil), at: at(1))
        }
        let faults = control.status(at: at(2)).faults.map(\.what)
        #expect(faults.count == 4)
        #expect(faults.last == "others did likewise; the last: turned 10.0.0.49 away: no key (47 times)")
    }

    @Test func `a worker that sends only garbage is named once and loses its units`() {
        var control = control()
        register("w", peer: 1, in: &control)
        #expect(control.status(at: at(0)).workers.first?.leases == 2)
        for tenth in 0...200 {
            _ = control.handle(.malformed(PeerID([1]), "bytes"), at: at(Double(tenth) / 10))
            _ = control.handle(.tick, at: at(Double(tenth) / 10))
        }
        let status = control.status(at: at(20))
        #expect(status.phase == .running && status.workers.first?.state == .lost)
        // After its loss nobody is behind the connection any more.
        #expect(
            status.faults.map(\.what) == [
                "sent what is no message: bytes (102 times)",
                "lost: not heard for 10 s; squad/0, squad/1 given out again",
            ])
    }

    @Test func `a fault's text is cut`() {
        var control = control()
        let long = String(repeating: "é", count: 1_000_000)
        _ = control.handle(.turnedAway(address: long, reason: long, detail: long), at: at(1))
        #expect(control.status(at: at(1)).faults.allSatisfy { $0.what.utf8.count <= 2_100 })
    }
}
