import CoordinatorControl
import Devices
import Foundation
import Projection
import Reports
import Run

/// The training of a run: every channel's W, the steps and checkpoints of one that is averaged, and what workers are
/// sent of it all.
struct RunTraining {
    /// How it is cut into units; what is on disk decides before what was asked for.
    let mode: TrainingMode
    let inputs: RunInputs
    private let storage: any RunStorage
    private let gradients: GradientForm
    /// Whether workers of this machine read W in place.
    private(set) var isShared: Bool
    /// In the order of the plan's channels, those the other way behind them: a channel of several links has the W's of its
    /// parts, one below the other. Where W is trained by outputs, none is there before all of them are; W's in closed form
    /// are there once their sums are.
    private(set) var projections: [TrainedProjection] = []
    /// Shards of the step at work and of the latest ones, for workers that take those steps themselves.
    private var shards: [UnitID: TrainResult] = [:]
    /// W's checksum, by the channel, of a version of W.
    private var checksums: [Channel: (version: Int, value: UInt64)] = [:]
    /// A's activations as workers get them ahead of the blocks, at the site that was asked for last, by the first
    /// text: one copy for all workers.
    private var parts: (site: Site, values: [Int: FloatMatrix])?
    private var epochOrder: (epoch: Int, order: [Int])?
    /// Of B's activations, where W is trained by steps.
    private var moments: TargetMoments?
    /// The mean of squared errors that a shard may have without being looked at more closely; nil before the first step.
    var usualError: Double?
    private var writes: TrainingWrites
    /// How often what W had learned was taken back: a checkpoint from before is of no use.
    private let unlearnings: Int
    /// Whether what W has learned counts no more: nothing of it is to be written.
    var isGivenUp = false

    /// Takes the training up where it was left.
    ///
    /// What is on disk decides how it goes on, before what was asked for: what is whole stays, and W has the same bits
    /// either way. Blocks and steps are not mixed: blocks are of no use to a training by steps, nor a checkpoint to one
    /// by outputs, and both stay where they are.
    /// - Parameters:
    ///   - asked: nil leaves it to the number of channels.
    ///   - isShared: whether W is to be put where workers of this machine read it in place.
    ///   - blocks: blocks of outputs on disk.
    ///   - unlearnings: how often what W had learned was taken back.
    init(
        _ inputs: RunInputs, storage: any RunStorage, asked: TrainingMode?, gradients: GradientForm, isShared: Bool,
        blocks: Int, unlearnings: Int, now: Instant
    ) throws {
        self.inputs = inputs
        self.storage = storage
        self.gradients = gradients.resolved(for: inputs)
        self.isShared = isShared
        self.unlearnings = unlearnings
        writes = TrainingWrites(now: now)
        let mode = try inputs.trainingMode(asked)
        let channels = inputs.plan.trainedChannels
        guard let schedule = inputs.schedule else {
            self.mode = mode
            var given = inputs.projections.map(TrainedProjection.init)
            if isShared { for place in given.indices { given[place].trainer.share() } }
            projections = ordered(given)
            return
        }
        guard channels.count == 1, blocks < inputs.outputBlocks(of: channels[0]).count else {
            self.mode = channels.isEmpty ? mode : .byOutputs
            return
        }
        let checkpoint = try TrainingCheckpoint.read(
            run: inputs.manifest.run, channel: channels[0], unlearnings: unlearnings, from: storage,
            dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB, adam: inputs.adam, steps: schedule.steps)
        self.mode = checkpoint?.trainer.step == schedule.steps ? .averaged : mode
        guard self.mode == .averaged else { return }
        var projection = checkpoint ?? TrainedProjection(untrained: channels[0], inputs)
        if isShared { projection.trainer.share() }
        self.isShared = projection.trainer.shared != nil
        projections = [projection]
    }

    /// The plan of a run that is trained so.
    var plan: RunPlan { mode == .byOutputs ? inputs.planByOutputs : inputs.plan }

    /// Steps that W has taken.
    var steps: Int { mode == .averaged && inputs.plan[.train] != nil ? version : 0 }

    /// The version of the W's that there are.
    var version: Int { projections.first?.trainer.step ?? 0 }

    /// Whether workers may take steps themselves.
    func isReplayed(_ travel: WeightTravel) -> Bool {
        mode == .averaged && gradients == .factors && travel != .whole
    }

    // MARK: Steps

    /// Keeps a shard's gradient until its step is applied.
    mutating func keep(_ result: TrainResult, of unit: UnitID) { shards[unit] = result }

    /// Moves W by the step's shards, summed in index order; where it is time a checkpoint is to be written.
    /// - Parameter limits: how often checkpoints are written, and the shards of how many steps are kept.
    /// - Returns: the mean squared error per element before it.
    mutating func apply(
        step: Int, activations: ActivationStore, limits: RunLimits, on device: any Device, at now: Instant
    ) throws -> Double? {
        guard let schedule = inputs.schedule, !projections.isEmpty else { return nil }
        let site = projections[0].channel.source
        var contributions: [ShardContribution] = []
        for shard in 0..<schedule.shardCount(step: step) {
            let unit = UnitID(.train, step * schedule.shardsPerStep + shard)
            guard let result = shards[unit] else { continue }
            contributions.append(
                ShardContribution(result: result, x: activations.gather(texts(ofShard: unit), at: site)))
        }
        let firstKept = (step + 1 - limits.replaySteps) * schedule.shardsPerStep
        for old in shards.keys where old.index < firstKept { shards[old] = nil }
        let standardised = standardisedLoss(contributions, schedule, step, activations, on: device)
        let loss = try projections[0].trainer.apply(
            shards: contributions, batchRows: schedule.batchTextCount(step: step), on: device)
        projections[0].losses.append(StepLoss(loss: loss, standardised: standardised))
        usualError = 100 * loss
        if writes.isCheckpointDue(every: limits.checkpointSeconds, at: now) { writes.want(.checkpoint) }
        return loss
    }

    /// The mean squared error per element before a step, in units of each element's variance.
    private mutating func standardisedLoss(
        _ shards: [ShardContribution], _ schedule: TrainingSchedule, _ step: Int, _ activations: ActivationStore,
        on device: any Device
    ) -> Double {
        let site = projections[0].channel.target
        if moments == nil { moments = activations.rows(0..<schedule.textCount, at: site).map { TargetMoments($0) } }
        guard let moments else { return .nan }
        let blocks = inputs.outputBlocks(of: projections[0].channel)
        var sum = 0.0
        for shard in shards {
            sum += StandardisedErrors.sum(of: shard.result, moments: moments, blocks: blocks, on: device)
        }
        return sum / (Double(schedule.batchTextCount(step: step)) * Double(inputs.dimensionB))
    }

    // MARK: Files

    /// Whether ``beginWrite(at:)`` has something to do.
    var hasUnwritten: Bool { writes.canBegin }

    /// Whether all that was to be written is, or has failed.
    var isWritten: Bool { writes.areDone }

    /// Wants a checkpoint of what a run that ends before its time has come to.
    mutating func saveUnfinished() {
        if steps > 0, !isGivenUp { writes.want(.checkpoint) }
    }

    /// Makes the W's of a stage, all of whose units are done, by training or in closed form, and wants them on disk.
    /// - Parameter finished: the blocks, where W is trained by outputs; the sums.
    mutating func complete(_ stage: Stage, _ finished: RunResults) throws {
        let made: [TrainedProjection]
        switch (stage, mode) {
        case (.sums, _): made = try closedForms(finished.sums)
        case (_, .byOutputs): made = assembled(finished.results)
        case (_, .averaged): made = projections
        }
        projections = ordered(made + projections)
        writes.want(.completion(stage))
    }

    /// The W's of the plan's channels as far as they can be made of these, in its order.
    private func ordered(_ made: [TrainedProjection]) -> [TrainedProjection] {
        (inputs.plan.channels + inputs.plan.reverseChannels).compactMap { channel in
            if let found = made.first(where: { $0.channel == channel }) { return found }
            let parts = channel.parts.compactMap { part in made.first { $0.channel == part } }
            guard parts.count == channel.links.count else { return nil }
            var whole = TrainedProjection(channel, of: parts)
            if isShared { whole.trainer.share() }
            return whole
        }
    }

    /// What is to be written now: of a copy where steps are still taken.
    mutating func beginWrite(at now: Instant) -> FileWrite? {
        guard writes.canBegin, let kind = writes.wanted else { return nil }
        writes.begin(at: now)
        let isOfTraining = kind != .completion(.sums)
        let trained = inputs.plan.trainedChannels
        let made = projections.filter {
            trained.contains($0.channel) == isOfTraining && !$0.channel.hasSeveralLinks
        }
        let written = kind == .checkpoint ? made.map { $0.copy() } : made
        let isAveraged = mode == .averaged && isOfTraining
        let (inputs, storage, unlearnings) = (inputs, storage, unlearnings)
        return FileWrite {
            if isAveraged, let projection = written.first {
                try TrainingCheckpoint.write(
                    projection, run: inputs.manifest.run, unlearnings: unlearnings, to: storage)
            }
            guard kind != .checkpoint else { return }
            for projection in written { try projection.write(inputs, to: storage) }
        }
    }

    /// Takes in how it ended.
    /// - Returns: the stage whose files are whole now.
    mutating func finishWrite(_ ending: FileWrite.Ending) throws -> Stage? {
        let kind = writes.end(after: ending.seconds)
        try ending.result.get()
        guard case .completion(let stage) = kind else { return nil }
        return stage
    }

    /// The W's, made of their blocks.
    private mutating func assembled(_ results: [UnitID: UnitResult]) -> [TrainedProjection] {
        parts = nil
        var first = 0
        return inputs.plan.trainedChannels.compactMap { channel in
            let units = first..<first + inputs.outputBlocks(of: channel).count
            first = units.upperBound
            let found = units.map { unit -> TrainOutputsResult? in
                if case .trainOutputs(let result) = results[UnitID(.train, unit)] { result } else { nil }
            }
            var projection = TrainedProjection(channel, blocks: found, inputs)
            if isShared, !channel.isReverse { projection?.trainer.share() }
            return projection
        }
    }
}

// MARK: What workers are sent

extension RunTraining {
    /// The content of a unit of the training.
    mutating func content(of id: UnitID, activations: ActivationStore?, step: Int) -> WorkUnit {
        if id.stage == .sums, let activations, let unit = inputs.sumsUnit(id, activations) { return .sums(unit) }
        if mode == .byOutputs, let unit = inputs.outputsUnit(id.index), let activations {
            let targets = activations.columns(
                unit.outputs, ofTexts: unit.schedule.textCount, at: unit.channel.target)
            return .trainOutputs(unit, targets: targets)
        }
        return .train(TrainUnit(step: step, texts: texts(ofShard: id), dense: gradients == .dense))
    }

    /// A W in the form that was decided on.
    mutating func supply(_ wanted: RunControl.Supply.Projection) -> GrantedProjection {
        func granted(_ supply: ProjectionSupply) -> GrantedProjection {
            GrantedProjection(channel: wanted.channel, version: wanted.version, supply: supply)
        }
        guard let projection = projections.first(where: { $0.channel == wanted.channel }) else { return granted(.held) }
        let trainer = projection.trainer
        switch wanted.form {
        case .held: return granted(.held)
        // No steps lead to a W in closed form.
        case .initial where projection.form != nil: return granted(.whole(trainer.projection, moments: nil))
        case .initial:
            let configuration = inputs.configuration
            let initial = InitialProjection(
                initialization: configuration.training.initialization, seed: configuration.seed,
                dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)
            return granted(
                .initial(
                    initial, updates: updates(0..<wanted.version, own: []), checksum: checksum(of: wanted, trainer)))
        case .replay(let from, let own):
            return granted(
                .replay(updates(from..<wanted.version, own: own), checksum: checksum(of: wanted, trainer)))
        case .shared:
            // Where the system had no such memory when W was made of its blocks, it goes as a matrix.
            guard let shared = trainer.shared else { return granted(.whole(trainer.projection, moments: nil)) }
            return granted(.shared(shared, checksum: checksum(of: wanted, trainer)))
        case .whole(let withMoments):
            return granted(.whole(trainer.projection, moments: withMoments ? trainer.moments : nil))
        }
    }

    /// A's activations of consecutive texts.
    mutating func part(_ wanted: RunControl.SiteTexts, _ activations: ActivationStore?) -> TextActivations {
        if parts?.site != wanted.site { parts = (wanted.site, [:]) }
        let first = wanted.texts.first ?? 0
        let values =
            parts?.values[first] ?? activations?.gather(wanted.texts, at: wanted.site) ?? FloatMatrix(zeros: 0, 0)
        parts?.values[first] = values
        return TextActivations(site: wanted.site, texts: wanted.texts, values: values)
    }

    private mutating func checksum(of wanted: RunControl.Supply.Projection, _ trainer: ProjectionTrainer) -> UInt64 {
        if let known = checksums[wanted.channel], known.version == wanted.version { return known.value }
        let value = trainer.checksum
        checksums[wanted.channel] = (wanted.version, value)
        return value
    }

    mutating func texts(ofShard id: UnitID) -> [Int] {
        guard let schedule = inputs.schedule else { return [] }
        let (step, shard) = id.index.quotientAndRemainder(dividingBy: schedule.shardsPerStep)
        let epoch = step / schedule.stepsPerEpoch
        if epochOrder?.epoch != epoch { epochOrder = (epoch, schedule.order(epoch: epoch)) }
        return Array(schedule.texts(step: step, shard: shard, order: epochOrder?.order ?? []))
    }

    private mutating func updates(_ steps: Range<Int>, own: [UnitID]) -> [StepUpdate] {
        var updates: [StepUpdate] = []
        for step in steps { updates.append(update(step: step, own: own)) }
        return updates
    }

    /// A step as a worker takes it that computed the shards `own` itself.
    private mutating func update(step: Int, own: [UnitID]) -> StepUpdate {
        let schedule = inputs.schedule
        var shards: [StepUpdate.Shard] = []
        var errors: [Float] = []
        for shard in 0..<(schedule?.shardCount(step: step) ?? 0) {
            let unit = UnitID(.train, step * (schedule?.shardsPerStep ?? 0) + shard)
            let isOwn = own.contains(unit)
            shards.append(StepUpdate.Shard(unit: unit.index, texts: texts(ofShard: unit), isOwn: isOwn))
            if !isOwn, case .factor(let matrix) = self.shards[unit]?.gradient { errors += matrix.values }
        }
        return StepUpdate(
            step: step, learningRate: inputs.configuration.training.learningRate, shards: shards,
            errors: FloatMatrix(
                rows: errors.count / inputs.dimensionB, columns: inputs.dimensionB, values: errors))
    }
}
