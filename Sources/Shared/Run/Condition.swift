/// Who answers an item, what it reads, and what it is told by the other model.
///
/// The conditions that there are stand in one table (`Evaluation/ConditionTable`); everything else, the worker's engine
/// too, goes by the values below and knows no condition by its name.
package struct Condition: Codable, Hashable, Sendable {
    /// In flags and files: lower-case letters, digits and `_`. Unique within a run.
    package var name: String
    package var answerer: ModelSide
    /// What the answering model reads.
    package var prompt: PromptRole
    /// What it is told besides; nil for nothing.
    package var message: Message?
    /// How an injected message meets the stream that it is put into; nil for the run's own way.
    package var delivery: Delivery?

    package init(
        _ name: String, _ answerer: ModelSide, reads prompt: PromptRole, told message: Message? = nil,
        by delivery: Delivery? = nil
    ) {
        self.name = name
        self.answerer = answerer
        self.prompt = prompt
        self.message = message
        self.delivery = delivery
    }

    /// What one model tells the other.
    package enum Message: Codable, Hashable, Sendable {
        /// W · A's activation on this prompt, at its last token or where the run says, injected into B (Ramesh & Li,
        /// section 3.1).
        case activation(of: PromptRole)
        /// The answering model's own activation on this prompt, read where it is written: the same door, and nothing of
        /// the other model.
        case own(of: PromptRole)
        /// Gaussian noise of the standard deviation of A's activation's coordinates, injected in its place.
        case noise(like: PromptRole)
        /// Gaussian noise that has, coordinate by coordinate, the mean and the scale of the task's messages.
        case matched
        /// Zeros.
        case zero
        /// A's greedy continuation of this prompt, of so many tokens at most, which stands in a line of its own before
        /// B's prompt.
        case words(of: PromptRole, newTokens: Int)
        /// The other model's last answer of a debate of so many rounds, which stands in a line of its own before the
        /// answering model's prompt (Du et al., 2023): in the first round both answer alone, A on A's prompt and B on
        /// B's, in each later one each reads the other's answer of the round before.
        case debate(rounds: Int)

        /// The prompt that it comes from; nil where it comes from none of the item's.
        package var source: PromptRole? {
            switch self {
            case .activation(let source), .own(let source), .noise(let source), .words(let source, _): source
            case .matched, .zero, .debate: nil
            }
        }

        /// The same of another prompt.
        package func of(_ role: PromptRole) -> Message {
            switch self {
            case .activation: .activation(of: role)
            case .own: .own(of: role)
            case .noise: .noise(like: role)
            case .words(_, let newTokens): .words(of: role, newTokens: newTokens)
            case .matched, .zero, .debate: self
            }
        }

        /// Whether it is put into a residual stream.
        package var isInjected: Bool {
            switch self {
            case .words, .debate: false
            case .activation, .own, .noise, .matched, .zero: true
            }
        }
    }

    /// The operator and the strength: the message is multiplied by that, then combined.
    package struct Delivery: Codable, Hashable, Sendable {
        package var operation: InjectionOperation
        package var strength: Double
        /// Whether the message is first given the median norm of the answering model's own stream, over the tokens of the
        /// prompt that it reads, where it is written. Zeros stay zeros.
        package var matchesNorm: Bool

        package init(_ operation: InjectionOperation, strength: Double = 1, matchesNorm: Bool = false) {
            self.operation = operation
            self.strength = strength
            self.matchesNorm = matchesNorm
        }
    }

    /// Whether the answer depends on the channel: on k, j and W. Those that do not are asked once for all channels.
    package var usesChannel: Bool { message?.isInjected ?? false }

    /// Who reads the prompt that the message comes from; nil where it comes from none.
    package var teller: ModelSide? {
        switch message {
        case .own: answerer
        case .activation, .noise, .words: .a
        case .matched, .zero, .debate, nil: nil
        }
    }

    /// The prompts that have to be there for it.
    package var roles: Set<PromptRole> {
        if case .debate = message { return [prompt, .a, .b] }
        return Set([prompt] + [message?.source].compactMap(\.self))
    }

    /// Whether it asks the same as another one, whatever the two are called.
    package func asksAlike(_ other: Condition) -> Bool {
        var other = other
        other.name = name
        return self == other
    }
}

/// What is measured of a condition.
package enum EvaluationEndpoint: String, CaseIterable, Codable, Hashable, Sendable {
    /// The answer that the model writes or chooses, by the task's metrics.
    case answers
    /// The probability that it gives the right answer, and how far its first token is from that of other conditions.
    /// Nothing is decoded.
    case likelihood
}
