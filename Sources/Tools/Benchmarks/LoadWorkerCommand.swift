import ArgumentParser
import Console
import Foundation
import Messaging
import Run
import Transport
import Wire
import WorkerSession

/// Many workers in one process: a session and a socket each, and an engine that answers at once, or sleeps as long as it
/// would compute.
struct LoadWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "load-worker", shouldDisplay: false)

    @Option var connect: String
    @Option var sessions = 256
    @Option var threads = 1
    @Option var parent: Int32?
    /// What an item takes on average, for workers that sleep.
    @Option var itemSeconds = 0.0
    @Option var items = 0
    @Option var itemsPerUnit = 1

    func run() async throws {
        // A socket, its monitor's two and its connection have a descriptor each.
        try OpenFiles.raiseLimit(needed: 64 + 4 * sessions)
        let (items, perUnit, mean) = (items, itemsPerUnit, itemSeconds)
        let crowd = try Crowd(endpoint: Endpoint(connect), count: sessions) { unit in
            mean > 0 ? AnswerLengths.seconds(ofUnit: unit, items: items, perUnit: perUnit, mean: mean) : 0
        }
        let failure = await crowd.work()
        await crowd.close()
        if let failure { throw failure }
    }
}

/// The sessions, on one message loop.
private actor Crowd {
    nonisolated let loop: MessageLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private struct Member {
        var session: WorkerSession
        var socket: DealerSocket?
        var isEnded = false
        /// When it will be done with the units that it holds.
        var busyUntil = Instant(nanoseconds: 0)
    }

    private let endpoint: Endpoint
    /// What a unit takes.
    private let seconds: @Sendable (Int) -> Double
    private var members: [Member] = []
    private var run = ""
    private var ending: CheckedContinuation<Void, Never>?
    /// Why there are fewer sessions than were asked for.
    private var failure: TransportError?

    init(endpoint: Endpoint, count: Int, seconds: @escaping @Sendable (Int) -> Double) throws {
        loop = try MessageLoop(name: "crowd")
        self.endpoint = endpoint
        self.seconds = seconds
        let now = Instant(nanoseconds: loop.now)
        let processID = ProcessInfo.processInfo.processIdentifier
        members = (0..<count).map { index in
            Member(
                session: WorkerSession(
                    identity: Registration(
                        softwareVersion: productVersion, worker: "load:\(processID):\(index)", host: "load",
                        processID: processID,
                        deviceKind: "synthetic"), patienceSeconds: 60, now: now))
        }
    }

    private var now: Instant { Instant(nanoseconds: loop.now) }

    /// - Returns: why it could not do as it was told, if it could not.
    func work() async -> TransportError? {
        for index in members.indices where failure == nil {
            perform(members[index].session.start(at: now), of: index)
        }
        if failure == nil {
            tick()
            await withCheckedContinuation { ending = $0 }
        }
        return failure
    }

    func close() async { await loop.stop() }

    private func tick() {
        for index in members.indices { handle(.tick, of: index) }
        if members.allSatisfy(\.isEnded) {
            ending?.resume()
            ending = nil
        } else {
            loop.schedule(after: .milliseconds(200)) { [weak self] in self?.assumeIsolated { $0.tick() } }
        }
    }

    private func handle(_ event: WorkerSession.Event, of index: Int) {
        perform(members[index].session.handle(event, at: now), of: index)
    }

    private func receive(_ frames: [Frame], of index: Int) {
        guard let message = try? WireFormat.decodeCoordinatorMessage(frames) else { return }
        let event = message.map(
            greeting: { $0 }, activations: { $0.site }, given: { WorkerSession.Given($0.lease, $0.id) })
        handle(.message(event), of: index)
    }

    private func perform(_ effects: [WorkerSession.Effect], of index: Int) {
        for effect in effects {
            switch effect {
            case .connect:
                members[index].socket?.close()
                connect(index)
            case .send(let message): send(message.mapResult { (never: Never) -> UnitResult in }, of: index)
            case .forget: break
            case .deliver(let lease, let unit):
                send(.result(run: run, lease: lease, unit: unit, result: SyntheticEngine.answer), of: index)
            case .load(let welcome):
                run = welcome.run
                handle(
                    .loaded(run: run, Readiness(fingerprintA: "", fingerprintB: "", capacity: 8)), of: index)
            case .execute(let lease, let unit): execute(lease, seconds(unit.index), of: index)
            case .end: members[index].isEnded = true
            }
        }
    }

    private func connect(_ index: Int) {
        do throws(TransportError) {
            let socket = try loop.connectDealer(to: endpoint, options: .withoutKeys(endpoint))
            socket.onReceive { [unowned self] frames in self.assumeIsolated { $0.receive(frames, of: index) } }
            members[index].socket = socket
        } catch {
            failure = error
            ending?.resume()
            ending = nil
        }
    }

    /// One unit after the other, as one processor would.
    private func execute(_ lease: LeaseID, _ seconds: Double, of index: Int) {
        guard seconds > 0 else { return handle(.finished(lease), of: index) }
        let begins = max(now, members[index].busyUntil)
        members[index].busyUntil = begins.adding(seconds: seconds)
        loop.schedule(after: .seconds(members[index].busyUntil.seconds(since: now))) { [weak self] in
            self?.assumeIsolated { $0.handle(.finished(lease), of: index) }
        }
    }

    private func send(_ message: WorkerMessage, of index: Int) {
        try? members[index].socket?.send(WireFormat.encode(message).frames)
    }
}
