package import ChatTemplates
package import ModelFolders
package import Run
package import Tokenization

/// A model as a run's settings have it read: all that texts go through before the model, and its answers after it. The
/// weights are not opened.
package struct ReadableModel: Sendable {
    package let folder: ModelFolder
    package let tokenizer: Tokenizer
    /// What prompts are written into; nil where they are read as they are.
    package let template: ChatTemplate?
    /// The tokens that end a text.
    package let endTokens: EndTokens
    /// The token that ends a thought; nil where none was named, or this model has none of that name.
    package let thinkEnd: Int32?

    /// - Parameter path: a folder, or a model's id on the hub.
    package init(path: String, chat: Bool = false, settings: ReadingSettings = ReadingSettings()) throws {
        try self.init(
            ModelFolder(path: path, ignoring: Set(settings.ignoredConfigFields)), chat: chat, settings: settings)
    }

    /// - Parameters:
    ///   - folder: opened with the settings' ignored fields.
    ///   - chat: whether prompts are put into the model's chat template, as a user's message.
    package init(_ folder: ModelFolder, chat: Bool, settings: ReadingSettings) throws {
        self.folder = folder
        tokenizer = try Tokenizer(folder: folder.url)
        template =
            try chat
            ? ChatTemplate(
                checking: folder.url, tokens: tokenizer.namedTokens,
                settings: TemplateSettings(variables: settings.templateVariables, date: settings.templateDate)) : nil
        var ends = folder.configuration.endTokens
        if let end = tokenizer.eosTokenID, Int(end) < folder.configuration.vocabularySize {
            ends.add([end], from: .tokenizer)
        }
        endTokens = ends
        thinkEnd = settings.thinkEnd.flatMap(tokenizer.id(of:))
    }

    /// Token ids of a prompt, in the chat template where prompts are written into it.
    package func tokens(ofPrompt text: String) throws -> [Int32] {
        guard let template else { return tokenizer.encode(text) }
        // The template writes the token that begins a text, where the model has one.
        return tokenizer.encode(try template.prompt(user: text), addSpecialTokens: false)
    }

    /// What a user should know before a model that thinks is asked: one line, nil where there is nothing to say.
    package func thinkingRemark(_ settings: ReadingSettings) -> String? {
        guard let template, template.speaksOfThinking, settings.thinkEnd == nil,
            !settings.templateVariables.keys.contains(where: { $0.contains("think") })
        else { return nil }
        return "the chat template speaks of thinking, and thoughts would be taken for answers; turn them off with "
            + "--template-variable \(template.thinkingVariable)=false, or name what ends them with --think-end TOKEN"
    }
}
