package import CoordinatorControl
package import Foundation
import Messaging
package import Run
import Storage
package import Transport
import Wire

/// Where a run listens and who works on it. Nothing here changes a result.
package struct ServerOptions: Sendable {
    package enum Workers: Hashable, Sendable {
        /// As many as the machine has room for.
        case automatic
        /// So many on this machine; 0 waits for workers from elsewhere.
        case count(Int)
    }

    /// Where workers connect; nil takes a socket that only this user's processes on this machine can reach.
    package var listen: Endpoint?
    /// Where progress is asked for.
    package var status = ServerOptions.defaultStatus
    /// Whether another port of this machine will do where ``status`` is taken.
    package var statusMayMove = true
    package var workers = Workers.automatic
    /// Threads of each local worker; nil shares the processor's cores among them.
    package var threads: Int?
    /// The worker program, for local workers.
    package var program: URL
    /// Arguments of it that stand before those that the coordinator gives.
    package var programArguments: [String] = []
    package var limits = RunLimits()
    package var gradients = GradientForm.auto

    package static let defaultStatus = "tcp://127.0.0.1:5756"

    package init(program: URL) {
        self.program = program
    }
}

/// A run with its sockets, timers and local workers: the coordinator as a process.
///
/// An actor on its own message loop. Everything that decides is in ``RunControl``, everything that is kept in
/// ``RunConductor``; here bytes come in and go out.
package actor RunServer {
    package nonisolated let loop: MessageLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let options: ServerOptions
    private let conductor: RunConductor
    private var workerSocket: RouterSocket?
    private var statusSocket: RouterSocket?
    private var localWorkers: LocalWorkers?
    private var privateFolder: URL?
    private var isCommitScheduled = false
    /// Names of the workers behind the connections, and the bytes that each sent and was sent.
    private var names: [Peer: String] = [:]
    private var traffic: [String: (received: UInt64, sent: UInt64)] = [:]
    /// Bytes of the training's grants and results.
    private var trainingBytes: UInt64 = 0
    private var ending: CheckedContinuation<Void, Never>?
    private var outbox: Outbox

    /// The conductor's way to the transport, which is there before the sockets are.
    private final class Outbox: @unchecked Sendable {
        var send: (PeerID, CoordinatorMessage) -> Void = { _, _ in }
    }

    /// Opens the run's folder and takes the run up where it was left.
    package init(inputs: RunInputs, folder: RunFolder, options: ServerOptions) throws {
        loop = try MessageLoop(name: "coordinator")
        self.options = options
        let outbox = Outbox()
        self.outbox = outbox
        // Lease numbers grow with the time of day, so none is used by two lives of a coordinator.
        let firstLease = UInt64(max(0, Date().timeIntervalSince1970)) << 24
        conductor = try RunConductor(
            inputs: inputs, folder: folder, limits: options.limits, firstLease: firstLease,
            gradients: options.gradients, now: Instant(nanoseconds: loop.now), send: { outbox.send($0, $1) })
    }

    private var now: Instant { Instant(nanoseconds: loop.now) }

    package var recovery: RunConductor.Recovery { conductor.recovery }

    /// Where workers connect and where progress can be asked for, once ``open()`` has returned.
    package private(set) var endpoints: (workers: Endpoint, status: Endpoint)?

    // MARK: Life

    /// Opens the sockets. An address that is taken is an error here, before any work.
    package func open() throws {
        outbox.send = { [unowned self] peer, message in self.assumeIsolated { $0.send(message, to: peer) } }
        let workerEndpoint = try options.listen ?? privateEndpoint()
        let workerSocket = try loop.bindRouter(to: workerEndpoint)
        workerSocket.onReceive { [unowned self] peer, frames in self.assumeIsolated { $0.receive(frames, from: peer) } }
        workerSocket.onEvent { [unowned self] event in self.assumeIsolated { $0.note(event) } }
        self.workerSocket = workerSocket
        let statusSocket = try bindStatus()
        statusSocket.onReceive { [unowned self] peer, frames in self.assumeIsolated { $0.answer(frames, from: peer) } }
        self.statusSocket = statusSocket
        endpoints = (workerSocket.endpoint, statusSocket.endpoint)
    }

    private func privateEndpoint() throws -> Endpoint {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("activation-communication-\(UInt32.random(in: .min ... .max))")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        privateFolder = folder
        return try Endpoint("ipc://\(folder.path)/workers")
    }

    private func bindStatus() throws -> RouterSocket {
        var socketOptions = SocketOptions()
        // A query is some bytes long.
        socketOptions.maximumFrameBytes = 1 << 16
        socketOptions.maximumFrames = 4
        let wanted = try Endpoint(options.status)
        do {
            return try loop.bindRouter(to: wanted, options: socketOptions)
        } catch {
            guard case .addressInUse = error, options.statusMayMove else { throw error }
        }
        return try loop.bindRouter(to: Endpoint("tcp://127.0.0.1:*"), options: socketOptions)
    }

    /// Starts local workers, as many as the options say.
    /// - Returns: how many.
    package func startWorkers() throws -> Int {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let count =
            switch options.workers {
            case .count(let count): count
            case .automatic: WorkerCount.automatic(cores: cores, inputs: conductor.inputs)
            }
        guard count > 0, let endpoint = endpoints?.workers else { return 0 }
        let threads = options.threads ?? max(1, cores / count)
        let workers = LocalWorkers(
            program: options.program,
            arguments: options.programArguments + [
                "--connect", endpoint.text, "--threads", String(threads),
                "--parent", String(ProcessInfo.processInfo.processIdentifier),
            ],
            logs: conductor.folder.logs
        ) { [weak self] ending in
            guard let self else { return }
            Task { await self.note(ending) }
        }
        try workers.start(count: count)
        localWorkers = workers
        return count
    }

    /// Does the run. Returns when it is done, has failed or was interrupted; everything finished is on disk then.
    package func run() async -> RunControl.Outcome {
        conductor.start(at: now)
        tick()
        if conductor.outcome == nil {
            await withCheckedContinuation { ending = $0 }
        }
        // The farewells leave before the sockets close.
        statusSocket?.close()
        return conductor.outcome ?? .failed("the run ended without an outcome")
    }

    /// Ends what the run started. To be called when the reports are written.
    package func close() async {
        let workers = localWorkers
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                workers?.stop(within: 5)
                continuation.resume()
            }
        }
        await loop.stop()
        if let privateFolder { try? FileManager.default.removeItem(at: privateFolder) }
    }

    /// Stops the run cleanly; it can be continued by the same command.
    package func interrupt() {
        conductor.handle(.interrupt, at: now)
        settle()
    }

    // MARK: Events

    private func tick() {
        conductor.handle(.tick, at: now)
        settle()
        if conductor.outcome == nil {
            loop.schedule(after: .milliseconds(100)) { [weak self] in self?.assumeIsolated { $0.tick() } }
        }
    }

    private func receive(_ frames: [Frame], from peer: Peer) {
        let id = PeerID(peer.bytes)
        do {
            let message = try WireFormat.decodeWorkerMessage(frames)
            if case .register(let registration) = message { names[peer] = registration.worker }
            count(frames, receivedFrom: peer)
            if case .result(_, _, let unit, _) = message, unit.stage == .train {
                trainingBytes += UInt64(frames.reduce(0) { $0 + $1.count })
            }
            conductor.receive(.success(message) as Result<WorkerMessage, any Error>, from: id, at: now)
        } catch {
            conductor.receive(.failure(error) as Result<WorkerMessage, any Error>, from: id, at: now)
        }
        settle()
    }

    private func note(_ event: SocketEvent) {
        if case .unreachable(let peer, _) = event {
            names[peer] = nil
            conductor.handle(.unreachable(PeerID(peer.bytes)), at: now)
            settle()
        }
    }

    private func note(_ ending: LocalWorkers.Ending) {
        let host = ProcessInfo.processInfo.hostName
        switch ending {
        case .replaced(let processID, let how), .reduced(let processID, let how):
            conductor.handle(.processEnded(processID: processID, host: host, how: how), at: now)
        case .exhausted(let processID, let how):
            conductor.handle(.processEnded(processID: processID, host: host, how: how), at: now)
            // Where others may connect, work can go on without local workers.
            if options.listen == nil {
                conductor.handle(.workersExhausted("no worker is left: the last one \(how)"), at: now)
            }
        }
        settle()
    }

    /// What follows any event: finished units are put on disk together shortly after, and the end is noticed.
    private func settle() {
        if conductor.hasUncommitted, !isCommitScheduled {
            isCommitScheduled = true
            loop.schedule(after: .milliseconds(1)) { [weak self] in self?.assumeIsolated { $0.commit() } }
        }
        if conductor.outcome != nil {
            ending?.resume()
            ending = nil
        }
    }

    private func commit() {
        isCommitScheduled = false
        conductor.commit(at: now)
        settle()
    }

    // MARK: Bytes

    private func send(_ message: CoordinatorMessage, to peer: PeerID) {
        let peer = Peer(peer.bytes)
        let frames = WireFormat.encode(message).frames
        let byteCount = UInt64(frames.reduce(0) { $0 + $1.count })
        if let name = names[peer] { traffic[name, default: (0, 0)].sent += byteCount }
        if case .grant(let grant) = message, grant.id.stage == .train { trainingBytes += byteCount }
        do {
            try workerSocket?.send(frames, to: peer)
        } catch {
            // Nobody there, or it takes nothing any more: the lease comes back like that of a dead worker.
            let id = PeerID(peer.bytes)
            loop.schedule(after: .zero) { [weak self] in
                self?.assumeIsolated { server in
                    server.conductor.handle(.unreachable(id), at: server.now)
                    server.settle()
                }
            }
        }
    }

    private func count(_ frames: [Frame], receivedFrom peer: Peer) {
        guard let name = names[peer] else { return }
        traffic[name, default: (0, 0)].received += UInt64(frames.reduce(0) { $0 + $1.count })
    }

    // MARK: Status

    /// What the run is doing now.
    package func status() -> RunStatus {
        var status = conductor.status(at: now)
        let steps = conductor.stepsTaken
        if steps > 0 { status.trainingBytesPerStep = Double(trainingBytes) / Double(steps) }
        for index in status.workers.indices {
            if let bytes = traffic[status.workers[index].worker] {
                status.workers[index].bytesIn = bytes.received
                status.workers[index].bytesOut = bytes.sent
            }
        }
        return status
    }

    private func answer(_ frames: [Frame], from peer: Peer) {
        guard let query = try? WireFormat.decodeStatusQuery(frames) else { return }
        let reply: StatusReply =
            query.protocolVersion == protocolVersion
            ? .status(status())
            : .refusal(
                reason: "you ask in protocol \(query.protocolVersion), this coordinator speaks \(protocolVersion)")
        try? statusSocket?.send(WireFormat.encode(reply).frames, to: peer)
    }

    /// Writes the files that follow from the finished run.
    /// - Returns: the report, for the terminal.
    package func writeReports(software: String) throws -> FinishedRun {
        try FinishedRun(conductor, status: status(), software: software)
    }
}
