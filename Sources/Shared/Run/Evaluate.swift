/// Items of one task, each under every condition, over one channel.
package struct EvaluateUnit: Hashable, Sendable {
    /// The task's name.
    package var task: String
    /// Where the activations are read and written, and whose W lies between.
    package var channel: Channel
    /// No two of the same name.
    package var conditions: [Condition]
    package var items: [EvaluationItem]
    package var form: AnswerForm
    package var endpoints: Set<EvaluationEndpoint>
    /// What A reads of those of the task's items whose messages ``Condition/Message/matched`` is drawn like; none where
    /// no condition is told that.
    package var sample: [String]
    /// Groups of conditions, by their places, all answered by B: of each group the mean divergence of the first token's
    /// distribution is taken.
    package var references: [[Int]]
    /// Block counts after which units of other channels read A, and B, of the same items: a worker reads all of them in one
    /// pass, and keeps them. None where nobody else does; no result depends on it.
    package var sitesOfA: [Int]
    package var sitesOfB: [Int]

    package init(
        task: String, channel: Channel, conditions: [Condition], items: [EvaluationItem], form: AnswerForm,
        endpoints: Set<EvaluationEndpoint> = [.answers], sample: [String] = [], references: [[Int]] = [],
        sitesOfA: [Int] = [], sitesOfB: [Int] = []
    ) {
        self.task = task
        self.channel = channel
        self.conditions = conditions
        self.items = items
        self.form = form
        self.endpoints = endpoints
        self.sample = sample
        self.references = references
        self.sitesOfA = sitesOfA
        self.sitesOfB = sitesOfB
    }

    /// Where units of other channels read a model.
    package func sites(of model: ModelSide) -> [Int] { model == .a ? sitesOfA : sitesOfB }

    /// The conditions whose distance from the ``references`` is asked for: those over the channel.
    package func hasDivergences(_ condition: Condition) -> Bool {
        endpoints.contains(.likelihood) && condition.usesChannel && condition.answerer == .b
    }
}

/// One item as workers get it.
package struct EvaluationItem: Hashable, Sendable {
    package var id: String
    /// At least those that the unit's conditions read.
    package var prompts: [PromptRole: String]
    /// The texts among which an answer is chosen, for ``AnswerForm/choice``; empty else.
    package var choices: [String]
    /// Right answers, each once, as they would follow the prompt; for ``EvaluationEndpoint/likelihood``.
    package var golds: [String]

    package init(id: String, prompts: [PromptRole: String], choices: [String] = [], golds: [String] = []) {
        self.id = id
        self.prompts = prompts
        self.choices = choices
        self.golds = golds
    }

    /// What the answering model reads under a condition; nil where the item has no such prompt.
    /// - Parameter words: what it is told in words, which stands in a line of its own before the prompt.
    package func text(for condition: Condition, told words: String? = nil) -> String? {
        prompts[condition.prompt].map { prompt in words.map { $0 + "\n" + prompt } ?? prompt }
    }
}

/// What an answer is.
package enum AnswerForm: Hashable, Sendable {
    /// A text, written greedily.
    case text(GenerationLimits)
    /// One of the item's choices: the log-likelihood of each as a continuation of the prompt.
    case choice
}

/// Where an answer ends.
package struct GenerationLimits: Hashable, Sendable {
    package var maximumNewTokens: Int
    /// The answer ends before the first of these; an end-of-text token ends it as well.
    package var stopStrings: [String]

    package init(maximumNewTokens: Int, stopStrings: [String] = []) {
        self.maximumNewTokens = maximumNewTokens
        self.stopStrings = stopStrings
    }
}

/// The answers to an ``EvaluateUnit``.
package struct EvaluateResult: Hashable, Sendable {
    /// In the unit's order of items.
    package var items: [ItemAnswers]

    package init(items: [ItemAnswers]) {
        self.items = items
    }
}

/// One item's answers, in the unit's order of conditions.
package struct ItemAnswers: Hashable, Sendable {
    package var answers: [Answer]

    package init(answers: [Answer]) {
        self.answers = answers
    }
}

/// What a model answered.
package struct Answer: Hashable, Sendable {
    /// Token ids, an end-of-text token left out; none where it chose.
    package var tokens: [Int32]
    /// Decoded without special tokens; where a stop string ended it, up to that.
    package var text: String
    /// Natural logarithms of the probabilities of the item's choices, in their order; empty where it wrote.
    package var likelihoods: [Double]
    /// Of each of the item's golds, where likelihoods were asked for.
    package var golds: [GoldLikelihood]
    /// From each of the unit's references: the Jensen–Shannon divergence of the first token's distribution, in nats, the
    /// mean over the reference's conditions; empty where it was not asked for.
    package var divergences: [Double]
    /// Tokens that were cut off on the left of the prompts that this rests on (the answering model's own, and the
    /// one that its message comes from), because the models have too few positions.
    package var omittedPromptTokens: Int
    package var cost: Cost
    /// SHA-256 of the token ids (int32, little-endian) that the answering model read as its prompt, hexadecimal: whoever
    /// knows the tokenizer can tell that they were these. Empty where it is not known.
    package var promptDigest: String
    /// What the model was told; nil where it was told nothing.
    package var told: ToldMessage?

    package init(
        tokens: [Int32] = [], text: String = "", likelihoods: [Double] = [], golds: [GoldLikelihood] = [],
        divergences: [Double] = [], omittedPromptTokens: Int = 0, cost: Cost = Cost(), promptDigest: String = "",
        told: ToldMessage? = nil
    ) {
        self.tokens = tokens
        self.text = text
        self.likelihoods = likelihoods
        self.golds = golds
        self.divergences = divergences
        self.omittedPromptTokens = omittedPromptTokens
        self.cost = cost
        self.promptDigest = promptDigest
        self.told = told
    }
}

/// A message as it reached the model that answers.
package enum ToldMessage: Codable, Hashable, Sendable {
    /// A vector that was put into its stream: SHA-256 of the float32 values (little-endian) that the operator was given,
    /// after W and the strength, hexadecimal; and their L2 norm.
    case vector(digest: String, norm: Double)
    /// Words that stood before its prompt.
    case words(String)
}

/// How likely a model takes one right answer to be, teacher-forced after its prompt.
package struct GoldLikelihood: Codable, Hashable, Sendable {
    /// The natural logarithm of the probability of the whole.
    package var whole: Double
    /// Tokens of it, at least one.
    package var tokens: Int

    package init(whole: Double, tokens: Int) {
        self.whole = whole
        self.tokens = tokens
    }
}

/// What an answer takes by itself: a function of the item and the condition. What it happens to share with others (a
/// prompt's beginning, a message that several conditions use) is counted in full.
package struct Cost: Codable, Hashable, Sendable {
    /// Tokens of the prompt that the answering model reads.
    package var promptTokens: Int
    /// Tokens that it writes, an end-of-text token left out.
    package var newTokens: Int
    package var passesOfA: Passes
    package var passesOfB: Passes
    /// Passes of B for the message that it tells itself, up to where it is read.
    package var passesOfBForMessage: Passes
    /// Bytes of the message to B: four for a coordinate of an activation, those of the text for words.
    package var messageBytes: Int

    package init(
        promptTokens: Int = 0, newTokens: Int = 0, passesOfA: Passes = Passes(), passesOfB: Passes = Passes(),
        passesOfBForMessage: Passes = Passes(), messageBytes: Int = 0
    ) {
        self.promptTokens = promptTokens
        self.newTokens = newTokens
        self.passesOfA = passesOfA
        self.passesOfB = passesOfB
        self.passesOfBForMessage = passesOfBForMessage
        self.messageBytes = messageBytes
    }

    /// Forward passes of one model, all of the same depth, as they would be where a token follows the other. A continuation
    /// that is there already is read in one.
    package struct Passes: Codable, Hashable, Sendable {
        /// One for the prompt, one for each token that is read afterwards.
        package var count: Int
        /// Blocks of each pass.
        package var blocks: Int
        /// Tokens of all passes together.
        package var tokens: Int

        package init(count: Int = 0, blocks: Int = 0, tokens: Int = 0) {
            self.count = count
            self.blocks = blocks
            self.tokens = tokens
        }
    }
}
