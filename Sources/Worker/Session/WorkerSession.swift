package import Run

/// A worker's decisions: when it registers, what it works on, what it sends, when it gives up.
///
/// A state machine without sockets, clocks or models, like the coordinator's. A worker that loses its coordinator
/// opens a fresh connection, registers again and keeps what it holds: its models, its activations, the units at work and
/// the results that were not delivered.
package struct WorkerSession: Sendable {
    private enum State: Hashable {
        /// A registration was sent; no answer yet.
        case registering
        case loading
        case ready
        case ended
    }

    private struct Held: Hashable {
        var lease: LeaseID
        var unit: UnitID
        var isAtWork = false
        var isFinished = false
    }

    /// Units that are kept at a time; a coordinator that sends more is not followed.
    private static let mostHeld = 64

    private let identity: Registration
    /// Seconds without a coordinator after which the worker gives up.
    private let patienceSeconds: Double
    private var state = State.registering
    private var welcome: Welcome?
    private var readiness: Readiness?
    /// In the order in which they were granted and are worked on.
    private var held: [Held] = []
    /// Whether a unit came since ``Message/ready(_:)`` was last sent; until then it may not have arrived.
    private var hasBeenGranted = false
    private var lastSent: Instant
    private var lastHeard: Instant
    private var lastConnect: Instant

    /// - Parameter identity: who the worker is, without run and leases.
    package init(identity: Registration, patienceSeconds: Double, now: Instant) {
        self.identity = identity
        self.patienceSeconds = patienceSeconds
        lastSent = now
        lastHeard = now
        lastConnect = now
    }

    /// To be called once, before any event.
    package mutating func start(at now: Instant) -> [Effect] {
        register(at: now)
    }

    package mutating func handle(_ event: Event, at now: Instant) -> [Effect] {
        guard state != .ended else { return [] }
        var effects: [Effect] = []
        switch event {
        case .message(let message):
            lastHeard = now
            hear(message, at: now, &effects)
        case .malformed: lastHeard = now
        case .loaded(let run, let readiness):
            // The models of a run that has been replaced meanwhile; those of the present one follow.
            guard run == welcome?.run else { break }
            self.readiness = readiness
            if state == .loading { beginWork(at: now, &effects) }
        case .loadingFailed(let cause):
            effects.append(.send(.goodbye(reason: cause)))
            end(.failed(cause), &effects)
        case .finished(let lease): finish(lease, at: now, &effects)
        case .unitFailed(let lease, let cause, let isUnprepared):
            failUnit(lease, cause: cause, isUnprepared: isUnprepared, at: now, &effects)
        case .disconnected:
            // At most once a second, should the coordinator be there and hang up.
            if state != .registering, now.seconds(since: lastConnect) > 1 { effects += register(at: now) }
        case .tick: watch(at: now, &effects)
        case .interrupt(let reason):
            effects.append(.send(.goodbye(reason: reason)))
            end(.interrupted(reason), &effects)
        case .rejected(let reason): end(.failed(reason), &effects)
        }
        return effects
    }

    // MARK: The connection

    private mutating func register(at now: Instant) -> [Effect] {
        state = .registering
        lastConnect = now
        lastSent = now
        var registration = identity
        registration.run = welcome?.run
        registration.leases = held.map(\.lease)
        return [.connect, .send(.register(registration))]
    }

    private mutating func watch(at now: Instant, _ effects: inout [Effect]) {
        let silenceSeconds = welcome?.silenceSeconds ?? 10
        let silence = now.seconds(since: lastHeard)
        if silence > patienceSeconds {
            end(.failed("no coordinator answered for \(Int(silence)) s"), &effects)
        } else if now.seconds(since: max(lastHeard, lastConnect)) > silenceSeconds {
            effects += register(at: now)
        } else if state != .registering, now.seconds(since: lastSent) >= welcome?.heartbeatSeconds ?? 1 {
            if state == .ready, !hasBeenGranted, let readiness { send(.ready(readiness), at: now, &effects) }
            // Said in any case: a first grant that was lost on its way is noticed by its lease not being named.
            send(.heartbeat(Heartbeat(held.map(\.lease))), at: now, &effects)
        }
    }

    private mutating func send(_ message: Message, at now: Instant, _ effects: inout [Effect]) {
        lastSent = now
        effects.append(.send(message))
    }

    private mutating func end(_ outcome: Outcome, _ effects: inout [Effect]) {
        state = .ended
        effects.append(.end(outcome))
    }

    // MARK: Messages

    private mutating func hear(_ message: CoordinatorEvent, at now: Instant, _ effects: inout [Effect]) {
        switch message {
        case .welcome(let new): take(new, at: now, &effects)
        case .refusal(let reason): end(.failed("the coordinator refused this worker: \(reason)"), &effects)
        case .finished(let reason): end(.done(reason), &effects)
        case .heartbeat, .activations: break
        case .grant(let given):
            let lease = given.lease
            guard state == .ready, held.count < Self.mostHeld, !held.contains(where: { $0.lease == lease }) else {
                if !held.contains(where: { $0.lease == lease }) { effects.append(.forget(lease)) }
                return
            }
            hasBeenGranted = true
            held.append(Held(lease: lease, unit: given.unit))
            workOn(&effects)
        }
    }

    private mutating func take(_ new: Welcome, at now: Instant, _ effects: inout [Effect]) {
        guard state == .registering else { return }
        let isSameRun = new.run == welcome?.run
        welcome = new
        if isSameRun, readiness != nil {
            beginWork(at: now, &effects)
            return
        }
        for item in held { effects.append(.forget(item.lease)) }
        held = []
        readiness = nil
        state = .loading
        effects.append(.load(new))
    }

    private mutating func beginWork(at now: Instant, _ effects: inout [Effect]) {
        guard let readiness else { return }
        state = .ready
        hasBeenGranted = false
        send(.ready(readiness), at: now, &effects)
        for item in held where item.isFinished { effects.append(.deliver(item.lease, item.unit)) }
        held.removeAll(where: \.isFinished)
        workOn(&effects)
    }

    // MARK: Units

    /// One unit after the other; but those that ask for answers are worked on together.
    private mutating func workOn(_ effects: inout [Effect]) {
        for place in held.indices where !held[place].isFinished && !held[place].isAtWork {
            let isJoining = held[place].unit.stage.asksForAnswers
            guard held.allSatisfy({ !$0.isAtWork || (isJoining && $0.unit.stage.asksForAnswers) }) else { return }
            held[place].isAtWork = true
            effects.append(.execute(held[place].lease, held[place].unit))
        }
    }

    private mutating func finish(_ lease: LeaseID, at now: Instant, _ effects: inout [Effect]) {
        guard let place = held.firstIndex(where: { $0.lease == lease }) else {
            effects.append(.forget(lease))
            workOn(&effects)
            return
        }
        if state == .ready {
            lastSent = now
            effects.append(.deliver(lease, held[place].unit))
            held.remove(at: place)
        } else {
            held[place].isAtWork = false
            held[place].isFinished = true
        }
        workOn(&effects)
    }

    private mutating func failUnit(
        _ lease: LeaseID, cause: String, isUnprepared: Bool, at now: Instant, _ effects: inout [Effect]
    ) {
        effects.append(.forget(lease))
        if let place = held.firstIndex(where: { $0.lease == lease }) {
            let item = held.remove(at: place)
            if state == .ready {
                send(
                    isUnprepared
                        ? .unprepared(lease: lease, unit: item.unit, cause: cause)
                        : .failure(lease: lease, unit: item.unit, cause: cause),
                    at: now, &effects)
            }
        }
        workOn(&effects)
    }
}
