/// One sequence's part of a step: tokens to read, and what is wanted of the last of them, or of several.
package struct SequenceStep {
    /// What to compute after the last block.
    package enum Head: Hashable, Sendable {
        /// Nothing.
        case none
        /// The id of the largest logit, the first among equals.
        case greedyToken
        /// All logits, `[vocabulary]`.
        case logits
        /// How likely tokens are to follow each of the last tokens: those of the first of these tokens first. The natural
        /// logarithms of their probabilities, as ``SoftmaxSum`` defines them.
        case logProbabilities(of: [[Int32]])

        /// The tokens whose probabilities are asked for.
        package var followers: [[Int32]]? { if case .logProbabilities(let followers) = self { followers } else { nil } }
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
    /// Whether the last token's stream after the final norm is wanted, which `head` is computed from.
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

    /// Which of the tokens the head is computed of, by their places.
    package var headTokens: Range<Int> {
        let count =
            switch head {
            case .none: 0
            case .greedyToken, .logits: 1
            case .logProbabilities(let followers): followers.count
            }
        return tokens.count - count..<tokens.count
    }
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
    /// Of each of the tokens asked about, of each follower.
    package var logProbabilities: [[Double]] = []

    package init() {}
}
