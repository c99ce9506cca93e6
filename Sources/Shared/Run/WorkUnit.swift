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

    package init(_ task: EvaluationTask) {
        self = .evaluate(task: task.rawValue)
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
}

/// A piece of work that any worker can do, with all that it depends on besides the models and, where the grant
/// says so, W and activations that the worker holds already.
package enum WorkUnit: Hashable, Sendable {
    case extract(ExtractUnit)
    case train(TrainUnit)
    /// - targets: B's activations of all texts at the channel's site, the block's columns: [texts, outputs].
    case trainOutputs(TrainOutputsUnit, targets: FloatMatrix)
    case similarity(SimilarityUnit)
    case evaluate(EvaluateUnit)
}

/// B's greedy continuation of one prompt, without and with A's activation injected at one layer.
package struct SimilarityUnit: Hashable, Sendable {
    package var prompt: String
    /// Block count at which A is read and B written.
    package var layer: Int
    package var newTokens: Int

    package init(prompt: String, layer: Int, newTokens: Int) {
        self.prompt = prompt
        self.layer = layer
        self.newTokens = newTokens
    }
}

/// Items of one task, each under every condition.
package struct EvaluateUnit: Hashable, Sendable {
    package var task: EvaluationTask
    package var conditions: [Condition]
    package var items: [EvaluationItem]
    package var limits: GenerationLimits

    package init(task: EvaluationTask, conditions: [Condition], items: [EvaluationItem], limits: GenerationLimits) {
        self.task = task
        self.conditions = conditions
        self.items = items
        self.limits = limits
    }
}

/// The prompts of one item.
package struct EvaluationItem: Hashable, Sendable {
    package var id: String
    /// What A reads, and B under ``Condition/bFull``.
    package var fullPrompt: String
    /// What B reads while it is injected into.
    package var bPrompt: String
    /// What B reads under ``Condition/noContext``.
    package var cue: String
    /// The full prompt of the item whose activation is injected under ``Condition/shuffled``.
    package var partnerPrompt: String

    package init(id: String, fullPrompt: String, bPrompt: String, cue: String, partnerPrompt: String) {
        self.id = id
        self.fullPrompt = fullPrompt
        self.bPrompt = bPrompt
        self.cue = cue
        self.partnerPrompt = partnerPrompt
    }
}

/// Where an answer ends.
package struct GenerationLimits: Hashable, Sendable {
    package var maximumNewTokens: Int
    /// The answer ends before the first of these; an end-of-text token ends it as well.
    package var stopStrings: [String]

    package init(maximumNewTokens: Int, stopStrings: [String]) {
        self.maximumNewTokens = maximumNewTokens
        self.stopStrings = stopStrings
    }
}
