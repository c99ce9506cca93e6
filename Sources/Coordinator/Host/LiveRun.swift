package import CoordinatorControl
package import Devices
import PlainText
import Projection
import Reports
package import Run
package import Storage

/// A run in progress, sockets apart: carries out what ``RunControl`` decides. ``RunResults`` keeps what is finished,
/// ``RunTraining`` the W's; here events go in, effects are performed and messages come out.
///
/// Messages and times go in through ``receive(_:from:at:)`` and ``handle(_:at:)``; messages come out through
/// `send`. It belongs to one thread.
package final class LiveRun {
    package let inputs: RunInputs
    package let storage: any RunStorage
    /// Takes W's steps.
    let device: any Device
    private var control: RunControl
    /// What the control began with, and who is told each event (nil for the start) with what followed from it.
    package let beginning: RunControl.Beginning
    package var onDecision: ((RunControl.Event?, Instant, [RunControl.Effect]) -> Void)?
    private let send: (PeerID, CoordinatorMessage) -> Void
    /// Starts and kills the processes of local workers, by number.
    package var startWorker: (Int) -> Void = { _ in }
    package var stopWorker: (Int) -> Void = { _ in }
    private(set) var manifest: RunManifest
    private var finished: RunResults
    private var training: RunTraining
    /// The result that came with the event at work.
    private var incoming: ResultRecord?
    private var spending = Spending()
    /// How the run ended, once all that it leaves is on disk.
    package private(set) var outcome: RunControl.Outcome?
    /// How it ends as soon as that is so.
    private var ending: RunControl.Outcome?
    /// What there was when the run was taken up, for the user.
    package let recovery: Recovery

    package struct Recovery: Sendable {
        package var units = 0
        package var steps = 0
        /// Units of reading texts that were taken from an earlier run.
        package var taken = 0
        /// Bytes of a record whose writing was cut off.
        package var cutBytes: UInt64 = 0
    }

    /// How the training's bulk travels, which changes no bit of W.
    package struct Travel: Sendable {
        /// nil trains one channel by steps and several by outputs.
        package var training: TrainingMode?
        package var gradients = GradientForm.auto
        package var weights = WeightTravel.auto

        package init(
            training: TrainingMode? = nil, gradients: GradientForm = .auto, weights: WeightTravel = .auto
        ) {
            self.training = training
            self.gradients = gradients
            self.weights = weights
        }
    }

    /// Opens or creates the run's storage and takes the run up where it was left.
    /// - Parameters:
    ///   - firstLease: see ``RunControl``.
    ///   - deviceKind: of all workers; nil leaves it to the first result.
    ///   - device: takes W's steps.
    ///   - foreign: what an earlier run has read of the same texts.
    ///   - host: this machine's name, as its workers know it; they read W in place. Nil has none of them do so.
    ///   - send: gives a message to the transport.
    package init(
        inputs: RunInputs, storage: any RunStorage, limits: RunLimits, firstLease: UInt64,
        deviceKind: DeviceKind? = nil, device: any Device, travel: Travel = Travel(),
        foreign: ForeignActivations? = nil,
        host: String? = nil, now: Instant, send: @escaping (PeerID, CoordinatorMessage) -> Void
    ) throws {
        self.inputs = inputs
        self.storage = storage
        self.device = device
        self.send = send
        _ = try inputs.trainingMode(travel.training)
        try storage.create()
        let existing = try inputs.manifest.existing(in: storage)
        finished = try RunResults(inputs, storage: storage)
        manifest = try existing ?? inputs.manifest.begun(in: storage, besideRecords: finished.recordCount > 0)
        var taken = 0
        if let foreign {
            taken = try finished.take(foreign)
            if try manifest.admit(foreign, mixed: limits.allowsMixedDevices) { try manifest.write(to: storage) }
        }
        training = try RunTraining(
            inputs, storage: storage, asked: travel.training, gradients: travel.gradients,
            isShared: travel.weights == .auto && host != nil, blocks: finished.blockCount,
            unlearnings: finished.unlearnings, now: now)
        if training.mode == .averaged { finished.forget(.train) }
        var limits = limits
        if !training.isReplayed(travel.weights) { limits.replaySteps = 0 }
        limits.sharingHost = training.isShared ? host : nil
        beginning = RunControl.Beginning(
            plan: training.plan, limits: limits, completed: finished.digests, stepsApplied: training.version,
            deviceKind: manifest.deviceKinds.first ?? deviceKind, firstLease: firstLease, now: now)
        control = RunControl(beginning)
        recovery = Recovery(
            units: finished.digests.count - taken, steps: training.steps, taken: taken, cutBytes: finished.cutBytes)
    }

    // MARK: What there is

    /// Results of the units on disk, those of the extraction and the training left out.
    package var results: [UnitID: UnitResult] { finished.results }

    /// nil where the run trains no W.
    package var activations: ActivationStore? { finished.activations }

    /// The channels' W's, in their order; none before there is one.
    var projections: [TrainedProjection] { training.projections }

    /// The files of the W's that the run has trained.
    var trainedFiles: [String] {
        inputs.schedule == nil ? [] : projections.filter { !$0.channel.hasSeveralLinks }.map { $0.file(inputs) }
    }

    /// A channel's W as it is now, [d_B, d_A].
    package func projection(of channel: Channel) -> FloatMatrix? {
        projections.first { $0.channel == channel }?.trainer.projection
    }

    /// Steps applied in this coordinator's life.
    var stepsTaken: Int { control.stepsApplied - beginning.stepsApplied }

    /// The kind of device of all workers, where that is settled.
    var deviceKind: DeviceKind? { control.runDeviceKind }

    /// What workers spent on answers in this session.
    var conditionTimings: [TimingReport.ConditionTiming] { spending.timings }

    package func status(at now: Instant) -> RunStatus { control.status(at: now) }

    /// Lends the decisions' state to `body`, for checks.
    package func inspect<R>(_ body: (borrowing RunControl) -> R) -> R { body(control) }

    /// Whether anybody takes part.
    var hasWorkers: Bool { control.hasWorkers }

    /// The name of the worker behind a connection, if it takes part.
    func worker(at peer: PeerID) -> String? { control.worker(at: peer) }

    // MARK: Events

    package func start(at now: Instant) {
        let effects = control.start(at: now)
        onDecision?(nil, now, effects)
        perform(effects, at: now)
    }

    package func handle(_ event: RunControl.Event, at now: Instant) {
        let effects = control.handle(event, at: now)
        onDecision?(event, now, effects)
        perform(effects, at: now)
    }

    /// Takes a worker's message in.
    package func receive(_ message: WorkerMessage, from peer: PeerID, at now: Instant) {
        handle(.message(peer, event(for: message, from: peer)), at: now)
        incoming = nil
        noteDeviceKinds(at: now)
    }

    /// Keeps the kinds of device that take part: one, unless the run allows a mix.
    private func noteDeviceKinds(at now: Instant) {
        var kinds = Set(manifest.deviceKinds)
        if kinds.isEmpty, let kind = control.runDeviceKind { kinds.insert(kind) }
        if control.limits.allowsMixedDevices { kinds.formUnion(control.deviceKindsAtWork) }
        guard kinds.count > manifest.deviceKinds.count else { return }
        manifest.deviceKinds = kinds.sorted()
        attempt(at: now) { try manifest.write(to: storage) }
    }

    private func event(for message: WorkerMessage, from peer: PeerID) -> RunControl.WorkerEvent {
        if case .spent(let lease, let unit, let seconds) = message,
            control.objection(to: lease, unit, run: manifest.run, from: peer) == nil
        {
            spending.take(seconds, of: unit, lease: lease, from: peer)
        }
        guard case .result(let run, let lease, let unit, let result) = message,
            // Nothing is made of what nobody listens to.
            control.objection(to: lease, unit, run: run, from: peer) == nil
        else { return message.mapResult { _ in "" } }
        if let flaw = flaw(of: result, for: unit) {
            return .failure(lease: lease, unit: unit, cause: "the result does not fit: \(flaw)")
        }
        if case .evaluate(let content) = inputs.unit(unit) { spending.count(content, unit, lease: lease, from: peer) }
        let record = ResultRecord(run: run, unit: unit, result: result)
        incoming = record
        return message.mapResult { _ in record.digest }
    }

    /// Why a result cannot be an answer to the unit; nil where it can be.
    private func flaw(of result: UnitResult, for unit: UnitID) -> String? {
        let flaw =
            training.mode.flaw(of: result) ?? inputs.flaw(of: result, for: unit)
            ?? inputs.readingFlaw(of: result, for: unit)
        if let flaw { return flaw }
        guard let activations = finished.activations else { return nil }
        switch result {
        case .train(let result): return training.flaw(of: result, for: unit, activations, on: device)
        case .sums(let result):
            guard let part = inputs.sumsPart(unit), let content = inputs.sumsUnit(unit, activations) else { return nil }
            return ActivationSums.flaw(in: result, of: content, part)
        default: return nil
        }
    }

    /// Begins to put the records appended since the last commit on disk: one wait for all of them, for another
    /// thread, since the disk may take its time. They count once ``finishCommit(_:_:at:)`` is told how it ended.
    /// - Returns: nil where there is nothing to wait for, or the wait before has not ended.
    package func beginCommit(at now: Instant) -> Journal.Commit? {
        var commit: Journal.Commit?
        if !attempt(at: now, { commit = try finished.beginCommit() }) {
            finished.abandon()
            endIfWritten()
        }
        return commit
    }

    /// Takes in how the wait ended.
    package func finishCommit(_ commit: Journal.Commit, _ result: Result<Void, StorageError>, at now: Instant) {
        var records: [ResultRecord] = []
        attempt(at: now) { records = try finished.finishCommit(commit, result) }
        for record in records {
            finished.keep(record)
            handle(.persisted(record.unit), at: now)
        }
        endIfWritten()
    }

    /// Whether ``beginCommit(at:)`` has something to do.
    package var hasUncommitted: Bool { finished.hasUncommitted }

    // MARK: Files

    /// Whether ``beginWrite(at:)`` has something to do.
    package var hasUnwritten: Bool { training.hasUnwritten }

    /// Begins to write what is to be put on disk besides the journal, for another thread.
    /// - Returns: nil where there is nothing to write, or the write before has not ended.
    package func beginWrite(at now: Instant) -> FileWrite? { training.beginWrite(at: now) }

    /// Takes in how the write ended, which ``beginWrite(at:)`` gave.
    package func finishWrite(_ ending: FileWrite.Ending, at now: Instant) {
        var completed: Stage?
        attempt(at: now) { completed = try training.finishWrite(ending) }
        if let completed {
            finished.forget(completed)
            handle(.stageCompleted(completed), at: now)
        }
        endIfWritten()
    }

    /// Waits for the disk here, until nothing is left to be put on it: for hosts whose thread may wait.
    package func settleDisk(at now: Instant) {
        while true {
            if let commit = beginCommit(at: now) {
                finishCommit(commit, commit.wait(), at: now)
            } else if let write = beginWrite(at: now) {
                finishWrite(write.wait(), at: now)
            } else {
                return
            }
        }
    }

    /// Runs what touches the disk; a failure ends the run with its cause, and what is on disk stays good.
    @discardableResult
    private func attempt(at now: Instant, _ body: () throws -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            handle(.broken(SystemFailure.text(of: error)), at: now)
            return false
        }
    }

    /// Notes what the run has written: it is finished.
    func finish(_ files: [RunManifest.WrittenFile]) throws {
        manifest.files = files
        try manifest.write(to: storage)
    }

    // MARK: Effects

    private func perform(_ effects: [RunControl.Effect], at now: Instant) {
        // Shards that go to the same worker at the same time travel together: it computes them in one pass over W.
        var granted: [(peer: PeerID, grant: Grant)] = []
        func sendGranted() {
            for (peer, grant) in granted { send(peer, .grant(grant)) }
            granted = []
        }
        for effect in effects {
            if case .send(let peer, .grant(let given)) = effect {
                let grant = grant(given)
                let place = granted.lastIndex { $0.peer == peer }
                if let place, granted[place].grant.join(grant) { continue }
                granted.append((peer, grant))
                continue
            }
            sendGranted()
            switch effect {
            case .send(let peer, let message): send(peer, wireMessage(message))
            case .persist(let unit): persist(unit, at: now)
            case .retract(let unit): attempt(at: now) { try finished.retract([unit]) }
            case .unlearn(let units):
                training.isGivenUp = true
                attempt(at: now) { try finished.retract(units) }
            case .keepShard(let unit):
                if case .train(let result) = incoming?.result { training.keep(result, of: unit) }
            case .applyStep(let step): apply(step: step, at: now)
            case .completeStage(let stage): complete(stage, at: now)
            case .startWorker(let number): startWorker(number)
            case .stopWorker(let number): stopWorker(number)
            case .end(let outcome): end(outcome)
            }
        }
        sendGranted()
    }

    private func persist(_ unit: UnitID, at now: Instant) {
        guard let record = incoming, record.unit == unit else { return }
        attempt(at: now) { try finished.append(record) }
    }

    private func apply(step: Int, at now: Instant) {
        guard let activations = finished.activations else { return }
        do {
            let loss = try training.apply(
                step: step, activations: activations, limits: control.limits, on: device, at: now)
            if let loss { handle(.stepApplied(step: step, loss: loss), at: now) }
        } catch {
            handle(.broken("training step \(step): \(error)"), at: now)
        }
    }

    private func complete(_ stage: Stage, at now: Instant) {
        guard stage == .train || stage == .sums else { return handle(.stageCompleted(stage), at: now) }
        attempt(at: now) { try training.complete(stage, finished) }
    }

    private func end(_ outcome: RunControl.Outcome) {
        if outcome != .done { training.saveUnfinished() }
        ending = outcome
        endIfWritten()
    }

    private func endIfWritten() {
        if training.isWritten, finished.isCommitted, let ending { outcome = ending }
    }

    // MARK: Messages

    private func wireMessage(_ message: RunControl.Message) -> CoordinatorMessage {
        message.map(
            greeting: { _ in welcome }, activations: { training.part($0, finished.activations) },
            given: { grant($0) })
    }

    private var welcome: Welcome {
        let configuration = inputs.configuration
        return Welcome(
            run: inputs.manifest.run, modelA: configuration.modelA, modelB: configuration.modelB,
            delivery: configuration.delivery, positions: configuration.positions ?? TokenPositions(),
            computeType: configuration.computeType, chat: configuration.chat, reading: configuration.reading,
            seed: configuration.seed,
            heartbeatSeconds: control.limits.heartbeatSeconds, silenceSeconds: control.limits.silenceSeconds)
    }

    private func grant(_ given: RunControl.Given) -> Grant {
        let activations = finished.activations
        let unit =
            inputs.unit(given.unit)
            ?? training.content(of: given.unit, activations: activations, step: control.stepsApplied)
        return Grant(
            lease: given.lease, id: given.unit, unit: unit,
            projection: given.supply.projection.map { training.supply($0) },
            activations: given.supply.activations.compactMap { wanted in
                activations.map {
                    TextActivations(
                        site: wanted.site, texts: wanted.texts, values: $0.gather(wanted.texts, at: wanted.site))
                }
            })
    }
}
