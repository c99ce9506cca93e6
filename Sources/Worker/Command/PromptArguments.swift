import ArgumentParser
import Console
import Run
import WorkerEngine

extension TokenPosition: ExpressibleByArgument {}

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

    /// The places of a position among the tokens, from 0.
    func places(of position: TokenPosition, in tokens: [Int32], for model: LoadedModel) throws -> Range<Int> {
        if position == .all { return tokens.indices }
        let place = try place(of: position, in: tokens, for: model)
        return place..<place + 1
    }

    private func place(of position: TokenPosition, in tokens: [Int32], for model: LoadedModel) throws -> Int {
        if case .fromEnd(let count) = position, count <= tokens.count { return tokens.count - count }
        guard case .contentEnd = position, chat, let prompt else {
            throw UsageError(
                "--position \(position): expected -1 to -\(tokens.count), of \(tokens.count) tokens, or content under "
                    + "--chat")
        }
        if let flaw = try UsageError.checking({ try model.reading.flaw(of: position, in: prompt) }) {
            throw UsageError("--position content: \(flaw)")
        }
        return tokens.count - 1 - (try model.reading.closingTokens(of: prompt) ?? 0)
    }

    /// For what is written of it.
    func text(of ids: [Int32], by model: LoadedModel) -> String {
        prompt ?? model.tokenizer.decode(ids, skipSpecialTokens: false)
    }
}
