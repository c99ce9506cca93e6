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

/// How A's activation, a, and B's, b, are combined, coordinate by coordinate (Ramesh & Li, section 3.1).
package enum InjectionOperation: String, CaseIterable, Codable, Hashable, Sendable {
    /// a
    case replace
    /// b + a
    case sum
    /// (b + a) / 2
    case mean
}

/// What activations are rounded to before they meet weights that are stored as bfloat16. Sums are float32 either way,
/// and weights stored as another type meet float32. It changes results, so a run's workers all do alike.
package enum ComputeType: String, CaseIterable, Codable, Hashable, Sendable {
    /// Not at all.
    case float32
    /// To the nearest bfloat16: less exact, and up to twice as fast where the processor has an instruction for it.
    case bfloat16
}

/// Where the texts that W learns from end.
package enum TextCut: String, CaseIterable, Codable, Hashable, Sendable {
    /// The whole text, up to the limit of tokens.
    case whole
    /// After 512 characters, as the reference implementation does.
    case characters
    /// At a random word boundary among the first 512 characters, drawn from the seed and the row.
    case word
}

/// How W starts.
package enum ProjectionInitialization: String, CaseIterable, Codable, Hashable, Sendable {
    /// Uniform in ±√(6 / (d_A + d_B)) (Glorot & Bengio, 2010), as the paper.
    case xavier
    /// Uniform in ±1 / √d_A: PyTorch's default for `nn.Linear` (He et al., 2015, with a = √5).
    case kaiming
}
