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
    package var plain: WrittenText
    package var injected: WrittenText

    package init(plain: WrittenText, injected: WrittenText) {
        self.plain = plain
        self.injected = injected
    }
}

/// What a model wrote.
package struct WrittenText: Hashable, Sendable {
    /// Token ids, an end-of-text token left out.
    package var tokens: [Int32]
    /// Decoded without special tokens.
    package var text: String
    /// As in ``Answer/omittedPromptTokens``.
    package var omittedPromptTokens: Int

    package init(tokens: [Int32] = [], text: String = "", omittedPromptTokens: Int = 0) {
        self.tokens = tokens
        self.text = text
        self.omittedPromptTokens = omittedPromptTokens
    }

    /// Of an answer, its text.
    package init(_ answer: Answer) {
        self.init(tokens: answer.tokens, text: answer.text, omittedPromptTokens: answer.omittedPromptTokens)
    }
}
