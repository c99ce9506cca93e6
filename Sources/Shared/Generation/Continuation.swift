import Devices
import Models

/// One request while it is being served.
struct Continuation {
    /// Of ``DecodingLoop``, and the request's place in it.
    let batch: Int
    let index: Int
    private let request: GenerationRequest
    /// What its prompt begins with, until it starts.
    private var prefix: PromptPrefix?
    /// nil until it starts.
    private var cache: KeyValueCache?
    private var tokens: [Int32] = []
    private(set) var result: GenerationResult?

    init(batch: Int, index: Int, request: GenerationRequest, prefix: PromptPrefix?) {
        self.batch = batch
        self.index = index
        self.request = request
        self.prefix = prefix
    }

    /// Starts, where its prefix has been read.
    mutating func begin(_ model: LanguageModel) throws(ModelError) {
        guard cache == nil else { return }
        if let prefix {
            guard prefix.isRead else { return }
            cache = try prefix.fork(for: request.shareable)
            self.prefix = nil
        } else {
            cache = try model.makeCache(for: .own)
        }
    }

    /// What to compute next: the rest of the prompt with its injections, then the token generated last.
    var step: SequenceStep? {
        guard let cache else { return nil }
        return SequenceStep(
            cache: cache, tokens: tokens.last.map { [$0] } ?? Array(request.tokens[cache.length...]),
            injections: tokens.isEmpty ? request.injections : [], head: .greedyToken)
    }

    /// Appends the next token, or ends. `positions` are those of the model.
    mutating func take(_ output: SequenceOutput, positions: Int) {
        guard let cache, let token = output.greedyToken else { return }
        if request.endTokens.contains(token) {
            result = GenerationResult(tokens: tokens, finish: .endToken)
            return
        }
        tokens.append(token)
        if request.shouldStop?(tokens) ?? false {
            result = GenerationResult(tokens: tokens, finish: .stopRule)
        } else if tokens.count >= request.maximumNewTokens {
            result = GenerationResult(tokens: tokens, finish: .length)
        } else if cache.length >= positions {
            // The token just generated has no position from which the next could be computed.
            result = GenerationResult(tokens: tokens, finish: .contextFull)
        }
    }
}
