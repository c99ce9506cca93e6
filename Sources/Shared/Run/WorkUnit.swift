/// A stretch of a run. Stages follow one another in this order; those not asked for are left out.
package enum Stage: Hashable, Sendable {
    /// The models are compared with another implementation's figures.
    case parity
    /// Both models read the texts; their activations are kept.
    case extract
    /// W is trained on the activations.
    case train
    /// The sums of the activations that W's in closed form are made of.
    case sums
    /// Text similarity across layers.
    case similarity
    /// A task's items are answered. The stage has the task's name.
    case evaluate(task: String)
}

extension Stage: RawRepresentable, Codable {
    /// Any text that is no other stage's name is a task's.
    package init(rawValue: String) {
        switch rawValue {
        case "parity": self = .parity
        case "extract": self = .extract
        case "train": self = .train
        case "sums": self = .sums
        case "similarity": self = .similarity
        default: self = .evaluate(task: rawValue)
        }
    }

    package var rawValue: String {
        switch self {
        case .parity: "parity"
        case .extract: "extract"
        case .train: "train"
        case .sums: "sums"
        case .similarity: "similarity"
        case .evaluate(let task): task
        }
    }
}

/// Of their own, since those that ``RawRepresentable`` brings make and compare texts: stages are compared at each unit.
extension Stage {
    package static func == (a: Stage, b: Stage) -> Bool {
        switch (a, b) {
        case (.parity, .parity), (.extract, .extract), (.train, .train), (.sums, .sums), (.similarity, .similarity):
            true
        case (.evaluate(let a), .evaluate(let b)): a == b
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(place)
        if case .evaluate(let task) = self { hasher.combine(task) }
    }
}

extension Stage {
    /// Whether its units ask models for answers: those of one worker are then worked on together.
    package var asksForAnswers: Bool {
        switch self {
        case .parity, .extract, .train, .sums: false
        case .similarity, .evaluate: true
        }
    }
}

extension Stage: Comparable {
    private var place: Int {
        switch self {
        case .parity: 0
        case .extract: 1
        case .train: 2
        case .sums: 3
        case .similarity: 4
        case .evaluate: 5
        }
    }

    /// In the order of a run; tasks by name.
    package static func < (a: Stage, b: Stage) -> Bool {
        (a.place, a.rawValue) < (b.place, b.rawValue)
    }
}

/// Names a unit within a run: the stage, and the unit's number in the stage's fixed cut into units.
///
/// The cut is a function of the run's configuration and data, which the run's digest names; so `(run, UnitID)`
/// names the unit's content, and executing it twice gives the same bytes.
package struct UnitID: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    package let stage: Stage
    /// For ``Stage/train``: step × ``TrainingSchedule/shardsPerStep`` + shard; where W is trained by outputs, the
    /// channel's place × the number of ``OutputBlocks`` + the block.
    package let index: Int

    package init(_ stage: Stage, _ index: Int) {
        self.stage = stage
        self.index = index
    }

    package var description: String { "\(stage.rawValue)/\(index)" }

    package static func < (a: UnitID, b: UnitID) -> Bool {
        (a.stage, a.index) < (b.stage, b.index)
    }

    /// Where it counts no more, what W has learned does not either.
    package static let firstOfTraining = UnitID(.train, 0)
}

/// A piece of work that any worker can do, with all that it depends on besides the models and, where the grant
/// says so, W and activations that the worker holds already.
package enum WorkUnit: Hashable, Sendable {
    case parity(ParityUnit)
    case extract(ExtractUnit)
    case train(TrainUnit)
    /// - targets: B's activations of all texts at the channel's site, the block's columns: [texts, outputs].
    case trainOutputs(TrainOutputsUnit, targets: FloatMatrix)
    case sums(SumsUnit)
    case similarity(SimilarityUnit)
    case evaluate(EvaluateUnit)
}
