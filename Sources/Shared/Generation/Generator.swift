package import Models

/// Continues many prompts together.
///
///     let generator = Generator(model: model)
///     let results = try generator.generate([GenerationRequest(tokens: prompt, maximumNewTokens: 20)])
///
/// A sequence that ends makes room for the next request at once. How many are decoded together changes no result:
/// each sequence's arithmetic is its own.
package struct Generator: Sendable {
    package let model: LanguageModel
    /// Sequences that are decoded together at most.
    package let maximumBatch: Int

    package init(model: LanguageModel, maximumBatch: Int = 32) {
        self.model = model
        self.maximumBatch = max(1, maximumBatch)
    }

    /// The continuations, in the order of the requests.
    ///
    /// - Parameter progress: called after every step with the number of requests that are complete.
    /// - Throws: `ModelError`, before any work, where a request cannot be served: an empty or too long prompt, a
    ///   token that is not in the vocabulary, an injection beyond the model.
    package func generate(
        _ requests: [GenerationRequest], progress: ((Int) -> Void)? = nil
    ) throws(ModelError) -> [GenerationResult] {
        for (index, request) in requests.enumerated() { try check(request, index) }
        var results = [GenerationResult?](repeating: nil, count: requests.count)
        var active: [Continuation] = []
        var next = 0
        while true {
            while active.count < maximumBatch, next < requests.count {
                if requests[next].maximumNewTokens > 0 {
                    active.append(Continuation(index: next, request: requests[next], cache: try model.makeCache()))
                } else {
                    results[next] = GenerationResult(tokens: [], finish: .length)
                }
                next += 1
            }
            if active.isEmpty { break }
            let outputs = try model.step(active.map(\.step))
            for (slot, output) in outputs.enumerated() {
                active[slot].take(output, positions: model.configuration.maximumPositions)
            }
            for ended in active { if let result = ended.result { results[ended.index] = result } }
            active.removeAll { $0.result != nil }
            progress?(next - active.count)
        }
        return results.compactMap { $0 }
    }

    private func check(_ request: GenerationRequest, _ index: Int) throws(ModelError) {
        try model.check(request.tokens, sequence: index)
        if let injection = request.injection { try model.check(injection, sequence: index) }
    }
}

/// One request while it is being served.
private struct Continuation {
    let index: Int
    private let request: GenerationRequest
    private let cache: KeyValueCache
    private var sampler: NucleusSampler?
    private var tokens: [Int32] = []
    private(set) var result: GenerationResult?

    init(index: Int, request: GenerationRequest, cache: KeyValueCache) {
        self.index = index
        self.request = request
        self.cache = cache
        if case .nucleus(let p, let temperature, let seed) = request.sampling {
            sampler = NucleusSampler(p: p, temperature: temperature, seed: seed)
        }
    }

    /// What to compute next: the prompt with its injection, then the token generated last.
    var step: SequenceStep {
        SequenceStep(
            cache: cache, tokens: tokens.last.map { [$0] } ?? request.tokens,
            injection: tokens.isEmpty ? request.injection : nil, head: sampler == nil ? .greedyToken : .logits)
    }

    /// Appends the next token, or ends. `positions` are those of the model.
    mutating func take(_ output: SequenceOutput, positions: Int) {
        guard let token = sampler?.next(output.logits) ?? output.greedyToken else { return }
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
