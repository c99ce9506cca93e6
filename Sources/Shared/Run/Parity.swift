/// A kind of figure by which a model is compared with another implementation.
package enum ParityFigure: String, CaseIterable, Codable, Hashable, Sendable {
    case tokenIDs = "token_ids"
    case decodedTexts = "decoded_texts"
    /// At the last token of a prompt.
    case streams = "residual_streams"
    /// The same read by passes that end at the block: they are no other implementation's, and have to have the bits of
    /// the whole pass.
    case partialStreams = "partial_streams"
    case logits
    case continuations = "greedy_continuations"

    /// What people call it.
    package var title: String {
        switch self {
        case .tokenIDs: "token ids"
        case .decodedTexts: "decoded texts"
        case .streams: "residual streams, relative"
        case .partialStreams: "streams of partial passes, bits"
        case .logits: "logits, absolute"
        case .continuations: "greedy continuations"
        }
    }

    /// By how much it may differ: an element of a stream relative to the stream's largest element, a logit absolutely;
    /// nil for what has to be equal.
    package var tolerance: Double? {
        switch self {
        case .streams: 1e-4
        case .logits: 1e-3
        case .tokenIDs, .decodedTexts, .partialStreams, .continuations: nil
        }
    }
}

/// One kind of figure over all that it was compared in.
package struct ParityCheck: Hashable, Sendable {
    package var figure: ParityFigure
    /// Values, vectors or texts compared, and how many of them are off.
    package var compared: Int
    package var failed: Int
    /// The largest difference, where the figure has a ``ParityFigure/tolerance``; infinity where there was no number.
    package var largest: Double?
    /// What is to be said of the first that is off.
    package var firstFailure: String?

    package init(
        _ figure: ParityFigure, compared: Int = 0, failed: Int = 0, largest: Double? = nil, firstFailure: String? = nil
    ) {
        self.figure = figure
        self.compared = compared
        self.failed = failed
        self.largest = largest ?? (figure.tolerance == nil ? nil : 0)
        self.firstFailure = firstFailure
    }
}

extension [ParityCheck] {
    /// Of several parts together: one of each kind, in the order of ``ParityFigure``.
    package var merged: [ParityCheck] {
        ParityFigure.allCases.compactMap { figure in
            let parts = filter { $0.figure == figure }
            guard !parts.isEmpty else { return nil }
            return ParityCheck(
                figure, compared: parts.reduce(0) { $0 + $1.compared }, failed: parts.reduce(0) { $0 + $1.failed },
                largest: parts.compactMap(\.largest).max(), firstFailure: parts.lazy.compactMap(\.firstFailure).first)
        }
    }
}

/// A part of a model's reference.
package struct ParityUnit: Hashable, Sendable {
    package var model: ModelSide
    package var reference: ModelReference

    package init(model: ModelSide, reference: ModelReference) {
        self.model = model
        self.reference = reference
    }
}

/// How a model compares in a ``ParityUnit``.
package struct ParityResult: Hashable, Sendable {
    /// Of each kind that was compared, in the order of ``ParityFigure``.
    package var checks: [ParityCheck]

    package init(checks: [ParityCheck]) {
        self.checks = checks
    }
}
