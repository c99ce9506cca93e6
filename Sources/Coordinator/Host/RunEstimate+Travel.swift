import CoordinatorControl
package import Run

/// What goes over the network where workers are elsewhere, counted before any of it does.
extension RunEstimate {
    /// Of one stage, in bytes of all workers together.
    package struct Travel: Sendable {
        package let stage: Stage
        /// From the coordinator.
        package let down: Int
        /// To the coordinator.
        package let up: Int
    }

    /// At most: as if nothing were held already, and answers were as long as they may be.
    package func travel(workers: Int) -> [Travel] {
        var projections = projectionBytes * workers
        return stages.map { work in
            switch work.stage {
            case .train:
                guard let training else { return Travel(stage: work.stage, down: 0, up: 0) }
                let (down, up) = training.bytes(workers: workers)
                return Travel(stage: work.stage, down: down, up: up)
            case .similarity, .evaluate:
                // With the first unit that needs one.
                defer { projections = 0 }
                return Travel(stage: work.stage, down: work.unitBytes + projections, up: work.resultBytes)
            case .parity, .extract, .sums:
                return Travel(stage: work.stage, down: work.unitBytes, up: work.resultBytes)
            }
        }
    }
}

/// How the training of W's travels: see "Size" in docs/RELIABILITY.md.
struct TrainingTravel: Sendable {
    private let schedule: TrainingSchedule
    private let dimensionA: Int
    private let dimensionB: Int
    private let channels: Int
    /// Of the channels those whose W maps from B to A.
    private let reverseChannels: Int
    private let mode: TrainingMode
    private let isDense: Bool
    private let takesStepsElsewhere: Bool

    /// Nil where no W is trained.
    init?(_ inputs: RunInputs, _ travel: LiveRun.Travel) {
        guard let schedule = inputs.schedule, !inputs.plan.trainedChannels.isEmpty else { return nil }
        self.schedule = schedule
        (dimensionA, dimensionB) = (inputs.dimensionA, inputs.dimensionB)
        channels = inputs.plan.trainedChannels.count
        reverseChannels = inputs.plan.trainedChannels.count(where: \.isReverse)
        mode = travel.training ?? (channels == 1 ? .averaged : .byOutputs)
        isDense = travel.gradients.resolved(for: inputs) == .dense
        takesStepsElsewhere = travel.weights != .whole && !isDense
    }

    /// With so many workers elsewhere.
    func bytes(workers: Int) -> (down: Int, up: Int) {
        let float = MemoryLayout<Float>.size
        let (w, a, b) = (dimensionA * dimensionB * float, dimensionA * float, dimensionB * float)
        let texts = schedule.textCount
        guard mode == .averaged else {
            // The activations that W maps go to every worker, the others with the blocks, which come back.
            let forward = channels - reverseChannels
            let down = forward * (workers * texts * a + texts * b) + reverseChannels * (workers * texts * b + texts * a)
            return (down, channels * w)
        }
        let errors = texts * schedule.epochs * b
        let up = isDense ? schedule.shardTotal * w : errors
        let seen = Self.readings(epochs: schedule.epochs, workers: workers)
        let down =
            takesStepsElsewhere
            // Every worker takes every step: the others' errors, and each text's activation of A.
            ? (workers - 1) * errors + workers * texts * a + Int(Double(texts * b) * seen)
            // W as it is, and what a worker's own shards read.
            : workers * schedule.steps * w + Int(Double(texts * (a + b)) * seen)
        return (down, up)
    }

    /// How often a text's activation is sent: each epoch to a worker drawn anew, unless that one has had it.
    private static func readings(epochs: Int, workers: Int) -> Double {
        let others = 1 - 1 / Double(max(1, workers))
        var (sum, factor) = (0.0, 1.0)
        for _ in 0..<epochs {
            sum += factor
            factor *= others
        }
        return sum
    }
}
