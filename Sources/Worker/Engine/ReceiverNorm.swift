package import Devices
package import Models

/// How large a stream is into which messages are written (``Run/Condition/Delivery/matchesNorm``).
package enum ReceiverNorm {
    /// The median, over the tokens of each prompt, of the norm of the model's stream at each of `sites`, in its last
    /// `coordinates` coordinates: `[sites][prompts]`.
    ///
    /// Of an even number of tokens the lower one of the two in the middle is taken, not their mean: a few tokens (the
    /// first, full stops, newlines) have norms hundreds of times the others', and with two tokens one is the first.
    package static func medians(
        of prompts: [[Int32]], in model: LanguageModel, at sites: [ActivationSite], coordinates: Int
    ) throws(ModelError) -> [[Double]] {
        try model.streamNorms(of: prompts, at: sites, coordinates: coordinates).map { site in
            site.map { norms in norms.sorted()[(norms.count - 1) / 2] }
        }
    }
}
