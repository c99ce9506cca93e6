/// How a W is fitted to the texts' activations.
package enum ProjectionFit: String, CaseIterable, Codable, Hashable, Sendable {
    /// By steps, as Ramesh & Li do: no bias.
    case adam
    /// Least squares with a bias and a penalty on W, which is chosen on texts that were held out.
    case ridge
    /// A rotation, scaled, with a bias: norms and angles stay as they are.
    case procrustes
    /// Ridge's W, cut down to the directions of B's space that it reaches most.
    case reducedRank = "reduced-rank"
    /// A rotation between the two spaces with their coordinates' spreads and correlations taken out: a few large
    /// coordinates decide nothing.
    case whitened

    /// Whether it comes from sums over the texts, in one go.
    package var isClosedForm: Bool { self != .adam }

    /// Whether it is not determined where there are fewer texts than coordinates.
    package var needsTextsBeyondWidths: Bool { self == .whitened }
}
