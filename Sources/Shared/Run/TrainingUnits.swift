/// Read texts with both models, at all sites in one pass of each.
package struct ExtractUnit: Hashable, Sendable {
    /// The number of the first text among the run's.
    package var firstText: Int
    /// Already cut as the configuration says; prompts are whole.
    package var texts: [String]
    /// A text is cut to so many tokens, in each model's own count.
    package var maximumTokens: Int
    /// Block counts after which A is read and B is read, each ascending.
    package var sitesOfA: [Int]
    package var sitesOfB: [Int]
    /// Positions that are kept for an answer where the texts are prompts, read as a task's are: in the chat template,
    /// cut on the left, at the run's positions. Nil for plain texts, which are read at their last token.
    package var answerTokens: Int?

    package init(
        firstText: Int, texts: [String], maximumTokens: Int, sitesOfA: [Int], sitesOfB: [Int], answerTokens: Int? = nil
    ) {
        self.firstText = firstText
        self.texts = texts
        self.maximumTokens = maximumTokens
        self.answerTokens = answerTokens
        self.sitesOfA = sitesOfA
        self.sitesOfB = sitesOfB
    }
}

/// One shard's loss and gradient at one step.
package struct TrainUnit: Hashable, Sendable {
    package var step: Int
    /// The texts' numbers, in the order in which they are summed.
    package var texts: [Int]
    /// Whether the gradient is to travel as a matrix (else as its factor E, which costs less for few texts).
    package var dense: Bool

    package init(step: Int, texts: [Int], dense: Bool) {
        self.step = step
        self.texts = texts
        self.dense = dense
    }
}

/// A block of W's outputs through the whole training.
///
/// Each output, a row of W, is a regression of its own: its error, gradient and moments depend on no other. The unit
/// reads A's activations of all texts at the channel's site and, of B's, the columns that belong to the block.
package struct TrainOutputsUnit: Hashable, Sendable {
    /// Whose W.
    package var channel: Channel
    /// The block's outputs among W's ``dimensionB``.
    package var outputs: Range<Int>
    package var dimensionA: Int
    package var dimensionB: Int
    /// Its seed draws the first W as well.
    package var schedule: TrainingSchedule
    package var learningRate: Double
    package var initialization: ProjectionInitialization

    package init(
        channel: Channel, outputs: Range<Int>, dimensionA: Int, dimensionB: Int, schedule: TrainingSchedule,
        learningRate: Double, initialization: ProjectionInitialization
    ) {
        self.channel = channel
        self.outputs = outputs
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        self.schedule = schedule
        self.learningRate = learningRate
        self.initialization = initialization
    }
}

/// The sums that closed forms are made of, over some of the texts.
package struct SumsUnit: Hashable, Sendable {
    /// The columns of a ``SumsPart``'s sites, a row for each text.
    package var first: FloatMatrix
    package var second: FloatMatrix

    /// Products that come of it.
    package var count: Int { first.columns * second.columns }

    package init(first: FloatMatrix, second: FloatMatrix) {
        self.first = first
        self.second = second
    }
}
