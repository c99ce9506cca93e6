/// What a run does, as `--experiments` names it.
package enum Experiment: Hashable, Sendable {
    /// Read the texts with both models and train W.
    case projection
    /// Text similarity across layers: B's continuation with and without injection.
    case similarity
    /// A task's items under every condition. The experiment has the task's name.
    case evaluate(task: String)
}

extension Experiment: RawRepresentable, Codable {
    /// Any text that is no other experiment's name is a task's.
    package init(rawValue: String) {
        switch rawValue {
        case "projection": self = .projection
        case "similarity": self = .similarity
        default: self = .evaluate(task: rawValue)
        }
    }

    package var rawValue: String {
        switch self {
        case .projection: "projection"
        case .similarity: "similarity"
        case .evaluate(let task): task
        }
    }
}
