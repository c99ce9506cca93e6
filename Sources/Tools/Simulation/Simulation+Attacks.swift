import CoordinatorControl
import Run

/// Somebody who can connect, knows the protocol and the run, and means no good.
extension Simulation {
    func lies(_ index: Int) -> Bool { index >= workers.count - faults.liars }

    /// One of a hundred connections that no worker has says something: well-formed, and mostly made up.
    func attack() {
        let number = random.index(below: 100)
        let peer = PeerID([0xFF, 0xFF, UInt8(number), 0])
        tell(.message(peer, attack(number)))
        if random.uniform() < 0.1 { tell(.malformed(peer, "made up")) }
        if random.uniform() < 0.1 { tell(.unreachable(peer)) }
    }

    private func attack(_ number: Int) -> RunControl.WorkerEvent {
        let plan = scenario.plan
        let stage = plan.stages[random.index(below: plan.stages.count)].stage
        let unit = UnitID(stage, random.index(below: 40) * (random.index(below: 20) == 0 ? 1 << 40 : 1))
        let lease = LeaseID(
            UInt64(random.index(below: 200)) + (random.index(below: 2) == 0 ? UInt64(life + 1) << 32 : 0))
        switch random.index(below: 8) {
        case 0...2:
            let kinds: [DeviceKind] = ["cpu", "odd"]
            return .register(
                Registration(
                    softwareVersion: "attack", worker: "attack \(random.index(below: 5_000))",
                    host: SimulatedWorker.host,
                    processID: SimulatedWorker.processID(of: random.index(below: workers.count), 1),
                    deviceKind: kinds[random.index(below: 2)], run: plan.run, leases: [lease]))
        case 3:
            // It does not know the models' fingerprints.
            return .ready(Readiness(fingerprintA: "made up", fingerprintB: plan.fingerprintB, capacity: number))
        case 4: return .heartbeat(Heartbeat([lease]))
        case 5: return .failure(lease: lease, unit: unit, cause: "made up")
        case 6: return .unprepared(lease: lease, unit: unit, cause: "made up")
        default: return .result(run: plan.run, lease: lease, unit: unit, result: "made up")
        }
    }
}
