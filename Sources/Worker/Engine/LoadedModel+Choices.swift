extension LoadedModel {
    /// Token ids of each choice as a continuation of a prompt.
    ///
    /// As the language-model evaluation harness takes them: prompt and choice are encoded together, and what is beyond
    /// the prompt's own number of tokens is the choice's. In a chat template the choice is encoded by itself.
    /// - Throws: ``EngineError/emptyChoice(model:choice:)`` where nothing is left of a choice.
    package func tokens(ofChoices choices: [String], after prompt: String) throws -> [[Int32]] {
        let promptCount = tokenizer.encode(prompt).count
        return try choices.map { choice in
            let tokens =
                isChat
                ? tokenizer.encode(choice, addSpecialTokens: false)
                : Array(tokenizer.encode(prompt + choice).dropFirst(promptCount))
            guard !tokens.isEmpty else { throw EngineError.emptyChoice(model: folder.url.path, choice: choice) }
            return tokens
        }
    }

    /// Token ids of right answers, which begin with the space between prompt and answer; a chat template's answer begins
    /// without it.
    package func tokens(ofGolds golds: [String], after prompt: String) throws -> [[Int32]] {
        try tokens(ofChoices: isChat ? golds.map { String($0.drop { $0 == " " }) } : golds, after: prompt)
    }
}
