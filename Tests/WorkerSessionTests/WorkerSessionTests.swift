import Run
import Testing
import WorkerSession

struct WorkerSessionTests {
    private static let identity = Registration(
        softwareVersion: "test", worker: "w", host: "h", processID: 1, deviceKind: "cpu")
    private static let readiness = Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 4)

    private static func welcome(run: String = "run") -> Welcome {
        Welcome(
            run: run, modelA: "a", modelB: "b", delivery: Condition.Delivery(.replace),
            computeType: .float32, seed: 1,
            heartbeatSeconds: 1, silenceSeconds: 10)
    }

    private static func unit(_ index: Int) -> UnitID { UnitID(.extract, index) }

    private static func given(_ lease: UInt64, _ index: Int) -> WorkerSession.Given {
        WorkerSession.Given(LeaseID(lease), unit(index))
    }

    /// A session that has registered, loaded and is ready at time 0.
    private func ready() -> WorkerSession {
        var session = WorkerSession(identity: Self.identity, patienceSeconds: 100, now: .seconds(0))
        _ = session.start(at: .seconds(0))
        #expect(session.handle(.message(.welcome(Self.welcome())), at: .seconds(0)) == [.load(Self.welcome())])
        #expect(session.handle(.loaded(run: "run", Self.readiness), at: .seconds(0)) == [.send(.ready(Self.readiness))])
        return session
    }

    @Test func `a worker connects, registers, loads what it is told and says that it is ready`() {
        var session = WorkerSession(identity: Self.identity, patienceSeconds: 100, now: .seconds(0))
        #expect(session.start(at: .seconds(0)) == [.connect, .send(.register(Self.identity))])
        _ = ready()
    }

    @Test func `units are done one after the other in the order of their grants`() {
        var session = ready()
        #expect(
            session.handle(.message(.grant(Self.given(1, 5))), at: .seconds(1))
                == [.execute(LeaseID(1), Self.unit(5))])
        #expect(session.handle(.message(.grant(Self.given(2, 3))), at: .seconds(1)).isEmpty)
        #expect(
            session.handle(.finished(LeaseID(1)), at: .seconds(2))
                == [.deliver(LeaseID(1), Self.unit(5)), .execute(LeaseID(2), Self.unit(3))])
    }

    @Test func `units that ask for answers are worked on together, and others wait for them`() {
        var session = ready()
        func grant(_ lease: UInt64, _ stage: Stage) -> [WorkerSession.Effect] {
            session.handle(
                .message(.grant(WorkerSession.Given(LeaseID(lease), UnitID(stage, Int(lease))))), at: .seconds(1))
        }
        #expect(grant(1, .evaluate(task: "t")) == [.execute(LeaseID(1), UnitID(.evaluate(task: "t"), 1))])
        #expect(grant(2, .evaluate(task: "t")) == [.execute(LeaseID(2), UnitID(.evaluate(task: "t"), 2))])
        #expect(grant(3, .extract).isEmpty)
        // Not ahead of the one before it.
        #expect(grant(4, .similarity).isEmpty)
        #expect(
            session.handle(.finished(LeaseID(2)), at: .seconds(2))
                == [.deliver(LeaseID(2), UnitID(.evaluate(task: "t"), 2))])
        #expect(
            session.handle(.finished(LeaseID(1)), at: .seconds(3)) == [
                .deliver(LeaseID(1), UnitID(.evaluate(task: "t"), 1)), .execute(LeaseID(3), UnitID(.extract, 3)),
            ])
        #expect(
            session.handle(.finished(LeaseID(3)), at: .seconds(4)) == [
                .deliver(LeaseID(3), UnitID(.extract, 3)), .execute(LeaseID(4), UnitID(.similarity, 4)),
            ])
    }

    @Test func `a grant that arrives twice is done once`() {
        var session = ready()
        _ = session.handle(.message(.grant(Self.given(1, 5))), at: .seconds(1))
        #expect(session.handle(.message(.grant(Self.given(1, 5))), at: .seconds(1)).isEmpty)
    }

    @Test func `a heartbeat names the leases it holds when nothing else was sent`() {
        var session = ready()
        _ = session.handle(.message(.grant(Self.given(1, 5))), at: .seconds(0.5))
        #expect(session.handle(.tick, at: .seconds(0.9)).isEmpty)
        #expect(session.handle(.tick, at: .seconds(1.1)) == [.send(.heartbeat(Heartbeat([LeaseID(1)])))])
        #expect(session.handle(.tick, at: .seconds(1.5)).isEmpty)
    }

    @Test func `readiness is repeated until a first unit comes, since it may have been lost`() {
        var session = ready()
        #expect(
            session.handle(.tick, at: .seconds(1.1)) == [
                .send(.ready(Self.readiness)), .send(.heartbeat(Heartbeat([]))),
            ])
    }

    @Test func `a silent coordinator is taken for lost; what is held is kept and named`() {
        var session = ready()
        _ = session.handle(.message(.grant(Self.given(1, 5))), at: .seconds(1))
        _ = session.handle(.message(.grant(Self.given(2, 6))), at: .seconds(1))
        var again = Self.identity
        again.run = "run"
        again.leases = [LeaseID(1), LeaseID(2)]
        #expect(session.handle(.tick, at: .seconds(12)) == [.connect, .send(.register(again))])
        // A unit that is finished meanwhile waits for the coordinator.
        #expect(session.handle(.finished(LeaseID(1)), at: .seconds(13)) == [.execute(LeaseID(2), Self.unit(6))])
        #expect(
            session.handle(.message(.welcome(Self.welcome())), at: .seconds(14))
                == [.send(.ready(Self.readiness)), .deliver(LeaseID(1), Self.unit(5))])
    }

    @Test func `another run makes it forget what it holds and load again`() {
        var session = ready()
        _ = session.handle(.message(.grant(Self.given(1, 5))), at: .seconds(1))
        _ = session.handle(.tick, at: .seconds(12))
        #expect(
            session.handle(.message(.welcome(Self.welcome(run: "other"))), at: .seconds(13))
                == [.forget(LeaseID(1)), .load(Self.welcome(run: "other"))])
        // The old unit's result comes too late and is not delivered.
        #expect(session.handle(.finished(LeaseID(1)), at: .seconds(14)) == [.forget(LeaseID(1))])
    }

    @Test func `a unit that fails is reported and the next one is done`() {
        var session = ready()
        _ = session.handle(.message(.grant(Self.given(1, 5))), at: .seconds(1))
        _ = session.handle(.message(.grant(Self.given(2, 6))), at: .seconds(1))
        #expect(
            session.handle(.unitFailed(LeaseID(1), cause: "no"), at: .seconds(2)) == [
                .forget(LeaseID(1)), .send(.failure(lease: LeaseID(1), unit: Self.unit(5), cause: "no")),
                .execute(LeaseID(2), Self.unit(6)),
            ])
    }

    @Test func `a worker gives up when no coordinator answers for as long as its patience`() {
        var session = ready()
        #expect(session.handle(.tick, at: .seconds(101)) == [.end(.failed("no coordinator answered for 101 s"))])
        #expect(session.handle(.tick, at: .seconds(200)).isEmpty)
    }

    @Test func `a refusal, a farewell and a broken model end it, each in its way`() {
        var refused = ready()
        #expect(
            refused.handle(.message(.refusal(reason: "no")), at: .seconds(1))
                == [.end(.failed("the coordinator refused this worker: no"))])
        var done = ready()
        #expect(done.handle(.message(.finished(reason: "done")), at: .seconds(1)) == [.end(.done("done"))])
        var interrupted = ready()
        #expect(
            interrupted.handle(.interrupt(reason: "stop"), at: .seconds(1))
                == [.send(.goodbye(reason: "stop")), .end(.interrupted("stop"))])
        var broken = WorkerSession(identity: Self.identity, patienceSeconds: 100, now: .seconds(0))
        _ = broken.start(at: .seconds(0))
        _ = broken.handle(.message(.welcome(Self.welcome())), at: .seconds(0))
        #expect(
            broken.handle(.loadingFailed("bad file"), at: .seconds(1))
                == [.send(.goodbye(reason: "bad file")), .end(.failed("bad file"))])
    }
}
