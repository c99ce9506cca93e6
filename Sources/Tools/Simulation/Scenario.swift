package import CoordinatorControl
import Run

/// What is simulated: a run, how patient it is, and how many workers there are.
package struct Scenario: Sendable {
    package let plan: RunPlan
    package var limits: RunLimits
    package var workers: Int
    /// Of a training by steps.
    let schedule: TrainingSchedule?
    /// Blocks of W's outputs and the texts that each reads, where W is trained by outputs.
    let blocks: (count: Int, texts: Int)?
    /// W before each step and after the last, as one process would compute it.
    let projections: [UInt64]
    /// The texts of each shard, by the unit's number.
    let textsOfShards: [[Int]]

    package init(plan: RunPlan, workers: Int, limits: RunLimits = Scenario.limits) {
        self.plan = plan
        self.workers = workers
        self.limits = limits
        var schedule: TrainingSchedule?
        var blocks: (count: Int, texts: Int)?
        for stage in plan.stages {
            if case .steps(let found) = stage.cut { schedule = found }
            if case .outputs(let count, _, let schedule) = stage.cut { blocks = (count, schedule.textCount) }
        }
        self.schedule = schedule
        self.blocks = blocks
        projections =
            schedule.map(SimulatedMath.projections) ?? blocks.map { SimulatedMath.projections(ofBlocks: $0.count) }
            ?? [SimulatedMath.initialProjection]
        guard let schedule else {
            textsOfShards = []
            return
        }
        let orders = (0..<schedule.epochs).map { schedule.order(epoch: $0) }
        textsOfShards = (0..<schedule.steps * schedule.shardsPerStep).map { index in
            let (step, shard) = index.quotientAndRemainder(dividingBy: schedule.shardsPerStep)
            guard shard < schedule.shardCount(step: step) else { return [] }
            return Array(schedule.texts(step: step, shard: shard, order: orders[step / schedule.stepsPerEpoch]))
        }
    }

    /// Faults come thick and fast in a simulation, so silence is noticed sooner than in a real run, and what would
    /// end a run because of a bad unit or worker is put off.
    package static var limits: RunLimits {
        var limits = RunLimits()
        limits.silenceSeconds = 2.5
        limits.unmeasuredSeconds = 10
        limits.hangSeconds = 20
        limits.unmeasuredHangSeconds = 30
        limits.lossesPerUnit = 1_000
        limits.failuresPerUnit = 1_000
        limits.resetsPerWorker = 10_000
        limits.paceSeconds = 10
        limits.replaySteps = 3
        return limits
    }

    /// A run of all kinds of stages, a few seconds long.
    package static func small(workers: Int) -> Scenario {
        var scenario = smallRun
        scenario.workers = workers
        return scenario
    }

    /// As ``small(workers:)``, W trained by outputs.
    package static func smallByOutputs(workers: Int) -> Scenario {
        var scenario = smallRunByOutputs
        scenario.workers = workers
        scenario.limits.replaySteps = 0
        return scenario
    }

    private static let smallRun = small(
        StagePlan(
            .train, .steps(TrainingSchedule(textCount: 14, epochs: 2, batch: 4, shardTexts: 2, seed: 1)),
            channels: 1),
        rows: 14)

    /// As ``smallRun``, W trained by outputs on activations that travel in three parts.
    private static let smallRunByOutputs = small(
        StagePlan(
            .train,
            .outputs(
                blocks: 7, channels: 1, TrainingSchedule(textCount: 70, epochs: 2, batch: 4, shardTexts: 2, seed: 1))),
        rows: 70)

    private static func small(_ training: StagePlan, rows: Int) -> Scenario {
        Scenario(
            plan: RunPlan(
                run: "run",
                stages: [
                    StagePlan(.extract, .ranges(of: rows, size: (rows + 3) / 4)), training,
                    StagePlan(.evaluate(task: "squad"), .ranges(of: 11, size: 2), channels: 1),
                ], fingerprintA: "a", fingerprintB: "b"), workers: 1)
    }

    /// A run with work for a thousand workers.
    package static func large(workers: Int) -> Scenario {
        Scenario(
            plan: RunPlan(
                run: "run",
                stages: [
                    StagePlan(.extract, .ranges(of: 4 * workers, size: 2)),
                    StagePlan(
                        .train,
                        .steps(
                            TrainingSchedule(textCount: 4 * workers, epochs: 1, batch: workers, shardTexts: 8, seed: 1)),
                        channels: 1),
                    StagePlan(
                        .evaluate(task: "squad"), .ranges(of: 2 * workers, size: 1), channels: 1),
                ], fingerprintA: "a", fingerprintB: "b"), workers: workers)
    }

    /// The scenario that belongs to a seed: mostly few workers, sometimes many.
    package static func of(seed: UInt64, workers: Int? = nil) -> Scenario {
        var random = NamedGenerator(seed: seed, purpose: "scenario")
        let draw = random.uniform()
        let count = workers ?? (draw < 0.9 ? 1 + random.index(below: 5) : 6 + random.index(below: 20))
        var scenario = count > 100 ? large(workers: count) : small(workers: count)
        // W travels whole, or is replayed from a few or from many steps.
        scenario.limits.replaySteps = [0, 1, 3, 16][random.index(below: 4)]
        // Some workers read it in the coordinator's memory, and some of those that are told to cannot.
        if random.index(below: 2) == 0 {
            scenario.limits.sharingHost = "host"
            scenario.limits.sharingWorkers = 1 + random.index(below: 4)
        }
        if count <= 100, random.index(below: 4) == 0 { scenario = smallByOutputs(workers: count) }
        return scenario
    }
}
