import Run
import Testing

@testable import CoordinatorControl

/// Progress in what people count, and how long the rest takes.
struct ProgressTests {
    private static let squad = Stage.evaluate(task: "squad")
    private static let gsm8k = Stage.evaluate(task: "gsm8k")

    /// Two tasks of ten items; an item of the first has 3 answers over the first channel and 2 over the second, an item of
    /// the second takes twice the effort.
    private static let plan = RunPlan(
        run: "run",
        stages: [
            StagePlan(squad, .ranges(of: 10, size: 1, times: 2), channels: 2, countPerItem: [3, 2], effort: 50),
            StagePlan(gsm8k, .ranges(of: 10, size: 1), countPerItem: [5], effort: 100),
        ], channels: [Channel(k: 0, j: 0), Channel(k: 1, j: 1)], fingerprintA: "a", fingerprintB: "b")

    /// A run with one worker that says what it is told to.
    private final class Scene {
        var control: RunControl
        var now = Instant(nanoseconds: 0)
        private var granted: [RunControl.Given] = []
        let peer = PeerID([1])

        init(_ plan: RunPlan, completed: [UnitID: String] = [:]) {
            control = RunControl(RunControl.Beginning(plan: plan, limits: RunLimits(), completed: completed, now: now))
            take(control.start(at: now))
        }

        func join() {
            tell(
                .message(
                    peer,
                    .register(
                        Registration(
                            softwareVersion: "1", worker: "w", host: "h", processID: 1, deviceKind: "cpu"))))
            tell(.message(peer, .ready(Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 1))))
        }

        private func take(_ effects: [RunControl.Effect]) {
            for effect in effects {
                switch effect {
                case .send(_, .grant(let given)): granted.append(given)
                case .persist(let unit): tell(.persisted(unit))
                case .completeStage(let stage): tell(.stageCompleted(stage))
                default: break
                }
            }
        }

        func tell(_ event: RunControl.Event) { take(control.handle(event, at: now)) }

        /// Lets time go by, the worker saying how far its unit is.
        func pass(_ seconds: Int, share: Int = 0) {
            for _ in 0..<seconds {
                now = Instant(nanoseconds: now.nanoseconds + 1_000_000_000)
                tell(
                    .message(
                        peer,
                        .heartbeat(
                            Heartbeat(granted.map(\.lease), shares: granted.map { _ in share }, memoryBytes: 5))))
                tell(.tick)
            }
        }

        /// Has the worker answer its unit.
        func answer() {
            guard !granted.isEmpty else { return }
            let given = granted.removeFirst()
            tell(.message(peer, .result(run: "run", lease: given.lease, unit: given.unit, result: "d")))
        }

        var status: RunStatus { control.status(at: now) }
        var stage: StageStatus { status.stages[0] }
    }

    @Test func `a unit counts for what is in it, and one at work for as much as its worker says`() {
        let scene = Scene(Self.plan)
        #expect(scene.status.stages.map(\.total) == [50, 50] && scene.stage.counted == "answers")
        scene.join()
        scene.pass(1, share: 700)
        #expect(scene.stage.done == 0 && scene.stage.underWay == 2 && scene.stage.unitsTotal == 20)
        let worker = scene.status.workers[0]
        #expect(worker.unit == "squad/0" && worker.unitShare == 0.7 && worker.memoryBytes == 5)
        scene.answer()
        #expect(scene.stage.done == 3 && scene.stage.underWay == 0 && scene.stage.unitsDone == 1)
        for _ in 1..<10 { scene.answer() }
        scene.answer()
        #expect(scene.stage.done == 32)
    }

    @Test func `what another worker says of a lease is nothing`() {
        let scene = Scene(Self.plan)
        scene.join()
        scene.pass(1, share: 500)
        let lease = scene.control.workers[0].leases[0]
        let stranger = PeerID([2])
        scene.tell(
            .message(
                stranger,
                .register(
                    Registration(softwareVersion: "1", worker: "x", host: "h", processID: 2, deviceKind: "cpu"))))
        scene.tell(.message(stranger, .heartbeat(Heartbeat([lease], shares: [1000]))))
        #expect(scene.status.workers[0].unitShare == 0.5)
    }

    @Test func `rate and time to go are those of the latest minutes, loading left out`() throws {
        let scene = Scene(Self.plan)
        scene.pass(600)
        #expect(scene.stage.rate == nil && scene.status.etaSeconds == nil)
        scene.join()
        // One unit of 3 answers in ten seconds.
        for _ in 0..<4 {
            scene.pass(10)
            scene.answer()
        }
        let rate = try #require(scene.stage.rate)
        #expect(abs(rate - 0.3) < 0.03, "\(rate)")
        // The other 38 answers take 127 s, and the second task twice the effort of all 50: 333 s.
        let (own, all) = (try #require(scene.stage.etaSeconds), try #require(scene.status.etaSeconds))
        #expect(abs(own - 38 / rate) < 1e-9 && abs(all - own - 100 / rate) < 1e-9, "\(own), \(all)")
        // It has become ten times slower: three minutes later that is all that is known.
        for _ in 0..<3 {
            scene.pass(100)
            scene.answer()
        }
        let slow = try #require(scene.stage.rate)
        #expect(slow < 0.05, "\(slow)")
    }

    @Test func `after a resume what was there before says nothing of the pace`() throws {
        let done = Dictionary(uniqueKeysWithValues: (0..<10).map { (UnitID(Self.squad, $0), "d") })
        let scene = Scene(Self.plan, completed: done)
        #expect(scene.stage.done == 30 && scene.stage.rate == nil && scene.stage.etaSeconds == nil)
        scene.join()
        for _ in 0..<2 {
            scene.pass(10)
            scene.answer()
        }
        let rate = try #require(scene.stage.rate)
        #expect(abs(rate - 0.2) < 0.03, "\(rate)")
    }

    @Test func `of a stage that nothing is like there is no time for the whole run`() throws {
        var plan = Self.plan
        plan.stages[1].effort = 0
        let scene = Scene(plan)
        scene.join()
        scene.pass(10)
        scene.answer()
        #expect(scene.stage.etaSeconds != nil && scene.status.etaSeconds == nil)
    }
}
