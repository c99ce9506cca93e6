/// What a run does, as `--experiments` names it.
package enum Experiment: String, CaseIterable, Codable, Hashable, Sendable {
    /// Read the texts with both models and train W.
    case projection
    /// Text similarity across layers: B's continuation with and without injection.
    case similarity
    /// SQuAD v1.1: exact match and F1.
    case squad
    /// GSM8K: accuracy of the number, read strictly and flexibly.
    case gsm8k
}

/// An evaluation task: a data set with prompts, stop rules and metrics.
package enum EvaluationTask: String, CaseIterable, Codable, Hashable, Sendable {
    case squad
    case gsm8k
}

/// Who answers, and what B is told by activation.
package enum Condition: String, CaseIterable, Codable, Hashable, Sendable {
    /// B alone on the full prompt.
    case bFull = "b_full"
    /// A alone on the full prompt.
    case aFull = "a_full"
    /// B on its own prompt (``BPrompt``), its activation replaced by W · A's activation for the full prompt.
    case injected
    /// As ``injected``, with Gaussian noise of the projected activation's standard deviation instead.
    case random
    /// As ``injected``, with the projected activation of another item.
    case shuffled
    /// B on its own prompt without any injection. Part of a run only where that prompt is neither the full one
    /// (``bFull`` is that) nor the bare cue (``noContext`` is that).
    case bPrompt = "b_prompt"
    /// B on the bare cue "Answer:".
    case noContext = "no_context"
}

/// What B itself reads while it is injected into.
package enum BPrompt: String, CaseIterable, Codable, Hashable, Sendable {
    /// The full prompt, as the reference does.
    case full
    /// The question without its context.
    case question
    /// The bare cue "Answer:".
    case none
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

/// Prompts, item choice and lengths.
package enum EvaluationProtocol: String, CaseIterable, Codable, Hashable, Sendable {
    /// SQuAD up to 32 new tokens, stop at a newline; GSM8K up to 256, stop at the next "Question:".
    case standard
    /// The reference implementation's item choice (CPython's `random.Random(42).shuffle`) and lengths (5 and 10).
    case reference
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
