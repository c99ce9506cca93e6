/// How gradients of W travel. It changes no bit of W.
package enum GradientForm: String, CaseIterable, Sendable {
    /// The form of fewer bytes.
    case auto
    /// As matrices, [d_B, d_A]: the plain definition. W travels back whole.
    case dense
    /// As the errors of a shard's rows, [rows, d_B], whose product with the activations is the gradient. W does not
    /// travel back: workers take each step themselves.
    case factors
    /// Not at all: each row of W is a regression of its own, so workers train blocks of W's rows from the first step to
    /// the last. A's activations go to every worker once, B's with the blocks, and the blocks come back.
    case rows

    /// The form that ``auto`` stands for, ``dense`` or ``factors``; else itself.
    func resolved(for inputs: RunInputs) -> GradientForm {
        guard self == .auto else { return self }
        // A shard's errors against its gradient: rows × d_B and d_A × d_B values.
        return inputs.configuration.training.shardRows > inputs.dimensionA ? .dense : .factors
    }
}
