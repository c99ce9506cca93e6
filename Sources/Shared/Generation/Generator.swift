package import Models

/// Continues many prompts together.
///
///     let generator = Generator(model: model)
///     let results = try generator.generate([GenerationRequest(tokens: prompt, maximumNewTokens: 20)])
///
/// ``DecodingLoop`` says how, and why a result does not depend on the requests beside it.
package struct Generator: Sendable {
    package let model: LanguageModel
    /// Sequences that are decoded together at most.
    package let maximumBatch: Int

    /// Bytes that keys and values may take together; nil asks the device.
    let cacheMemory: Int?

    /// - Parameter cacheMemory: bytes that keys and values may take together, in place of what the device has free.
    package init(model: LanguageModel, maximumBatch: Int = 32, cacheMemory: Int? = nil) {
        self.model = model
        self.cacheMemory = cacheMemory
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
        let loop = DecodingLoop(
            model: model, maximumBatch: maximumBatch, cacheMemory: cacheMemory, keepsPrefixes: false)
        _ = try loop.add(requests)
        var results: [GenerationResult] = []
        while loop.isBusy {
            for whole in try loop.step() { results = whole.results }
            progress?(requests.count - loop.openCount)
        }
        return results
    }
}
