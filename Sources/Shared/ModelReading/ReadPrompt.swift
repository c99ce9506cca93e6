package import Run

/// A prompt as a model reads it.
package struct ReadPrompt: Hashable, Sendable {
    /// Token ids, the chat template's and the one that begins a text among them.
    package var tokens: [Int32]
    /// Tokens that were cut off on the left.
    package var omitted: Int

    package init(tokens: [Int32], omitted: Int) {
        self.tokens = tokens
        self.omitted = omitted
    }
}

extension ReadableModel {
    /// Tokens of a thought at most, where the settings name what ends one.
    package static let thoughtTokens = 2048

    /// Token ids of a prompt, cut on the left to leave room for an answer, as the language-model evaluation
    /// harness cuts it, but that the token that begins a text stays, before the prompt's last tokens.
    ///
    /// A prompt may take all positions but those of the answer, and half of all positions in any case. In a chat
    /// template the whole conversation is cut so, what stands before the message first: the end, where the answer
    /// begins, is what a model cannot do without.
    package func prompt(_ text: String, newTokens: Int) throws -> ReadPrompt {
        let tokens = try tokens(ofPrompt: text)
        let positions = folder.configuration.maximumPositions
        // Thoughts take their room as well.
        let needed = newTokens + (thinkEnd == nil ? 0 : Self.thoughtTokens)
        let room = max(positions - needed, (positions + 1) / 2)
        guard tokens.count > room else { return ReadPrompt(tokens: tokens, omitted: 0) }
        let first = tokens.prefix(1).filter(tokenizer.specialTokenIDs.contains)
        return ReadPrompt(tokens: first + tokens.suffix(room - first.count), omitted: tokens.count - room)
    }
}

extension EvaluateUnit {
    /// Positions that an answer needs after a prompt of the unit's: its tokens at most, or about those of the longest
    /// choice, after any prompt and for either model.
    package func answerTokens(of a: ReadableModel, and b: ReadableModel) -> Int {
        switch form {
        case .text(let limits): limits.maximumNewTokens
        case .choice:
            items.flatMap(\.choices).flatMap { choice in [a, b].map { $0.tokenizer.encode(choice).count } }.max() ?? 1
        }
    }
}
