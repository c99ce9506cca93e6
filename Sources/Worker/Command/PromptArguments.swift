import ArgumentParser
import Console
import WorkerEngine

/// What a tool's model reads: a text, or the very tokens of one, such as a run's samples name them.
struct PromptArguments: ParsableArguments {
    @Option(help: "The prompt.")
    var prompt: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "In place of --prompt: the token ids that the model reads, with commas or spaces between them.",
            valueName: "id"))
    var tokens: [ValueList<Int32>] = []

    @Flag(help: "Put the prompt into the model's chat template, as a user's message.")
    var chat = false

    @OptionGroup var template: TemplateArguments

    func validate() throws {
        guard (prompt == nil) != tokens.isEmpty else {
            throw ValidationError("expected --prompt TEXT or --tokens ID,ID,…, one of the two")
        }
        if chat, prompt == nil {
            throw ValidationError("--chat puts a --prompt into the template; --tokens are read as they are")
        }
    }

    func tokens(for model: LoadedModel) throws -> [Int32] {
        guard let prompt else { return tokens.elements() }
        return try UsageError.checking { try model.tokens(ofPrompt: prompt) }
    }

    /// For what is written of it.
    func text(of ids: [Int32], by model: LoadedModel) -> String {
        prompt ?? model.tokenizer.decode(ids, skipSpecialTokens: false)
    }
}
