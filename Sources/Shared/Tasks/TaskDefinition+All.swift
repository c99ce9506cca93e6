package import Evaluation

extension TaskDefinition {
    /// The tasks that there are, in the order in which they are run and reported. Each is a file beside this one.
    package static let all: [TaskDefinition] = [
        .squad, .gsm8k, .countries, .tipSheets, .mmlu, .mmluContinuation, .mmluGenerative,
    ]
}
