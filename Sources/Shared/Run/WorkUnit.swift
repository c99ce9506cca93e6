/// A stretch of a run. Stages follow one another in this order; those not asked for are left out.
package enum Stage: Hashable, Sendable {
    /// Both models read the texts; their activations are kept.
    case extract
    /// W is trained on the activations.
    case train
    /// Text similarity across layers.
    case similarity
    /// A task's items are answered. The stage has the task's name.
    case evaluate(task: String)
}

extension Stage: RawRepresentable, Codable {
    /// Any text that is no other stage's name is a task's.
    package init(rawValue: String) {
        switch rawValue {
        case "extract": self = .extract
        case "train": self = .train
        case "similarity": self = .similarity
        default: self = .evaluate(task: rawValue)
        }
    }

    package var rawValue: String {
        switch self {
        case .extract: "extract"
        case .train: "train"
        case .similarity: "similarity"
        case .evaluate(let task): task
        }
    }
}

extension Stage: Comparable {
    private var place: Int {
        switch self {
        case .extract: 0
        case .train: 1
        case .similarity: 2
        case .evaluate: 3
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
package struct UnitID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let stage: Stage
    /// For ``Stage/train``: step × ``TrainingSchedule/shardsPerStep`` + shard, or a block of ``OutputBlocks`` where W
    /// is trained by its rows.
    package let index: Int

    package init(_ stage: Stage, _ index: Int) {
        self.stage = stage
        self.index = index
    }

    package var description: String { "\(stage.rawValue)/\(index)" }

    package static func < (a: UnitID, b: UnitID) -> Bool {
        (a.stage, a.index) < (b.stage, b.index)
    }
}

/// A piece of work that any worker can do, with all that it depends on besides the models and, where the grant
/// says so, W and rows that the worker holds already.
package enum WorkUnit: Hashable, Sendable {
    case extract(ExtractUnit)
    case train(TrainUnit)
    case trainRows(TrainRowsUnit)
    case similarity(SimilarityUnit)
    case evaluate(EvaluateUnit)
}

/// Read texts with both models.
package struct ExtractUnit: Hashable, Sendable {
    /// The number of the first text among the run's rows.
    package var firstRow: Int
    /// Already cut as the configuration says.
    package var texts: [String]
    /// A text is cut to so many tokens, in each model's own count.
    package var maximumTokens: Int

    package init(firstRow: Int, texts: [String], maximumTokens: Int) {
        self.firstRow = firstRow
        self.texts = texts
        self.maximumTokens = maximumTokens
    }
}

/// One shard's loss and gradient at one step.
package struct TrainUnit: Hashable, Sendable {
    package var step: Int
    /// Row numbers, in the order in which they are summed.
    package var rows: [Int]
    /// Whether the gradient is to travel as a matrix (else as its factor E, which costs less for few rows).
    package var dense: Bool

    package init(step: Int, rows: [Int], dense: Bool) {
        self.step = step
        self.rows = rows
        self.dense = dense
    }
}

/// A block of W's rows through the whole training.
///
/// Each row of W is a regression of its own: its error, gradient and moments depend on no other row. The unit reads
/// A's activations of all texts and, of B's, the columns that belong to the block.
package struct TrainRowsUnit: Hashable, Sendable {
    /// The block's rows among W's ``dimensionB``.
    package var outputs: Range<Int>
    package var dimensionA: Int
    package var dimensionB: Int
    /// Its seed draws the first W as well.
    package var schedule: TrainingSchedule
    package var learningRate: Double
    package var initialization: ProjectionInitialization

    package init(
        outputs: Range<Int>, dimensionA: Int, dimensionB: Int, schedule: TrainingSchedule, learningRate: Double,
        initialization: ProjectionInitialization
    ) {
        self.outputs = outputs
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        self.schedule = schedule
        self.learningRate = learningRate
        self.initialization = initialization
    }
}
