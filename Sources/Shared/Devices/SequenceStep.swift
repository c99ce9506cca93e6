/// One sequence's part of a step: tokens to read, and what is wanted of the last of them.
package struct SequenceStep {
    /// What to compute after the last block.
    package enum Head: Sendable {
        /// Nothing.
        case none
        /// The id of the largest logit, the first among equals.
        case greedyToken
        /// All logits, `[vocabulary]`.
        case logits
    }

    /// The sequence. The tokens are appended to it.
    package var cache: KeyValueCache
    /// At least one.
    package var tokens: [Int32]
    /// Of different sites, each applied at one or several of `tokens`, counted from their end.
    package var injections: [Injection]
    /// Sites at which the stream of the last of `tokens` is read; before the injection at that site, if any.
    package var readings: [ActivationSite]
    /// Whether the streams of all `tokens` are read there.
    package var readsEveryToken: Bool
    package var head: Head
    /// Whether the stream after the final norm is wanted, which `head` is computed from.
    package var readsFinalNorm: Bool

    package init(
        cache: KeyValueCache, tokens: [Int32], injections: [Injection] = [], readings: [ActivationSite] = [],
        readsEveryToken: Bool = false, head: Head = .none, readsFinalNorm: Bool = false
    ) {
        self.cache = cache
        self.tokens = tokens
        self.injections = injections
        self.readings = readings
        self.readsEveryToken = readsEveryToken
        self.head = head
        self.readsFinalNorm = readsFinalNorm
    }

    /// Which of the tokens an injection writes, by their places.
    package func tokens(writtenBy injection: Injection) -> Range<Int> {
        tokens.count - injection.reach..<tokens.count - injection.following
    }

    /// Which of the tokens are read, by their places.
    package var readTokens: Range<Int> { readsEveryToken ? tokens.indices : tokens.count - 1..<tokens.count }
}

/// What a step computed of one sequence.
package struct SequenceOutput: Sendable, Equatable {
    /// The residual streams asked for, in the order asked, `[hidden]` each; `[tokens, hidden]` where every token was read.
    package var activations: [[Float]] = []
    /// The last token's stream after the final norm, `[hidden]`, where it was asked for together with a head.
    package var finalNorm: [Float] = []
    /// The last token's, `[vocabulary]`, where they were asked for.
    package var logits: [Float] = []
    /// Where it was asked for.
    package var greedyToken: Int32?

    package init() {}
}
