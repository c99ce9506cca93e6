package import Run

/// A prompt as a model reads it.
package struct ReadPrompt: Hashable, Sendable {
    /// Token ids, the chat template's and the one that begins a text among them.
    package var tokens: [Int32]
    /// Tokens that were cut off on the left.
    package var omitted: Int
    /// The places among ``tokens``, from 0, of those at which the stream is read or written; nil where the prompt has no
    /// such token.
    package var places: Range<Int>?

    package init(tokens: [Int32], omitted: Int, places: Range<Int>? = nil) {
        self.tokens = tokens
        self.omitted = omitted
        self.places = places
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
    /// - Parameter position: where the stream is read or written.
    package func prompt(
        _ text: String, newTokens: Int, at position: TokenPosition = .last
    ) throws -> ReadPrompt {
        var prompt = try cut(try tokens(ofPrompt: text), newTokens: newTokens)
        if position == .all {
            prompt.places = prompt.tokens.indices
        } else if let back = try distance(of: position, in: text), back <= prompt.tokens.count {
            prompt.places = prompt.tokens.count - back..<prompt.tokens.count - back + 1
        }
        return prompt
    }

    private func cut(_ tokens: [Int32], newTokens: Int) throws -> ReadPrompt {
        let positions = folder.configuration.maximumPositions
        // Thoughts take their room as well.
        let needed = newTokens + (thinkEnd == nil ? 0 : Self.thoughtTokens)
        let room = max(positions - needed, (positions + 1) / 2)
        guard tokens.count > room else { return ReadPrompt(tokens: tokens, omitted: 0) }
        let first = tokens.prefix(1).filter(tokenizer.specialTokenIDs.contains)
        return ReadPrompt(tokens: first + tokens.suffix(room - first.count), omitted: tokens.count - room)
    }

    /// How many tokens from a prompt's end a position lies, 1 being the last; nil where the text has no such token.
    private func distance(of position: TokenPosition, in text: String) throws -> Int? {
        switch position {
        case .fromEnd(let count): count
        case .all: 1
        case .contentEnd: try closingTokens(of: text).map { $0 + 1 }
        }
    }

    /// How many tokens of the chat template stand behind the text, as its message; nil where the text has none, or where
    /// the template's cannot be told from it.
    package func closingTokens(of text: String) throws -> Int? {
        guard let template, text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else { return nil }
        let whole = try template.prompt(user: text)
        let closing = try template.closing.utf8
        guard whole.utf8.count > closing.count, whole.utf8.suffix(closing.count).elementsEqual(closing) else {
            return nil
        }
        let opening = String(decoding: whole.utf8.dropLast(closing.count), as: UTF8.self)
        let tokens = tokenizer.encode(whole, addSpecialTokens: false)
        let begun = tokenizer.encode(opening, addSpecialTokens: false)
        return tokens.starts(with: begun) && !begun.isEmpty ? tokens.count - begun.count : nil
    }

    /// Why a prompt has no token at a position, or might have none when it is cut; nil where it has one.
    package func flaw(of position: TokenPosition, in text: String) throws -> String? {
        let name = folder.url.lastPathComponent
        guard let back = try distance(of: position, in: text) else {
            return "of what \(name) reads, the chat template's end cannot be told from the content's last token"
        }
        let count = try tokens(ofPrompt: text).count
        // A prompt is cut to half of the positions at most.
        let kept = min(count, (folder.configuration.maximumPositions + 1) / 2)
        guard back > kept else { return nil }
        return "position \(position) is outside of the \(count) tokens that \(name) reads"
            + (kept < count ? ", of which \(kept) are kept in any case" : "")
    }
}

extension EvaluateUnit {
    /// Positions that an answer needs after a prompt of the unit's: its tokens at most, or about those of the longest
    /// choice, after any prompt and for either model.
    package func answerTokens(of a: ReadableModel, and b: ReadableModel) -> Int {
        form.answerTokens(choices: items.flatMap(\.choices), of: a, and: b)
    }
}

extension AnswerForm {
    /// The same for any prompts.
    /// - Parameter choices: of all of them.
    package func answerTokens(choices: [String], of a: ReadableModel, and b: ReadableModel) -> Int {
        switch self {
        case .text(let limits): limits.maximumNewTokens
        case .choice: choices.flatMap { choice in [a, b].map { $0.tokenizer.encode(choice).count } }.max() ?? 1
        }
    }
}
