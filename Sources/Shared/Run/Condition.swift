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

    package init(_ name: String, _ answerer: ModelSide, reads prompt: PromptRole, told message: Message? = nil) {
        self.name = name
        self.answerer = answerer
        self.prompt = prompt
        self.message = message
    }

    /// What one model tells the other.
    package enum Message: Codable, Hashable, Sendable {
        /// W · A's activation at the last token of this prompt, injected into B (Ramesh & Li, section 3.1).
        case activation(of: PromptRole)
        /// Gaussian noise of the standard deviation of that activation's coordinates, injected in its place.
        case noise(like: PromptRole)
        /// A's greedy continuation of this prompt, of so many tokens at most, which stands in a line of its own before
        /// B's prompt.
        case words(of: PromptRole, newTokens: Int)

        /// The prompt that A reads.
        package var source: PromptRole {
            switch self {
            case .activation(let source), .noise(let source), .words(let source, _): source
            }
        }
    }

    /// Whether the answer depends on the channel: on k, j and W. Those that do not are asked once for all channels.
    package var usesChannel: Bool {
        switch message {
        case .activation, .noise: true
        case .words, nil: false
        }
    }

    /// The prompts that have to be there for it.
    package var roles: Set<PromptRole> {
        Set([prompt] + (message.map { [$0.source] } ?? []))
    }
}
