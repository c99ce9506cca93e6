import CPUDevice
package import CoordinatorControl
import Foundation
import Messaging
import PlainText
package import Run
import Storage
package import Transport
import Wire

/// A run with its sockets, timers and local workers: the coordinator as a process.
///
/// An actor on its own message loop. Everything that decides is in ``RunControl``, everything that is kept in
/// ``LiveRun``; here bytes come in and go out.
package actor RunServer {
    package nonisolated let loop: MessageLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let options: ServerOptions
    private let folder: RunFolder
    private let live: LiveRun
    private let workerSockets = WorkerSockets()
    private var statusSocket: RouterSocket?
    private var watchers = StatusWatchers()
    /// How writing the reports ended, once it has.
    private var reporting: RunStatus.Phase?
    private var localWorkers: LocalWorkers?
    /// Started once the event that asked for them is dealt with.
    private var workersToStart: [Int] = []
    private var isCommitScheduled = false
    /// Waits for the disk, which may take longer than anybody should wait for an answer.
    private let disk = DispatchQueue(label: "journal", qos: .userInitiated)
    /// Writes files, which takes longer still: the journal's waits do not queue behind them.
    private let files = DispatchQueue(label: "files", qos: .userInitiated)
    /// The bytes that each worker sent and was sent.
    private var traffic: [String: (received: UInt64, sent: UInt64)] = [:]
    /// Bytes of the training's grants and results.
    private var trainingBytes: UInt64 = 0
    private var ending: CheckedContinuation<Void, Never>?
    private var replies = SharedReplies()
    private var questions = PacedQuestions()
    private var scores: RunningScores
    /// What TensorBoard is told, where it is wanted.
    private var events: LiveEvents?
    /// The message at work: who sent it, and by which connection.
    private var speaker: (peer: PeerID, connection: Connection)?
    /// Peers that were refused, whose connections are about to be closed: they are not heard any more.
    private var refused: Set<PeerID> = []
    private var outbox: Outbox
    private let recorder: EventRecorder?
    private var timing: RunTiming

    /// The live's way to the transport, which is there before the sockets are.
    private final class Outbox: @unchecked Sendable {
        var send: (PeerID, CoordinatorMessage) -> Void = { _, _ in }
    }

    /// Opens the run's folder and takes the run up where it was left.
    package init(inputs: RunInputs, folder: RunFolder, options: ServerOptions) throws {
        loop = try MessageLoop(name: "coordinator")
        self.options = options
        self.folder = folder
        let outbox = Outbox()
        self.outbox = outbox
        // Lease numbers grow with the time of day, so none is used by two lives of a coordinator.
        let firstLease = UInt64(max(0, Date().timeIntervalSince1970)) << 24
        var limits = options.limits
        let threads: Int =
            if case .count(let count) = options.workers, count > 0 { options.threadsPerWorker(of: count) } else { 1 }
        limits.verificationSeed = .random(in: .min ... .max)
        limits.sharingWorkers = max(1, ServerOptions.cores / threads)
        live = try LiveRun(
            inputs: inputs, storage: folder, limits: limits, firstLease: firstLease, deviceKind: options.deviceKind,
            device: try CPUDevice(), travel: options.travel, foreign: options.activations,
            host: ProcessInfo.processInfo.hostName, now: Instant(nanoseconds: loop.now), send: { outbox.send($0, $1) })
        scores = RunningScores(inputs)
        events = options.tensorBoard.map { LiveEvents(in: $0, run: inputs.manifest.run) }
        timing = RunTiming(inputs, folder, command: options.command)
        let beginning = live.beginning
        recorder = try options.recordEvents.map {
            try EventRecorder($0, beginning: beginning, software: productVersion)
        }
        if let recorder { live.onDecision = { recorder.note($0, at: $1, $2) } }
    }

    private var now: Instant { Instant(nanoseconds: loop.now) }

    package var recovery: LiveRun.Recovery { live.recovery }

    /// Why the record of events is not whole, if one is written and is not.
    package var flawOfRecord: String? { recorder?.flaw }

    /// Why the account of times is not whole, if it is not.
    package var flawOfTiming: String? { timing.flaw }

    /// Where workers connect and where progress can be asked for, once ``open()`` has returned.
    package private(set) var endpoints: (workers: Endpoint, status: Endpoint)?

    // MARK: Life

    /// Opens the sockets and begins the first stage that is not done. An address that is taken is an error here, before
    /// any work.
    package func open() throws {
        Descriptors.keepReserve()
        outbox.send = { [unowned self] peer, message in self.assumeIsolated { $0.send(message, to: peer) } }
        live.startWorker = { [unowned self] number in self.assumeIsolated { $0.workersToStart.append(number) } }
        live.stopWorker = { [unowned self] number in self.assumeIsolated { $0.localWorkers?.kill(number) } }
        if let keys = options.keys {
            try loop.decideAdmission { [unowned self] request in self.assumeIsolated { $0.admit(request, keys) } }
        }
        workerSockets.onMessage = { [unowned self] peer, frames in
            self.assumeIsolated { $0.receive(frames, from: peer) }
        }
        workerSockets.onEvent = { [unowned self] peer, event in self.assumeIsolated { $0.note(event, of: peer) } }
        try workerSockets.open(
            on: loop, listen: options.listen, hasLocalWorkers: options.workers != .count(0), keys: options.keys,
            maximumFrameBytes: live.inputs.largestFrame, maximumConnections: Self.maximumConnections(options.limits))
        let statusSocket = try bindStatus()
        statusSocket.onReceive { [unowned self] peer, frames in self.assumeIsolated { $0.answer(frames, from: peer) } }
        statusSocket.onEvent { [unowned self] event in self.assumeIsolated { $0.noteStatus(event) } }
        self.statusSocket = statusSocket
        if let workers = workerSockets.publicEndpoint ?? workerSockets.privateEndpoint {
            endpoints = (workers, statusSocket.endpoint)
            // For who asks by the run's folder; without it the address has to be given.
            try? folder.write(Data("\(statusSocket.endpoint)\n".utf8), to: RunFiles.statusAddress)
        }
        live.start(at: now)
        // Nobody is served yet: what follows from results on disk alone is done before workers are started for it.
        live.settleDisk(at: now)
    }

    /// Whether a client may come in; one that may not is named in the status.
    private func admit(_ request: AdmissionRequest, _ keys: ServerKeys) -> Bool {
        if keys.admits(request.key) { return true }
        turnAway(request.address, "its key is not among the worker keys", request.key.abbreviation)
        return false
    }

    private func turnAway(_ address: String, _ reason: String, _ detail: String? = nil) {
        live.handle(.turnedAway(address: address, reason: reason, detail: detail), at: now)
        settle()
    }

    /// Connections to the status address at a time.
    private static let maximumQueries = 128

    /// Connections of workers at a time, where descriptors allow: some are left for a crowd that comes faster than it is
    /// turned away.
    private static func maximumConnections(_ limits: RunLimits) -> Int {
        max(64, min(limits.workers + 256, Descriptors.limit - maximumQueries - 320))
    }

    private func bindStatus() throws -> RouterSocket {
        var socketOptions = SocketOptions()
        // A query is some bytes long.
        socketOptions.maximumFrameBytes = 1 << 16
        socketOptions.maximumFrames = 4
        // Who does not read an answer gets no other one.
        socketOptions.sendHighWaterMark = 1
        socketOptions.receiveHighWaterMark = 8
        socketOptions.maximumQueuedMessages = 0
        socketOptions.connectionLifetime = .seconds(30)
        socketOptions.maximumConnections = Self.maximumQueries
        let wanted = try Endpoint(options.status)
        socketOptions.security = SocketOptions.securityWithoutKeys(wanted, listens: true)
        if !wanted.isLocalOnly, let keys = options.keys { socketOptions.security = .curveServer(keys.own) }
        do {
            return try loop.bindRouter(to: wanted, options: socketOptions)
        } catch {
            guard case .addressInUse = error, options.statusMayMove else { throw error }
        }
        return try loop.bindRouter(to: Endpoint("tcp://127.0.0.1:*"), options: socketOptions)
    }

    /// Whether there is anything left to do, once ``open()`` has returned.
    package var hasWork: Bool { live.outcome == nil }

    /// What local workers would compute on. It is asked of another process, beside the run's loop.
    package func findDevices() async -> LocalDevices {
        guard options.workers != .count(0) else { return LocalDevices() }
        let (program, gpuArguments, kind) = (options.program, options.gpuArguments, live.deviceKind)
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: LocalDevices(program: program, gpuArguments, kind: kind))
            }
        }
    }

    /// Starts local workers, as many as the options say.
    /// - Parameter devices: what they compute on; nil leaves it to the program.
    /// - Returns: how many.
    package func startWorkers(on devices: LocalDevices? = nil) throws -> Int {
        guard live.outcome == nil else { return 0 }
        let count = options.localWorkers(for: live.inputs, on: devices ?? LocalDevices())
        guard count > 0, let endpoint = workerSockets.privateEndpoint else { return 0 }
        let common =
            options.programArguments + [
                "--connect", endpoint.text, "--threads", String(options.threadsPerWorker(of: count)),
                "--parent", String(ProcessInfo.processInfo.processIdentifier),
            ] + options.gpuArguments
        let arguments = { @Sendable (number: Int) in common + (devices?.arguments(ofWorker: number) ?? []) }
        localWorkers = try LocalWorkers(
            program: options.program, arguments: arguments, logs: folder.logs
        ) { [weak self] number, processID, ending in
            guard let self else { return }
            Task { await self.note(number, processID, ending) }
        }
        live.handle(
            .localWorkers(
                count, host: ProcessInfo.processInfo.hostName, othersMayCome: options.listen != nil), at: now)
        settle()
        return count
    }

    /// Does the run that ``open()`` has begun. Returns when it is done, has failed or was interrupted; everything
    /// finished is on disk then.
    package func run() async -> RunControl.Outcome {
        tick()
        if live.outcome == nil {
            await withCheckedContinuation { ending = $0 }
        }
        live.onDecision = nil
        recorder?.finish()
        // A full disk has been told of already, and takes nothing of the results.
        let status = status()
        disk.sync { _ = try? timing.write(status, live.conditionTimings) }
        return live.outcome ?? .failed("the run ended without an outcome")
    }

    /// Ends what the run started. To be called when the reports are written.
    package func close() async {
        await tellWatchers()
        // The farewells leave before the sockets close.
        statusSocket?.close()
        let workers = localWorkers
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                workers?.stop(within: 5)
                continuation.resume()
            }
        }
        await loop.stop()
        workerSockets.removeFolder()
        try? FileManager.default.removeItem(at: folder.url(of: RunFiles.statusAddress))
    }

    /// Stops the run cleanly; it can be continued by the same command.
    package func interrupt() {
        live.handle(.interrupt, at: now)
        settle()
    }

    // MARK: Events

    private func tick() {
        reviewKeys()
        if workerSockets.restorePrivateEndpoint() {
            live.handle(.noticed("the private socket of local workers was gone and is there again"), at: now)
        }
        live.handle(.tick, at: now)
        settle()
        if live.outcome == nil, let report = timing.due(status(), live.conditionTimings) {
            disk.async { [folder] in _ = try? RunTiming.write(report, to: folder) }
        }
        // A folder that takes nothing is an error at the end.
        if live.outcome == nil, let part = events?.due(live, at: now) { files.async { try? part.write() } }
        if live.outcome == nil {
            // While nobody works there is nothing to watch.
            let pause: Duration = live.hasWorkers ? .milliseconds(100) : .seconds(1)
            loop.schedule(after: pause) { [weak self] in self?.assumeIsolated { $0.tick() } }
        }
    }

    private func receive(_ frames: [Frame], from peer: PeerID) {
        if refused.contains(peer) { return }
        speaker = frames.first.map { (peer, $0.connection) }
        defer { speaker = nil }
        do {
            let message = try WireFormat.decodeWorkerMessage(frames)
            live.receive(message, from: located(peer, message, frames), at: now)
            count(frames, receivedFrom: peer)
            if case .result(_, _, let unit, _) = message, unit.stage == .train {
                trainingBytes += UInt64(frames.reduce(0) { $0 + $1.count })
            }
            settle()
        } catch {
            passOver("\(error)", from: peer, address: frames.first?.peerAddress)
            // Who is no worker and sends what is no message has no business here.
            if live.worker(at: peer) == nil, let frame = frames.first {
                workerSockets.close(frame.connection, of: peer)
            }
        }
    }

    /// The peer with its address where it registers; asking for that with every message would cost more than reading it.
    private func located(_ peer: PeerID, _ message: WorkerMessage, _ frames: [Frame]) -> PeerID {
        guard case .register = message else { return peer }
        return PeerID(peer.bytes, isPrivate: peer.isPrivate, address: frames.first?.peerAddress)
    }

    /// Bytes that are no message end nothing; who sent them is named in the status.
    private func passOver(_ why: String, from peer: PeerID, address: String?) {
        if live.worker(at: peer) == nil {
            turnAway(address ?? "a peer", "it sent what is no message", why)
        } else {
            live.handle(.malformed(peer, why), at: now)
            settle()
        }
    }

    private func note(_ event: SocketEvent, of peer: PeerID?) {
        if let (address, reason) = event.turnedAway {
            turnAway(address, reason)
        } else if let peer {
            switch event {
            case .unreachable:
                live.handle(.unreachable(peer), at: now)
                settle()
            case .messageRefused(_, let frames, let maximum, let address):
                passOver("\(frames) frames, at most \(maximum) are accepted", from: peer, address: address)
            default: break
            }
        }
    }

    private func note(_ number: Int, _ processID: Int32, _ ending: ProcessEnding) {
        live.handle(.workerEnded(number, processID: processID, ending), at: now)
        settle()
    }

    private func startWaitingWorkers() {
        while let number = workersToStart.first {
            workersToStart.removeFirst()
            guard let localWorkers, live.outcome == nil else { continue }
            do {
                let processID = try localWorkers.start(number)
                live.handle(.workerStarted(number, processID: processID), at: now)
            } catch {
                live.handle(.workerNotStarted(number, why: SystemFailure.text(of: error)), at: now)
            }
        }
    }

    /// What follows any event: local workers start that it asked for, finished units are put on disk together shortly
    /// after, files that are due are written, and the end is noticed.
    private func settle() {
        startWaitingWorkers()
        if let write = live.beginWrite(at: now) {
            files.async {
                let ending = write.wait()
                Task { await self.finish(ending) }
            }
        }
        if live.hasUncommitted, !isCommitScheduled {
            isCommitScheduled = true
            loop.schedule(after: .milliseconds(1)) { [weak self] in self?.assumeIsolated { $0.commit() } }
        }
        if live.outcome != nil {
            ending?.resume()
            ending = nil
        }
    }

    private func commit() {
        isCommitScheduled = false
        guard let commit = live.beginCommit(at: now) else { return settle() }
        disk.async {
            let result = commit.wait()
            Task { await self.finish(commit, result) }
        }
    }

    private func finish(_ writing: FileWrite.Ending) {
        live.finishWrite(writing, at: now)
        settle()
    }

    private func finish(_ commit: Journal.Commit, _ result: Result<Void, StorageError>) {
        live.finishCommit(commit, result, at: now)
        settle()
    }

    // MARK: Bytes

    private func send(_ message: CoordinatorMessage, to peer: PeerID) {
        let frames = WireFormat.encode(message).frames
        let byteCount = UInt64(frames.reduce(0) { $0 + $1.count })
        if let name = live.worker(at: peer) { traffic[name, default: (0, 0)].sent += byteCount }
        switch message {
        case .activations: trainingBytes += byteCount
        case .grant(let grant) where grant.id.stage == .train: trainingBytes += byteCount
        default: break
        }
        if case .refusal = message { dismiss(peer) }
        do {
            try workerSockets.send(frames, to: peer)
        } catch {
            // Nobody there, or it takes nothing any more: the lease comes back like that of a dead worker.
            loop.schedule(after: .zero) { [weak self] in
                self?.assumeIsolated { server in
                    server.live.handle(.unreachable(peer), at: server.now)
                    server.settle()
                }
            }
        }
    }

    /// Hangs up on a peer that is refused as soon as it may have read why: it might ask for ever and read nothing.
    private func dismiss(_ peer: PeerID) {
        guard let speaker, speaker.peer == peer, refused.insert(peer).inserted else { return }
        loop.schedule(after: .seconds(2)) { [weak self] in
            self?.assumeIsolated { server in
                server.refused.remove(peer)
                server.workerSockets.close(speaker.connection, of: peer)
            }
        }
    }

    /// Looks whether keys were added or taken away.
    private func reviewKeys() {
        guard let keys = options.keys, keys.review() else { return }
        if let flaw = keys.flaw { live.handle(.noticed("keys of workers: \(flaw); nobody new is let in"), at: now) }
        workerSockets.closeConnections { keys.keeps($0) }
    }

    private func count(_ frames: [Frame], receivedFrom peer: PeerID) {
        guard let name = live.worker(at: peer) else { return }
        // Names come and go, the account of them stays bounded.
        if traffic.count > 2 * options.limits.workers {
            let known = Set(live.status(at: now).workers.map(\.worker))
            traffic = traffic.filter { known.contains($0.key) }
        }
        traffic[name, default: (0, 0)].received += UInt64(frames.reduce(0) { $0 + $1.count })
    }

    // MARK: Status

    /// What the run is doing now.
    package func status() -> RunStatus {
        var status = live.status(at: now)
        status.scores = scores.scores(of: live, status.stages)
        let steps = live.stepsTaken
        if steps > 0 { status.trainingBytesPerStep = Double(trainingBytes) / Double(steps) }
        for index in status.workers.indices {
            if let bytes = traffic[status.workers[index].worker] {
                status.workers[index].bytesIn = bytes.received
                status.workers[index].bytesOut = bytes.sent
            }
        }
        return status
    }

    private func noteStatus(_ event: SocketEvent) {
        guard case .messageRefused(let peer?, let frames, let maximum, let address) = event else {
            return note(event, of: nil)
        }
        // Its frames are gone, and with them the form of the query.
        let flaw = "\(frames) frames, at most \(maximum) are accepted"
        turnAway(address ?? "a peer", "it sent what is no query", flaw)
        try? statusSocket?.send(StatusQuestion([Frame([]), Frame([])]).refusal(flaw), to: peer)
    }

    private func answer(_ frames: [Frame], from peer: Peer) {
        guard let connection = frames.first?.connection else { return }
        let (question, address) = (StatusQuestion(frames), frames.first?.peerAddress ?? "a peer")
        func hangUp() {
            statusSocket?.close(connection)
            turnAway(address, "it asks for the status and does not read the answers")
        }
        guard !questions.isDeaf(peer) else { return hangUp() }
        var isHeard = true
        switch question.query {
        case .success(let query) where query.protocolVersion == protocolVersion:
            let asked = PacedQuestions.Asked(question: question, query: query, peer: peer, address: address)
            switch questions.turn(of: asked, at: now) {
            case .now: isHeard = tell(asked)
            case .later(let isFirst): if isFirst { tellLater() }
            case .never: turnAway(address, "it asks for the status faster than it is told")
            }
        case .success(let query):
            let flaw = "you ask in protocol \(query.protocolVersion), this coordinator speaks \(protocolVersion)"
            isHeard = send(question.refusal(flaw), to: peer)
        case .failure(let flaw):
            turnAway(address, "it sent what is no query", "\(flaw)")
            isHeard = send(question.refusal("\(flaw)"), to: peer)
        }
        if !isHeard { hangUp() }
    }

    /// - Returns: whether there is room for an answer to the peer.
    private func tell(_ asked: PacedQuestions.Asked) -> Bool {
        let (phase, body) = replies.body(in: asked.question.form, at: now) { toldStatus() }
        watchers.note(asked.query.watcher, isTold: live.outcome != nil && phase.isEnd, at: now)
        return send(asked.question.answer(body), to: asked.peer)
    }

    /// Tells those who wait, one answer after each pause, until nobody does. Whose answer does not fit is hung up on when
    /// it asks again: which connection it has is known then alone.
    private func tellLater() {
        Task {
            while !questions.waiting.isEmpty {
                try? await Task.sleep(for: .seconds(PacedQuestions.pause))
                for asked in questions.due(at: now) where !tell(asked) { questions.note(deaf: asked.peer) }
            }
        }
    }

    private func send(_ frames: [Frame], to peer: Peer) -> Bool {
        do {
            try statusSocket?.send(frames, to: peer)
            return true
        } catch {
            return false
        }
    }

    /// The status as those who ask are told it: a run is not done before its reports are written.
    package func toldStatus() -> RunStatus {
        var status = status()
        if live.outcome == .done { status.phase = reporting ?? .stopping }
        return status
    }

    /// Waits until those who watch have been told how the run ended, five seconds at most.
    private func tellWatchers() async {
        let ended = now
        while watchers.areWaiting(at: now), now.seconds(since: ended) < 5 {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Writes the files that follow from the finished run.
    /// - Returns: the report, for the terminal.
    package func writeReports(software: String, remarks: [String]) throws -> FinishedRun {
        reporting = .failed
        // What is being written of the events comes before all of them.
        files.sync {}
        let finished = try Descriptors.withReserve {
            try FinishedRun(
                live, software: software, remarks: remarks, timing: timing.report(status(), live.conditionTimings),
                tensorBoard: options.tensorBoard, harness: options.harness)
        }
        reporting = .done
        return finished
    }
}
