/// All that a run's results depend on, besides the bytes of the models and data that it names.
///
/// Nothing about where or how fast it runs belongs here: two runs of equal configuration, models and data give
/// the same W, samples and scores, bit for bit.
package struct RunConfiguration: Codable, Hashable, Sendable {
    /// Model folders, as given.
    package var modelA: String
    package var modelB: String
    /// Files of figures that another implementation computed, which the models are compared with before any work; nil
    /// for none.
    package var verifyA: String?
    package var verifyB: String?
    /// The lines from A to B, each with a W of its own: at least one, no two alike, in the order given; of a line those
    /// of all fits, in the order of ``ProjectionFit``.
    package var channels: [Channel]
    package var operation: InjectionOperation
    /// By which a message is multiplied before it is combined.
    package var strength: Double
    /// Whether messages are first given the median norm of the receiver's stream (``Condition/Delivery/matchesNorm``); nil
    /// for no.
    package var matchesNorm: Bool?
    /// At which tokens activations are read and written; nil for the prompts' last.
    package var positions: TokenPositions?
    /// What the models' activations are rounded to before a product with weights stored as bfloat16.
    package var computeType: ComputeType
    /// Whether the experiments' prompts are put into each model's own chat template, as a user's message. C4's texts
    /// never are.
    package var chat: Bool
    package var reading: ReadingSettings
    package var experiments: [Experiment]
    package var projection: ProjectionSource
    package var seed: UInt64
    package var training: TrainingConfiguration
    package var similarity: SimilarityConfiguration
    package var evaluation: EvaluationConfiguration
    /// Texts and items that are passed over at most because a model cannot read them; nil for none.
    package var skipUnreadable: Int?

    package init(
        modelA: String, modelB: String, channels: [Channel], operation: InjectionOperation = .replace,
        strength: Double = 1,
        computeType: ComputeType = .bfloat16, chat: Bool = false,
        reading: ReadingSettings = ReadingSettings(), experiments: [Experiment],
        projection: ProjectionSource = .trained, seed: UInt64 = 42,
        training: TrainingConfiguration = TrainingConfiguration(),
        similarity: SimilarityConfiguration = SimilarityConfiguration(),
        evaluation: EvaluationConfiguration = EvaluationConfiguration()
    ) {
        self.modelA = modelA
        self.modelB = modelB
        self.channels = channels
        self.operation = operation
        self.strength = strength
        self.computeType = computeType
        self.chat = chat
        self.reading = reading
        self.experiments = experiments
        self.projection = projection
        self.seed = seed
        self.training = training
        self.similarity = similarity
        self.evaluation = evaluation
    }

    /// How messages meet the stream that they are put into, where their condition does not say.
    package var delivery: Condition.Delivery {
        Condition.Delivery(operation, strength: strength, matchesNorm: matchesNorm ?? false)
    }

    /// The W's the other way, that are made along with the channels'.
    package var reverseChannels: [Channel] {
        training.reverse == true && experiments.contains(.projection) ? channels.parts.map(\.reversed) : []
    }

    /// Whether there is a W for every channel, once it is trained or from the start.
    package var hasProjections: Bool {
        switch projection {
        case .trained: experiments.contains(.projection)
        case .files: true
        case .none: false
        }
    }
}

/// How W is trained. The defaults are the paper's (section 3.1): 3,072 texts, 10 epochs, batches of 32, Adam at
/// 1e-3, Xavier initialisation.
package struct TrainingConfiguration: Codable, Hashable, Sendable {
    /// C4 files, JSON lines, plain or gzip; or those of ``fitOn``.
    package var files: [String] = []
    /// The train split whose prompts W learns from, such as `gsm8k-train`, each as the models read it; nil for texts of
    /// C4.
    package var fitOn: String?
    /// Texts that W learns from: the first ones that are long enough.
    package var rows = 3072
    /// Texts after those, by which W's fit is measured; nil takes a tenth as many, as far as the files have them.
    package var heldOut: Int?
    /// Whether W's that map B's activations to A's are made as well; nil for no.
    package var reverse: Bool?
    package var epochs = 10
    /// Rows of one step of Adam.
    package var batch = 32
    /// Rows of one work unit of a step; what a batch is cut into does not depend on how many workers there are.
    package var shardRows = 8
    package var learningRate = 1e-3
    package var initialization = ProjectionInitialization.xavier
    package var cut = TextCut.characters
    /// Texts of so many characters or fewer, stripped, are passed over.
    package var minimumCharacters = 50
    /// A text is cut to so many characters where ``cut`` says so.
    package var maximumCharacters = 512
    /// A text is cut to so many tokens, in each model's own count.
    package var maximumTokens = 512

    package init() {}
}

/// Text similarity across layers.
package struct SimilarityConfiguration: Codable, Hashable, Sendable {
    /// Block counts at which A is read and B is written alike.
    package var layers: [Int] = []
    package var newTokens = 20
    package var prompts = [
        "The capital of France is", "To solve this problem, we need to", "The future of artificial intelligence is",
        "In the year 2050,", "The main difference between cats and dogs is",
    ]

    package init() {}
}

/// The tasks.
package struct EvaluationConfiguration: Codable, Hashable, Sendable {
    /// The files of each task's items, by the task's name; or `generated:N` for so many that the task makes itself.
    package var files: [String: [String]] = [:]
    /// Worked examples before each question.
    package var shots = 0
    /// The groups whose items are asked, such as subjects; nil takes all.
    package var groups: [String]?
    /// Names of the conditions, in their order; nil takes the usual ones.
    package var conditions: [String]?
    /// Items of each task at most, of each group where items have groups; nil takes all, or the reference's 20 where ``preset`` is that.
    package var limit: Int?
    package var preset = EvaluationProtocol.standard
    package var bPrompt = BPrompt.task
    /// Other items whose messages take the place of an item's own; nil takes ``usualOthers``, or as many as there are.
    package var others: Int?
    package static let usualOthers = 4
    /// Tokens of a written message at most.
    package var messageTokens = 64
    /// Rounds of a debate.
    package var debateRounds = 2
    /// In the order of ``EvaluationEndpoint``; at least one.
    package var endpoints = EvaluationEndpoint.allCases

    package init() {}
}
