import Run

/// How a training is cut into units. It changes no bit of W.
package enum TrainingMode: String, CaseIterable, Sendable {
    /// Step after step: workers return gradients of a batch's shards, which are averaged, and W moves for all. It trains
    /// one channel's W.
    case averaged
    /// Each output of W is a regression of its own: workers train blocks of outputs from the first step to the last.
    /// A's activations go to every worker once, B's with the blocks, and the blocks come back. It trains the W's of
    /// any number of channels.
    case byOutputs = "by-outputs"

    /// Why a result of the training is of no use to it; nil where it is, or is of another stage.
    func flaw(of result: UnitResult) -> String? {
        switch (self, result) {
        case (.byOutputs, .train): "expected a block of W's outputs, found a gradient"
        case (.averaged, .trainOutputs): "expected a gradient, found a block of W's outputs"
        default: nil
        }
    }
}

/// How gradients of W travel where it is trained by steps. It changes no bit of W.
package enum GradientForm: String, CaseIterable, Sendable {
    /// The form of fewer bytes.
    case auto
    /// As matrices, [d_B, d_A]: the plain definition. W travels back whole.
    case dense
    /// As the errors of a shard's texts, [texts, d_B], whose product with the activations is the gradient. W does not
    /// travel back: workers take each step themselves.
    case factors

    /// The form that ``auto`` stands for; else itself.
    func resolved(for inputs: RunInputs) -> GradientForm {
        guard self == .auto else { return self }
        // A shard's errors against its gradient: texts × d_B and d_A × d_B values.
        return inputs.configuration.training.shardRows > inputs.dimensionA ? .dense : .factors
    }
}

/// How W gets to the workers. It changes no bit of W.
package enum WeightTravel: String, CaseIterable, Sendable {
    /// Workers on this machine read it in place; to others it goes in the form of fewer bytes.
    case auto
    /// As the steps that W has taken since, which every worker takes itself.
    case replay
    /// As a matrix, at every step.
    case whole
}
