package import CoordinatorControl
import CoordinatorHost
import Run

/// What is simulated: a run, how patient it is, who works on it.
package struct Scenario: Sendable {
    let inputs: SimulatedInputs
    package var limits: RunLimits
    package var workers: Int
    /// Of these the first are the coordinator's own; where all are, nobody else may come.
    package var localWorkers = 0
    var travel = LiveRun.Travel(gradients: .factors, weights: .replay)
    /// Whether workers of the coordinator's machine may read W in its memory.
    var isShared = false

    init(_ inputs: SimulatedInputs, workers: Int) {
        self.inputs = inputs
        self.workers = workers
        limits = Self.limits
    }

    var plan: RunPlan {
        let isByOutputs = travel.training == .byOutputs || inputs.run.plan.channels.count > 1
        return isByOutputs ? inputs.run.planByOutputs : inputs.run.plan
    }

    /// Faults come thick and fast in a simulation, so silence is noticed sooner than in a real run, and what would
    /// end a run because of a bad unit or worker is put off.
    private static var limits: RunLimits {
        var limits = RunLimits()
        limits.silenceSeconds = 2.5
        limits.unmeasuredSeconds = 10
        limits.hangSeconds = 20
        limits.unmeasuredHangSeconds = 30
        limits.lossesPerUnit = 1_000
        limits.failuresPerUnit = 1_000
        limits.refutedFailures = 1_000
        limits.resetsPerWorker = 10_000
        limits.workerRestarts = 10_000
        limits.paceSeconds = 10
        limits.checkpointSeconds = 0.5
        limits.replaySteps = 3
        return limits
    }

    // MARK: Runs

    private static let one = [Channel(k: 1, j: 2)]
    private static let two = [Channel(k: 1, j: 2), Channel(k: 3, j: 4)]

    private static let small = SimulatedInputs(
        channels: one, texts: 11, textsPerUnit: 4, items: 5, itemsPerUnit: 2)
    /// Activations travel in three parts.
    private static let smallByOutputs = SimulatedInputs(
        channels: one, texts: 70, textsPerUnit: 18, epochs: 1, items: 5, itemsPerUnit: 2)
    private static let smallOfTwo = SimulatedInputs(
        channels: two, texts: 35, textsPerUnit: 9, epochs: 1, items: 5, itemsPerUnit: 2)
    private static let thousand = SimulatedInputs(
        channels: one, texts: 4000, textsPerUnit: 2, epochs: 1, batch: 1000, shardTexts: 8, items: 2000,
        itemsPerUnit: 1)

    /// A run of all kinds of stages, a few seconds long.
    package static func small(workers: Int) -> Scenario { Scenario(small, workers: workers) }

    /// As ``small(workers:)``, W trained by outputs.
    package static func smallByOutputs(workers: Int) -> Scenario {
        var scenario = Scenario(smallByOutputs, workers: workers)
        scenario.travel.training = .byOutputs
        return scenario
    }

    /// As ``smallByOutputs(workers:)``, with two channels.
    package static func smallOfTwoChannels(workers: Int) -> Scenario { Scenario(smallOfTwo, workers: workers) }

    /// A run with work for a thousand workers.
    package static func large(workers: Int) -> Scenario { Scenario(thousand, workers: workers) }

    /// A training of about so many seconds, for what must not grow with time. No worker that is lost ends it.
    package static func long(workers: Int, seconds: Int) -> Scenario {
        // A step takes its slowest shard's 0.3 to 0.5 s, and what the faults cost.
        let stepsPerEpoch = 8
        var scenario = Scenario(
            SimulatedInputs(
                channels: one, texts: 5 * stepsPerEpoch, textsPerUnit: 4, epochs: seconds * 2 / stepsPerEpoch, items: 5,
                itemsPerUnit: 2), workers: workers)
        scenario.limits.lossesPerUnit = .max
        scenario.limits.failuresPerUnit = .max
        return scenario
    }

    /// The scenario that belongs to a seed: mostly few workers, sometimes many.
    package static func of(seed: UInt64, workers: Int? = nil) -> Scenario {
        var random = NamedGenerator(seed: seed, purpose: "scenario")
        let draw = random.uniform()
        let count = workers ?? (draw < 0.9 ? 1 + random.index(below: 5) : 6 + random.index(below: 20))
        var scenario =
            switch random.index(below: 8) {
            case _ where count > 100: large(workers: count)
            case 0: smallByOutputs(workers: count)
            case 1, 2: smallOfTwoChannels(workers: count)
            default: small(workers: count)
            }
        scenario.localWorkers = [0, count, random.index(below: count + 1)][random.index(below: 3)]
        // W travels whole, or is replayed from a few or from many steps, or is read where it lies.
        scenario.limits.replaySteps = [1, 3, 16][random.index(below: 3)]
        scenario.travel.weights = [.whole, .replay, .auto, .auto][random.index(below: 4)]
        scenario.isShared = random.index(below: 3) == 0
        scenario.limits.sharingWorkers = 1 + random.index(below: 4)
        scenario.limits.verifiedShare = [0, 0.1][random.index(below: 2)]
        scenario.limits.verificationSeed = seed
        return scenario
    }
}
