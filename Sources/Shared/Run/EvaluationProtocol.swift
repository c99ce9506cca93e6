/// Item choice and lengths of answers.
package enum EvaluationProtocol: String, CaseIterable, Codable, Hashable, Sendable {
    /// Each task as it is usually run: SQuAD up to 32 new tokens, stop at a newline; GSM8K up to 256, stop at the next
    /// "Question:".
    case standard
    /// The reference implementation's item choice (CPython's `random.Random(42).shuffle`) and lengths (5 and 10).
    case reference
}
