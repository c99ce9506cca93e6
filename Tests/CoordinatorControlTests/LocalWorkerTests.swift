import CoordinatorControl
import Run
import Testing

/// The coordinator's own workers: which of them are started again, and when nobody is left.
struct LocalWorkerTests {
    private var control: RunControl
    private var seconds = 0.0

    init() {
        var limits = RunLimits()
        limits.workerRestarts = 3
        limits.unitSeconds = 60
        let plan = RunPlan(
            run: "run", stages: [StagePlan(.evaluate(task: "squad"), .independent(units: 6))], fingerprintA: "a",
            fingerprintB: "b")
        control = RunControl(RunControl.Beginning(plan: plan, limits: limits, now: .seconds(0)))
        _ = control.start(at: .seconds(0))
    }

    @discardableResult
    private mutating func tell(_ event: RunControl.Event, after delay: Double = 0) -> [RunControl.Effect] {
        seconds += delay
        let effects = control.handle(event, at: .seconds(seconds))
        #expect(control.violation() == nil)
        return effects
    }

    private mutating func employ(_ count: Int, othersMayCome: Bool = false) {
        tell(.localWorkers(count, host: "here", othersMayCome: othersMayCome))
        for number in 0..<count { tell(.workerStarted(number, processID: Int32(100 + number))) }
    }

    private mutating func register(_ name: String, host: String, processID: Int32, peer: UInt8) {
        let registration = Registration(
            softwareVersion: "1", worker: name, host: host, processID: processID, deviceKind: "cpu")
        let peer = PeerID([peer], isPrivate: host == "here")
        tell(.message(peer, .register(registration)))
        tell(.message(peer, .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 4))))
    }

    private var states: [WorkerStatus.State] { control.status(at: .seconds(seconds)).workers.map(\.state) }

    private func failure(_ effects: [RunControl.Effect]) -> String? {
        for case .end(.failed(let why)) in effects { return why }
        return nil
    }

    @Test mutating func `as many workers are started as the host can`() {
        let effects = tell(.localWorkers(3, host: "here", othersMayCome: false))
        #expect(effects == [.startWorker(0), .startWorker(1), .startWorker(2)])
        #expect(control.startingWorkers == [0, 1, 2])
        tell(.workerStarted(1, processID: 7))
        #expect(control.startingWorkers == [0, 2])
    }

    @Test mutating func `a local worker that is killed is started again, and what it held is free`() {
        employ(2)
        register("w", host: "here", processID: 101, peer: 1)
        #expect(tell(.workerEnded(1, processID: 101, .signal(9))) == [.startWorker(1)])
        #expect(states == [.lost])
        let fault = control.status(at: .seconds(seconds)).faults.last?.what
        #expect(fault?.hasPrefix("lost: its process was killed by signal 9; squad/0") == true)
    }

    @Test mutating func `a local worker that ends with an exit code has said why, and is not started again`() {
        employ(2)
        #expect(tell(.workerEnded(0, processID: 100, .exitCode(1, lastLine: "error: no weights"))).isEmpty)
        #expect(control.status(at: .seconds(seconds)).phase == .running)
        let effects = tell(.workerEnded(1, processID: 101, .exitCode(1, lastLine: "error: no weights")))
        #expect(failure(effects) == "no worker is left: the last one ended with exit code 1 (error: no weights)")
    }

    @Test mutating func `where others may come, the run waits for them`() {
        employ(1, othersMayCome: true)
        #expect(tell(.workerEnded(0, processID: 100, .exitCode(2, lastLine: nil))).isEmpty)
        #expect(control.status(at: .seconds(seconds)).phase == .running)
    }

    @Test mutating func `restarts have a limit, all workers together`() {
        employ(2)
        for (number, processID) in [(0, 100), (1, 101), (0, 102)] as [(Int, Int32)] {
            #expect(tell(.workerEnded(number, processID: processID, .signal(11))) == [.startWorker(number)])
            tell(.workerStarted(number, processID: processID + 2))
        }
        #expect(tell(.workerEnded(1, processID: 103, .signal(11))).isEmpty)
        let effects = tell(.workerEnded(0, processID: 104, .signal(11)))
        #expect(failure(effects) == "no worker is left: the last one was killed by signal 11")
    }

    @Test mutating func `a local worker that hangs is killed and started again, however its process ends`() {
        employ(1)
        register("w", host: "here", processID: 100, peer: 1)
        var effects: [RunControl.Effect] = []
        for _ in 0..<61 {
            tell(.message(PeerID([1], isPrivate: true), .heartbeat(Heartbeat((1...9).map { LeaseID($0) }))), after: 1)
            effects += tell(.tick)
        }
        #expect(effects.contains(.stopWorker(0)))
        #expect(tell(.workerEnded(0, processID: 100, .exitCode(1, lastLine: nil))) == [.startWorker(0)])
    }

    @Test mutating func `a worker of another host that hangs is only told to end`() {
        employ(1)
        register("w", host: "elsewhere", processID: 100, peer: 1)
        var effects: [RunControl.Effect] = []
        for _ in 0..<61 {
            tell(.message(PeerID([1]), .heartbeat(Heartbeat((1...9).map { LeaseID($0) }))), after: 1)
            effects += tell(.tick)
        }
        #expect(!effects.contains(.stopWorker(0)))
        #expect(states == [.lost])
    }

    @Test mutating func `a process of this host is not taken for one of another host`() {
        employ(1)
        register("elsewhere", host: "elsewhere", processID: 100, peer: 1)
        register("here", host: "here", processID: 100, peer: 2)
        tell(.workerEnded(0, processID: 100, .signal(9)))
        #expect(states == [.working, .lost])
    }

    @Test mutating func `a local worker that cannot be started is named`() {
        tell(.localWorkers(1, host: "here", othersMayCome: false))
        let effects = tell(.workerNotStarted(0, why: "no memory"))
        #expect(failure(effects) == "no worker is left: it cannot be started: no memory")
    }

    @Test mutating func `nobody is started again in a run that ends`() {
        employ(1)
        register("w", host: "here", processID: 100, peer: 1)
        let (lease, unit) = (LeaseID(1), UnitID(.evaluate(task: "squad"), 0))
        tell(.message(PeerID([1], isPrivate: true), .result(run: "run", lease: lease, unit: unit, result: "d")))
        tell(.interrupt)
        #expect(tell(.workerEnded(0, processID: 100, .signal(2))).isEmpty)
        #expect(tell(.persisted(unit)).contains(.end(.interrupted)))
    }
}
