/// B's greedy continuation of one prompt, without and with A's activation injected at one layer.
package struct SimilarityUnit: Hashable, Sendable {
    package var prompt: String
    /// Block count at which A is read and B written.
    package var layer: Int
    package var newTokens: Int
    /// Whose W maps the activation, at whichever layer.
    package var channel: Channel

    package init(prompt: String, layer: Int, newTokens: Int, channel: Channel) {
        self.prompt = prompt
        self.layer = layer
        self.newTokens = newTokens
        self.channel = channel
    }
}

/// B's two continuations of a ``SimilarityUnit``'s prompt.
package struct SimilarityResult: Hashable, Sendable {
    package var plain: Answer
    package var injected: Answer

    package init(plain: Answer, injected: Answer) {
        self.plain = plain
        self.injected = injected
    }
}
