package import Devices
package import Generation
package import ModelFolders
package import ModelReading
package import Models
package import Run
package import Tokenization

/// A model in a device's memory, with all that its texts and answers go through.
package struct LoadedModel: Sendable {
    package let reading: ReadableModel
    package let model: LanguageModel
    /// SHA-256 of the folder's content, hexadecimal.
    package let fingerprint: String
    /// What the model was opened with.
    package let settings: ReadingSettings
    /// What a user must know of it, a line each.
    package let remarks: [String]

    package var folder: ModelFolder { reading.folder }
    package var tokenizer: Tokenizer { reading.tokenizer }

    /// - Parameters:
    ///   - computeType: what activations are rounded to before they meet weights stored as bfloat16.
    ///   - chat: whether prompts are put into the model's chat template, as a user's message.
    package init(
        path: String, on device: any Device, computeType: ComputeType, chat: Bool = false,
        settings: ReadingSettings = ReadingSettings()
    ) throws {
        // Before the weights: what is missing shows at once.
        reading = try ReadableModel(path: path, chat: chat, settings: settings)
        remarks = [try StoredModel(reading.folder).remark, reading.thinkingRemark(settings)].compactMap(\.self)
        // While the weights are read, so that both read them once from the disk.
        let fingerprint = reading.folder.beginFingerprint()
        model = try LanguageModel.load(reading.folder, on: device, computeType: computeType)
        self.fingerprint = try fingerprint.value().hex
        self.settings = settings
    }

    /// Whether prompts are put into the chat template.
    package var isChat: Bool { reading.template != nil }

    /// Token ids of a prompt, in the chat template where the model was loaded for that.
    package func tokens(ofPrompt text: String) throws -> [Int32] {
        try reading.tokens(ofPrompt: text)
    }

    /// A prompt, cut to leave room for an answer.
    package func prompt(
        _ text: String, newTokens: Int, at position: TokenPosition = .last
    ) throws -> ReadPrompt {
        try reading.prompt(text, newTokens: newTokens, at: position)
    }

    /// Token ids of a prompt up to the one at which it is read: what stands behind changes nothing there.
    package func tokens(upTo position: TokenPosition, ofPrompt text: String, newTokens: Int) throws -> [Int32] {
        let prompt = try prompt(text, newTokens: newTokens, at: position)
        guard let places = prompt.places else {
            throw EngineError.missingToken(model: folder.url.path, position: position, text: text)
        }
        return Array(prompt.tokens.prefix(places.upperBound))
    }

    /// Token ids of a text that W learns from, cut on the right.
    package func text(_ text: String, maximumTokens: Int) -> [Int32] {
        Array(tokenizer.encode(text).prefix(min(maximumTokens, folder.configuration.maximumPositions)))
    }

    /// The request to continue a prompt up to a limit, a stop string or an end-of-text token.
    /// - Parameter thinks: whether thoughts may come first, where the settings say what ends them.
    package func request(
        _ tokens: [Int32], limits: GenerationLimits, injections: [Injection] = [], thinks: Bool = true
    ) -> GenerationRequest {
        let rule = rule(limits, thinks: thinks)
        return GenerationRequest(
            tokens: tokens, injections: injections, maximumNewTokens: rule.maximumNewTokens,
            endTokens: Set(reading.endTokens.ids), shouldStop: rule.shouldStop)
    }

    /// What was generated, as text: without special tokens, behind the last thought, up to the first stop string.
    package func answer(_ result: GenerationResult, limits: GenerationLimits, thinks: Bool = true) -> Answer {
        Answer(tokens: result.tokens, text: rule(limits, thinks: thinks).text(of: result.tokens))
    }

    private func rule(_ limits: GenerationLimits, thinks: Bool) -> AnswerRule {
        AnswerRule(limits, thinkEnd: thinks ? reading.thinkEnd : nil, tokenizer: tokenizer)
    }
}
