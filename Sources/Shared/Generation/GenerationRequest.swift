package import Devices

/// A prompt to continue, always by the likeliest token, the first among equals; and when to stop.
package struct GenerationRequest: Sendable {
    /// The prompt, at least one token.
    package var tokens: [Int32]
    /// Written into the residual stream while the prompt is read.
    package var injections: [Injection]
    /// Tokens to generate at most.
    package var maximumNewTokens: Int
    /// Tokens that end the continuation. The end token itself is not part of it.
    package var endTokens: Set<Int32>
    /// Asked after each token, with the continuation so far: whether it is complete. It must be a function of its
    /// argument alone.
    package var shouldStop: (@Sendable ([Int32]) -> Bool)?

    package init(
        tokens: [Int32], injections: [Injection] = [], maximumNewTokens: Int, endTokens: Set<Int32> = [],
        shouldStop: (@Sendable ([Int32]) -> Bool)? = nil
    ) {
        self.tokens = tokens
        self.injections = injections
        self.maximumNewTokens = maximumNewTokens
        self.endTokens = endTokens
        self.shouldStop = shouldStop
    }

    /// What other prompts may begin with as well: not the last token, where the answer begins, nor what injections
    /// reach.
    var shareable: ArraySlice<Int32> { tokens.dropLast(injections.reach) }
}

/// A continuation.
package struct GenerationResult: Sendable, Equatable {
    /// Why it ended.
    package enum Finish: String, Sendable, Equatable {
        /// An end token followed.
        case endToken
        /// The request's own rule held.
        case stopRule
        /// The request's maximum was reached.
        case length
        /// The model has no position left.
        case contextFull
    }

    /// The generated tokens, without the prompt and without an end token.
    package let tokens: [Int32]
    package let finish: Finish

    package init(tokens: [Int32], finish: Finish) {
        self.tokens = tokens
        self.finish = finish
    }
}
