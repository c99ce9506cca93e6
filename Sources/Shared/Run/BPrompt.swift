/// What B itself reads while it is told something.
package enum BPrompt: String, CaseIterable, Codable, Hashable, Sendable {
    /// What the task has for B: of SQuAD and GSM8K the full prompt, as in the reference implementation.
    case task
    /// The full prompt.
    case full
    /// The question without its context.
    case question
    /// The bare cue "Answer:".
    case none

    /// The prompt of the item that it is.
    package var role: PromptRole {
        switch self {
        case .task: .b
        case .full: .both
        case .question: .question
        case .none: .cue
        }
    }
}
