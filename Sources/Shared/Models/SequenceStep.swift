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
    /// Applied at the last of `tokens`.
    package var injection: Injection?
    /// Sites at which the stream of the last of `tokens` is read; before the injection at that site, if any.
    package var readings: [ActivationSite]
    package var head: Head

    package init(
        cache: KeyValueCache, tokens: [Int32], injection: Injection? = nil, readings: [ActivationSite] = [],
        head: Head = .none
    ) {
        self.cache = cache
        self.tokens = tokens
        self.injection = injection
        self.readings = readings
        self.head = head
    }
}

/// What a step computed of one sequence's last token.
package struct SequenceOutput: Sendable, Equatable {
    /// The residual streams asked for, in the order asked, `[hidden]` each.
    package internal(set) var activations: [[Float]] = []
    /// Where logits or the greedy token were asked for: the stream after the final norm, `[hidden]`.
    package internal(set) var finalNorm: [Float] = []
    package internal(set) var logits: [Float] = []
    package internal(set) var greedyToken: Int32?
}
