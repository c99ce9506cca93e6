/// What activations are rounded to before they meet weights that are stored as bfloat16. Sums are float32 either way,
/// and weights stored as another type meet float32. It changes results, so a run's workers all do alike.
package enum ComputeType: String, CaseIterable, Codable, Hashable, Sendable {
    /// Not at all.
    case float32
    /// To the nearest bfloat16: less exact, and up to twice as fast where the processor has an instruction for it.
    case bfloat16
}
