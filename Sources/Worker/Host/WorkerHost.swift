import Dispatch
import Foundation
import Locking
import Messaging
package import Run
package import Transport
import Wire
package import WorkerEngine
package import WorkerSession

/// A worker as a process: its connection, its clock and the engine's thread.
///
/// An actor on its own message loop, which never computes: heartbeats go out while the engine is at work. Everything
/// that decides is in ``WorkerSession``; here bytes come in and go out and the engine is set to work.
package actor WorkerHost {
    package nonisolated let loop: MessageLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let endpoint: Endpoint
    private let options: SocketOptions
    private var diagnosis: HandshakeDiagnosis
    private var isDiagnosing = false
    private var isConnected = false
    private var lastReport = ""
    private let parent: Int32?
    private let report: @Sendable (String) -> Void
    private var session: WorkerSession
    private var socket: DealerSocket?
    private let engine: EngineThread
    private let meter: UnitMeter?
    private var run: String?
    private var grants: [LeaseID: Grant] = [:]
    private var results: [LeaseID: UnitResult] = [:]
    private var unitsAtWork = 0
    private var outcome: WorkerSession.Outcome?
    private var ending: CheckedContinuation<Void, Never>?

    /// - Parameters:
    ///   - endpoint: the coordinator's.
    ///   - security: the keys, where the coordinator uses any.
    ///   - usesIPv6: whether the endpoint's host is a name with IPv6 addresses alone.
    ///   - identity: who this worker is.
    ///   - patienceSeconds: how long the worker goes on without a coordinator.
    ///   - parent: the process that this worker ends with, if it was started by one.
    ///   - report: told in a line what happens.
    package init(
        endpoint: Endpoint, security: SocketOptions.Security = .none, usesIPv6: Bool = false, identity: Registration,
        engine: sending any UnitExecutor, patienceSeconds: Double,
        parent: Int32?, report: @escaping @Sendable (String) -> Void
    ) throws {
        loop = try MessageLoop(name: "worker")
        self.endpoint = endpoint
        var options = SocketOptions()
        options.security = security
        options.ipv6 = usesIPv6
        self.options = options
        diagnosis = HandshakeDiagnosis(endpoint, security)
        self.parent = parent
        self.report = report
        meter = engine.meter
        self.engine = EngineThread(engine)
        session = WorkerSession(
            identity: identity, patienceSeconds: patienceSeconds, now: Instant(nanoseconds: loop.now))
    }

    private var now: Instant { Instant(nanoseconds: loop.now) }

    /// Works until the coordinator needs this worker no longer, refuses it or stays away.
    package func work() async -> WorkerSession.Outcome {
        report("connecting to \(endpoint)")
        perform(session.start(at: now))
        tick()
        if outcome == nil {
            await withCheckedContinuation { ending = $0 }
        }
        return outcome ?? .failed("the worker ended without an outcome")
    }

    /// Whether a unit is at work, perhaps for ever.
    package var isComputing: Bool { unitsAtWork > 0 }

    /// Sends what waits and closes the connection.
    package func close() async {
        await loop.stop()
    }

    /// Leaves: the units that the worker holds are given out again at once.
    package func interrupt(reason: String) {
        handle(.interrupt(reason: reason))
    }

    // MARK: Events

    private func handle(_ event: WorkerSession.Event) {
        perform(session.handle(event, at: now))
    }

    private func tick() {
        if let parent, getppid() != parent {
            handle(.interrupt(reason: "the coordinator that started this worker is gone"))
        }
        handle(.tick)
        if outcome == nil {
            loop.schedule(after: .milliseconds(200)) { [weak self] in self?.assumeIsolated { $0.tick() } }
        }
    }

    private func receive(_ frames: [Frame]) {
        do {
            take(try WireFormat.decodeCoordinatorMessage(frames))
        } catch {
            report("passed over a message: \(error)")
            handle(.malformed("\(error)"))
        }
    }

    private func take(_ message: CoordinatorMessage) {
        switch message {
        case .activations(let activations):
            // On the engine's thread, so that they are there before the units that are granted after them.
            engine.perform({ $0.keep(activations) }, then: { _ in })
        case .grant(let grant):
            for grant in [grant] + grant.companionGrants { grants[grant.lease] = grant }
        case .welcome, .refusal, .heartbeat, .finished: break
        }
        handle(
            .message(
                message.map(
                    greeting: { $0 }, activations: { $0.site }, given: { WorkerSession.Given($0.lease, $0.id) })))
        // Units like others; what came for all of them stays with the first.
        guard case .grant(let grant) = message else { return }
        for companion in grant.companions {
            handle(.message(.grant(WorkerSession.Given(companion.lease, companion.id))))
        }
    }

    private func note(_ event: SocketEvent) {
        switch event {
        case .connected:
            isConnected = true
            reportOnce("connected to \(endpoint)")
        case .disconnected:
            if isConnected {
                reportOnce("lost the connection to \(endpoint); waiting for it to come back")
                isConnected = false
                handle(.disconnected)
            }
        case .handshakeFailed(let failure, _): reportOnce("\(endpoint): \(failure)")
        default: break
        }
        if diagnosis.note(event) { diagnose() }
    }

    /// What happens at every attempt to connect is told once.
    private func reportOnce(_ line: String) {
        if line != lastReport { report(line) }
        lastReport = line
    }

    /// Finds out whether the keys fit: libzmq does not say, and tries again for ever.
    private func diagnose() {
        guard !isDiagnosing else { return }
        isDiagnosing = true
        DispatchQueue.global().async { [weak self, endpoint] in
            let mechanism = HandshakeDiagnosis.ask(endpoint)
            guard let self else { return }
            Task { await self.concludeDiagnosis(mechanism) }
        }
    }

    private func concludeDiagnosis(_ mechanism: String?) {
        isDiagnosing = false
        if let mismatch = diagnosis.mismatch(mechanism) { handle(.rejected(reason: "\(mismatch)")) }
    }

    private func finish(_ lease: LeaseID, _ result: Result<UnitResult, any Error>) {
        unitsAtWork -= 1
        switch result {
        case .success(let result):
            results[lease] = result
            handle(.finished(lease))
        case .failure(let error):
            report("a unit failed: \(error)")
            handle(.unitFailed(lease, cause: "\(error)", isUnprepared: (error as? EngineError)?.isUnprepared == true))
        }
    }

    // MARK: Effects

    private func perform(_ effects: [WorkerSession.Effect]) {
        for effect in effects {
            switch effect {
            case .connect: connect()
            case .send(let message): send(message.mapResult { (never: Never) -> UnitResult in })
            case .deliver(let lease, let unit):
                grants[lease] = nil
                if let run, let result = results.removeValue(forKey: lease) {
                    if let seconds = meter?.takeSpending(of: lease) {
                        send(.spent(lease: lease, unit: unit, seconds: seconds))
                    }
                    send(.result(run: run, lease: lease, unit: unit, result: result))
                }
            case .load(let welcome): load(welcome)
            case .execute(let lease, _): execute(lease)
            case .forget(let lease):
                if engine.forget(lease) { unitsAtWork -= 1 }
                _ = meter?.takeSpending(of: lease)
                grants[lease] = nil
                results[lease] = nil
            case .end(let outcome):
                self.outcome = outcome
                ending?.resume()
                ending = nil
            }
        }
    }

    private func connect() {
        socket?.close()
        do {
            let socket = try loop.connectDealer(to: endpoint, options: options)
            socket.onReceive { [unowned self] frames in self.assumeIsolated { $0.receive(frames) } }
            socket.onEvent { [unowned self] event in self.assumeIsolated { $0.note(event) } }
            self.socket = socket
        } catch {
            handle(.rejected(reason: "\(error)"))
        }
    }

    private func send(_ message: WorkerMessage) {
        var message = message
        if case .heartbeat(var heartbeat) = message {
            if let meter { heartbeat.shares = heartbeat.leases.map { Int(meter.share(of: $0) * 1000) } }
            heartbeat.memoryBytes = ProcessMemory.resident
            message = .heartbeat(heartbeat)
        }
        do {
            try socket?.send(WireFormat.encode(message).frames)
        } catch {
            report("cannot send: \(error)")
        }
    }

    private func load(_ welcome: Welcome) {
        run = welcome.run
        report("loading \(welcome.modelA) and \(welcome.modelB)")
        engine.perform(
            { try $0.load(welcome) },
            then: { [weak self] result in
                guard let self else { return }
                Task { await self.loaded(run: welcome.run, result) }
            })
    }

    private func loaded(run: String, _ result: Result<Readiness, any Error>) {
        switch result {
        case .success(let readiness):
            report("ready")
            handle(.loaded(run: run, readiness))
        case .failure(let error): handle(.loadingFailed("\(error)"))
        }
    }

    private func execute(_ lease: LeaseID) {
        guard let grant = grants[lease] else { return }
        unitsAtWork += 1
        engine.execute(grant) { [weak self] lease, result in
            guard let self else { return }
            Task { await self.finish(lease, result) }
        }
    }
}

/// The thread on which the engine computes: one unit after the other, or together those that ask for answers.
private final class EngineThread: @unchecked Sendable {
    // Touched on the queue only.
    private let engine: any UnitExecutor
    private let queue = DispatchQueue(label: "engine", qos: .userInitiated)
    /// Units that wait.
    private let inbox = UnitInbox()

    init(_ engine: sending any UnitExecutor) {
        self.engine = engine
    }

    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (any UnitExecutor) throws -> Value,
        then: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        queue.async { [self] in then(Result { try work(engine) }) }
    }

    func execute(_ grant: Grant, then: @escaping @Sendable (LeaseID, Result<UnitResult, any Error>) -> Void) {
        inbox.add(grant)
        queue.async { [self] in
            // It may have been worked on together with one before.
            guard let first = inbox.take(where: { _ in true }) else { return }
            engine.execute(first, besides: { inbox.take { $0.id.stage.asksForAnswers } }, finish: then)
        }
    }

    /// Whether the unit has not been begun; then it will not be.
    func forget(_ lease: LeaseID) -> Bool { inbox.remove(lease) }
}

/// Units in the order in which they came.
private final class UnitInbox: @unchecked Sendable {  // under `lock`
    private let lock = Lock()
    private var grants: [Grant] = []

    func add(_ grant: Grant) { lock.withLock { grants.append(grant) } }

    /// The one that came first, if it is as wanted.
    func take(where isWanted: (Grant) -> Bool) -> Grant? {
        lock.withLock { grants.first.map(isWanted) == true ? grants.removeFirst() : nil }
    }

    func remove(_ lease: LeaseID) -> Bool {
        lock.withLock {
            let count = grants.count
            grants.removeAll { $0.lease == lease }
            return grants.count < count
        }
    }
}
