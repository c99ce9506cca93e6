package import CoordinatorControl
import Foundation
import Projection
package import Run
package import Storage

/// Carries out what ``RunControl`` decides, sockets apart: keeps the results, the journal, the activations and the
/// training, and makes the messages.
///
/// Messages and times go in through ``receive(_:from:at:)`` and ``handle(_:at:)``; messages come out through
/// `send`. It belongs to one thread.
package final class RunConductor {
    package let inputs: RunInputs
    package let storage: any RunStorage
    package private(set) var control: RunControl
    private let send: (PeerID, CoordinatorMessage) -> Void
    /// Starts and kills the processes of local workers, by number.
    package var startWorker: (Int) -> Void = { _ in }
    package var stopWorker: (Int) -> Void = { _ in }
    private(set) var manifest: RunManifest

    let journal: Journal
    private(set) var activations: ActivationStore?
    private(set) var training: TrainingCheckpoint?
    /// Results of the units on disk, those of the extraction and training left out.
    private(set) var results: [UnitID: UnitResult] = [:]
    /// The result that came with the event at work.
    private var incoming: ResultRecord?
    /// Records appended to the journal that no commit has begun for, and those of the commit that has begun.
    private var uncommitted: [ResultRecord] = []
    private var committing: [ResultRecord] = []
    /// Shards of the step at work and of the latest ones, for workers that take those steps themselves.
    private var shards: [UnitID: TrainResult] = [:]
    /// W's checksum, by the version of W.
    private var checksum: (version: Int, value: UInt64)?
    private let gradients: GradientForm
    /// A's activations as workers get them ahead of the blocks, by the first row: one copy for all workers.
    private var activationParts: [Int: FloatMatrix] = [:]
    private var epochOrder: (epoch: Int, order: [Int])?
    private var lastCheckpoint: Instant
    private var checkpointSeconds = 0.0
    package private(set) var outcome: RunControl.Outcome?
    /// What there was when the run was taken up, for the user.
    package private(set) var recovery = Recovery()

    package struct Recovery: Sendable {
        package var units = 0
        package var steps = 0
        /// Bytes of a record whose writing was cut off.
        package var cutBytes: UInt64 = 0
    }

    /// At least so many seconds pass between two checkpoints of the training.
    private static let checkpointInterval = 5.0

    /// Opens or creates the run's storage and takes the run up where it was left.
    /// - Parameters:
    ///   - firstLease: see ``RunControl``.
    ///   - gradients: how gradients travel; it changes no bit of W.
    ///   - projection: how W travels, which changes none either.
    ///   - host: this machine's name, as its workers know it; they read W in place. Nil has none of them do so.
    ///   - send: gives a message to the transport.
    package init(
        inputs: RunInputs, storage: any RunStorage, limits: RunLimits, firstLease: UInt64,
        gradients: GradientForm = .auto,
        projection: ProjectionForm = .auto, host: String? = nil, now: Instant,
        send: @escaping (PeerID, CoordinatorMessage) -> Void
    ) throws {
        self.inputs = inputs
        self.storage = storage
        self.send = send
        lastCheckpoint = now
        if gradients == .rows { try inputs.checkRowBlocks() }
        try storage.create()

        var completed: [UnitID: String] = [:]
        var restored: [UnitID: UnitResult] = [:]
        var blocks: [UnitID: ResultRecord] = [:]
        var store = inputs.schedule.map {
            ActivationStore(rowCount: $0.rowCount, dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)
        }
        if let given = inputs.activations { store = ActivationStore(a: given.a, b: given.b) }
        let existing = try RunManifest.read(from: storage)
        if let existing, existing.run != inputs.manifest.run {
            throw HostError.otherRun(
                folder: storage.path, differences: try inputs.manifest.differences(from: existing))
        }
        journal = try storage.journal { entry in
            let (run, record) = try ResultRecord.decode(entry.payload)
            guard run == inputs.manifest.run, completed[record.unit] == nil,
                inputs.flaw(of: record.result, for: record.unit) == nil
            else { return }
            if record.unit.stage == .train {
                if case .trainRows = record.result, blocks[record.unit] == nil { blocks[record.unit] = record }
                return
            }
            completed[record.unit] = record.digest
            if case .extract(let result) = record.result {
                store?.insert(result, atRow: inputs.range(of: record.unit).lowerBound)
            } else {
                restored[record.unit] = record.result
            }
        }
        manifest = existing ?? inputs.manifest
        if existing == nil { try manifest.write(to: storage) }
        activations = store
        training = try Self.training(inputs, storage)
        let steps = training?.trainer.step ?? 0
        let isByRows = Self.trainsByRows(gradients, blocks: blocks.count, steps: steps, inputs)
        self.gradients = isByRows ? .rows : gradients.resolved(for: inputs)
        if isByRows {
            completed.merge(blocks.mapValues(\.digest)) { first, _ in first }
            restored.merge(blocks.mapValues(\.result)) { first, _ in first }
            if steps > 0 { training = Self.untrained(inputs) }
        }
        results = restored
        var limits = limits
        limits.replaySteps = self.gradients == .factors && projection != .whole ? limits.replaySteps : 0
        // By rows W is made of its blocks at the end, and nobody reads it before.
        if projection == .auto, !isByRows, let host {
            training?.trainer.share()
            if training?.trainer.shared != nil { limits.sharingHost = host }
        }
        control = RunControl(
            plan: isByRows ? inputs.planByRows : inputs.plan, limits: limits, completed: completed,
            stepsApplied: training?.trainer.step ?? 0, deviceKind: manifest.deviceKind, firstLease: firstLease, now: now
        )
        recovery = Recovery(
            units: completed.count, steps: training?.trainer.step ?? 0, cutBytes: journal.recovery.cutBytes)
    }

    /// The training as the checkpoint has it, or before its first step.
    private static func training(_ inputs: RunInputs, _ storage: any RunStorage) throws -> TrainingCheckpoint? {
        guard let schedule = inputs.schedule else { return nil }
        let adam = Adam(learningRate: inputs.configuration.training.learningRate)
        if let checkpoint = try TrainingCheckpoint.read(
            from: storage, dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB, adam: adam,
            steps: schedule.steps)
        {
            return checkpoint
        }
        return untrained(inputs)
    }

    // MARK: Events

    package func start(at now: Instant) {
        perform(control.start(at: now), at: now)
    }

    package func handle(_ event: RunControl.Event, at now: Instant) {
        perform(control.handle(event, at: now), at: now)
    }

    /// Takes a worker's message in.
    /// - Parameter message: or why the bytes were none.
    package func receive(_ message: Result<WorkerMessage, some Error>, from peer: PeerID, at now: Instant) {
        switch message {
        case .failure(let error): handle(.message(peer, .malformed("\(error)")), at: now)
        case .success(let message): handle(.message(peer, event(for: message)), at: now)
        }
        incoming = nil
        if manifest.deviceKind == nil, let kind = control.runDeviceKind {
            manifest.deviceKind = kind
            attempt(at: now) { try manifest.write(to: storage) }
        }
    }

    private func event(for message: WorkerMessage) -> RunControl.WorkerEvent {
        switch message {
        case .register(let registration): return .register(registration)
        case .ready(let readiness): return .ready(readiness)
        case .heartbeat(let leases): return .heartbeat(leases)
        case .failure(let lease, let unit, let cause): return .failure(lease: lease, unit: unit, cause: cause)
        case .unprepared(let lease, let unit, let cause): return .unprepared(lease: lease, unit: unit, cause: cause)
        case .goodbye(let reason): return .goodbye(reason: reason)
        case .result(let run, let lease, let unit, let result):
            if run == inputs.manifest.run, let flaw = flawOfForm(result) ?? inputs.flaw(of: result, for: unit) {
                return .failure(lease: lease, unit: unit, cause: "the result does not fit: \(flaw)")
            }
            let record = ResultRecord(run: run, unit: unit, result: result)
            incoming = record
            return .result(run: run, lease: lease, unit: unit, digest: record.digest)
        }
    }

    /// Why a result of the training is of no use here; nil where it is, or is of another stage.
    private func flawOfForm(_ result: UnitResult) -> String? {
        switch result {
        case .train where gradients == .rows: "expected a block of W's rows, found a gradient"
        case .trainRows where gradients != .rows: "expected a gradient, found a block of W's rows"
        default: nil
        }
    }

    /// Begins to put the records appended since the last commit on disk: one wait for all of them, for another
    /// thread, since the disk may take its time. They count once ``finishCommit(_:_:at:)`` is told how it ended.
    /// - Returns: nil where there is nothing to wait for, or the wait before has not ended.
    package func beginCommit(at now: Instant) -> Journal.Commit? {
        guard committing.isEmpty, !uncommitted.isEmpty else { return nil }
        var commit: Journal.Commit?
        guard attempt(at: now, { commit = try journal.beginCommit() }) else { return nil }
        swap(&committing, &uncommitted)
        return commit
    }

    /// Takes in how the wait ended.
    package func finishCommit(_ commit: Journal.Commit, _ result: Result<Void, StorageError>, at now: Instant) {
        let records = committing
        committing = []
        guard attempt(at: now, { try journal.finish(commit, result) }) else { return }
        for record in records {
            keep(record)
            handle(.persisted(record.unit), at: now)
        }
    }

    /// The name of the worker behind a connection, if it takes part.
    func worker(at peer: PeerID) -> String? { control.worker(at: peer) }

    /// Whether ``beginCommit(at:)`` has something to do.
    package var hasUncommitted: Bool { !uncommitted.isEmpty && committing.isEmpty }

    private func keep(_ record: ResultRecord) {
        if case .extract(let result) = record.result {
            activations?.insert(result, atRow: inputs.range(of: record.unit).lowerBound)
        } else {
            results[record.unit] = record.result
        }
    }

    /// Runs what touches the disk; a failure ends the run with its cause, and what is on disk stays good.
    @discardableResult
    private func attempt(at now: Instant, _ body: () throws -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            perform(control.handle(.broken("\(error)"), at: now), at: now)
            return false
        }
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
            if case .send(let peer, .grant(let lease, let unit, let supply)) = effect {
                let grant = grant(lease, unit, supply)
                let place = granted.lastIndex { $0.peer == peer }
                if let place, granted[place].grant.join(grant) { continue }
                granted.append((peer, grant))
                continue
            }
            sendGranted()
            switch effect {
            case .send(let peer, let message): send(peer, wireMessage(message))
            case .persist(let unit): persist(unit, at: now)
            case .keepShard(let unit):
                if case .train(let result) = incoming?.result { shards[unit] = result }
            case .applyStep(let step): apply(step: step, at: now)
            case .completeStage(let stage): complete(stage, at: now)
            case .startWorker(let number): startWorker(number)
            case .stopWorker(let number): stopWorker(number)
            case .end(let outcome): end(outcome, at: now)
            }
        }
        sendGranted()
    }

    private func persist(_ unit: UnitID, at now: Instant) {
        guard let record = incoming, record.unit == unit else { return }
        if attempt(at: now, { try record.append(to: journal) }) { uncommitted.append(record) }
    }

    private func end(_ outcome: RunControl.Outcome, at now: Instant) {
        let hasSteps = training != nil && control.stepsApplied > 0 && gradients != .rows
        if outcome != .done, hasSteps { _ = try? checkpoint(at: now) }
        self.outcome = outcome
    }

    private func wireMessage(_ message: RunControl.Message) -> CoordinatorMessage {
        let configuration = inputs.configuration
        switch message {
        case .welcome:
            return .welcome(
                Welcome(
                    run: inputs.manifest.run, modelA: configuration.modelA, modelB: configuration.modelB,
                    layerK: configuration.layerK, layerJ: configuration.layerJ, operation: configuration.operation,
                    computePrecision: configuration.computePrecision, chat: configuration.chat,
                    seed: configuration.seed,
                    heartbeatSeconds: control.limits.heartbeatSeconds,
                    silenceSeconds: control.limits.silenceSeconds))
        case .refusal(let reason): return .refusal(reason: reason)
        case .activations(let rows): return .activations(part(rows))
        case .heartbeat: return .heartbeat
        case .finished(let reason): return .finished(reason: reason)
        case .grant(let lease, let unit, let supply):
            return .grant(grant(lease, unit, supply))
        }
    }

    private func content(of id: UnitID) -> WorkUnit {
        if let unit = inputs.unit(id) { return unit }
        if gradients == .rows, let unit = inputs.rowBlock(id.index) { return .trainRows(unit) }
        return .train(TrainUnit(step: control.stepsApplied, rows: shardRows(id), dense: gradients == .dense))
    }

    private func grant(_ lease: LeaseID, _ unit: UnitID, _ supply: RunControl.Supply) -> Grant {
        var grant = Grant(
            lease: lease, id: unit, unit: content(of: unit),
            rows: supply.rows.isEmpty ? nil : activations?.rows(supply.rows), version: supply.version)
        if case .trainRows(let unit) = grant.unit { grant.targets = activations?.columnsOfB(unit.outputs) }
        switch supply.projection {
        case .held: break
        case .initial:
            let configuration = inputs.configuration
            grant.initial = InitialProjection(
                initialization: configuration.training.initialization, seed: configuration.seed,
                dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)
            grant.updates = (0..<control.stepsApplied).map { update(step: $0, own: []) }
            grant.checksum = projectionChecksum()
        case .shared:
            grant.shared = training?.trainer.shared
            grant.checksum = projectionChecksum()
        case .whole(let withMoments):
            grant.projection = training?.trainer.projection
            grant.moments = withMoments ? training?.trainer.moments : nil
        case .replay(let from, let own):
            grant.updates = (from..<control.stepsApplied).map { update(step: $0, own: own) }
            grant.checksum = projectionChecksum()
        }
        if !supply.rowsOfA.isEmpty, let activations {
            grant.rowsOfA = RowsOfA(indices: supply.rowsOfA, a: activations.rowsOfA(supply.rowsOfA))
        }
        if !supply.rowsOfB.isEmpty, let activations {
            grant.rowsOfB = RowsOfB(indices: supply.rowsOfB, b: activations.rowsOfB(supply.rowsOfB))
        }
        return grant
    }

    private func part(_ rows: Range<Int>) -> ActivationPart {
        let a = activationParts[rows.lowerBound] ?? activations?.rowsOfA(rows) ?? FloatMatrix(zeros: 0, 0)
        activationParts[rows.lowerBound] = a
        return ActivationPart(firstRow: rows.lowerBound, a: a)
    }

    // MARK: Training

    private func shardRows(_ id: UnitID) -> [Int] {
        guard let schedule = inputs.schedule else { return [] }
        let (step, shard) = id.index.quotientAndRemainder(dividingBy: schedule.shardsPerStep)
        let epoch = step / schedule.stepsPerEpoch
        if epochOrder?.epoch != epoch { epochOrder = (epoch, schedule.order(epoch: epoch)) }
        return Array(schedule.rows(step: step, shard: shard, order: epochOrder?.order ?? []))
    }

    /// A step as a worker takes it that computed the shards `own` itself.
    private func update(step: Int, own: [UnitID]) -> StepUpdate {
        let schedule = inputs.schedule
        var shards: [StepUpdate.Shard] = []
        var errors: [Float] = []
        for shard in 0..<(schedule?.shardCount(step: step) ?? 0) {
            let unit = UnitID(.train, step * (schedule?.shardsPerStep ?? 0) + shard)
            let isOwn = own.contains(unit)
            shards.append(StepUpdate.Shard(unit: unit.index, rows: shardRows(unit), isOwn: isOwn))
            if !isOwn, case .factor(let matrix) = self.shards[unit]?.gradient { errors += matrix.values }
        }
        return StepUpdate(
            step: step, learningRate: inputs.configuration.training.learningRate, shards: shards,
            errors: FloatMatrix(
                rows: errors.count / inputs.dimensionB, columns: inputs.dimensionB, values: errors))
    }

    private func projectionChecksum() -> UInt64? {
        if checksum?.version != control.stepsApplied, let trainer = training?.trainer {
            checksum = (control.stepsApplied, trainer.checksum)
        }
        return checksum?.value
    }

    private func apply(step: Int, at now: Instant) {
        guard let schedule = inputs.schedule, let activations else { return }
        let contributions = (0..<schedule.shardCount(step: step)).compactMap { shard -> ShardContribution? in
            let unit = UnitID(.train, step * schedule.shardsPerStep + shard)
            return shards[unit].map { ShardContribution(result: $0, x: activations.rowsOfA(shardRows(unit))) }
        }
        let firstKept = (step + 1 - control.limits.replaySteps) * schedule.shardsPerStep
        for old in shards.keys where old.index < firstKept { shards[old] = nil }
        do {
            let batchRows = schedule.batchRowCount(step: step)
            guard let loss = try training?.trainer.apply(shards: contributions, batchRows: batchRows) else { return }
            training?.losses.append(loss)
            if now.seconds(since: lastCheckpoint) > max(Self.checkpointInterval, 20 * checkpointSeconds) {
                try checkpoint(at: now)
            }
            handle(.stepApplied(step: step, loss: loss), at: now)
        } catch {
            handle(.broken("training step \(step): \(error)"), at: now)
        }
    }

    private func checkpoint(at now: Instant) throws {
        let began = ContinuousClock.now
        try training?.write(to: storage)
        checkpointSeconds = (ContinuousClock.now - began) / .seconds(1)
        lastCheckpoint = now
    }

    private func complete(_ stage: Stage, at now: Instant) {
        let isDone = attempt(at: now) {
            guard stage == .train else { return }
            if gradients == .rows { assemble() } else { try checkpoint(at: now) }
            guard let training else { return }
            try ProjectionFile.write(training, inputs: inputs, storage: storage)
        }
        if isDone { handle(.stageCompleted(stage), at: now) }
    }

    /// Makes W of its blocks, which are not needed any more.
    private func assemble() {
        training = Self.trained(inputs, results) ?? training
        for unit in results.keys where unit.stage == .train { results[unit] = nil }
        activationParts = [:]
    }

    // MARK: Status

    /// Steps applied in this coordinator's life.
    var stepsTaken: Int { control.stepsApplied - recovery.steps }

    /// The kinds of device that took part: one, unless the run allows a mix.
    var deviceKinds: [String] {
        let workers = control.status(at: lastCheckpoint).workers.filter { $0.unitsDone > 0 }.map(\.deviceKind)
        return Set(workers).union(manifest.deviceKind.map { [$0] } ?? []).sorted()
    }

    package func status(at now: Instant) -> RunStatus {
        control.status(at: now)
    }
}
