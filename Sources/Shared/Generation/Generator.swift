import Devices
package import Models

/// Continues many prompts together.
///
///     let generator = Generator(model: model)
///     let results = try generator.generate([GenerationRequest(tokens: prompt, maximumNewTokens: 20)])
///
/// A sequence that ends makes room for the next request at once, and what prompts have in common at their beginning
/// is read once. Neither changes a result: each sequence's arithmetic is its own, and a position's keys and values
/// depend on the tokens up to it alone.
package struct Generator: Sendable {
    package let model: LanguageModel
    /// Sequences that are decoded together at most.
    package let maximumBatch: Int

    /// Bytes that keys and values may take together; nil asks the device.
    private let cacheMemory: Int?

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
        for (index, request) in requests.enumerated() { try check(request, index) }
        let batch = try affordableBatch(requests)
        var results = [GenerationResult?](repeating: nil, count: requests.count)
        let wanted = requests.indices.filter { requests[$0].maximumNewTokens > 0 }
        for index in requests.indices where requests[index].maximumNewTokens <= 0 {
            results[index] = GenerationResult(tokens: [], finish: .length)
        }
        var prefixes = PromptPrefixes(prompts: wanted.map { requests[$0].tokens }, model: model)
        var active: [Continuation] = []
        var next = 0
        var done = requests.count - wanted.count
        while done < requests.count {
            while active.count < batch, next < wanted.count {
                let (place, prefix) = prefixes.take(next)
                let index = wanted[place]
                active.append(Continuation(index: index, request: requests[index], prefix: prefix))
                next += 1
            }
            // A sequence starts when its prefix has been read; prefixes are read beside the sequences at work.
            let reading = try prefixes.begin()
            for slot in active.indices { try active[slot].begin(model) }
            let slots = active.indices.filter { active[$0].step != nil }
            let outputs = try model.step(reading.map(\.step) + slots.compactMap { active[$0].step })
            for prefix in reading { prefix.isRead = true }
            for (slot, output) in zip(slots, outputs[reading.count...]) {
                active[slot].take(output, positions: model.configuration.maximumPositions)
            }
            for ended in active { if let result = ended.result { results[ended.index] = result } }
            let before = active.count
            active.removeAll { $0.result != nil }
            done += before - active.count
            progress?(done)
        }
        return results.compactMap { $0 }
    }

    /// How many sequences can be decoded together: no more than their keys and values have memory for.
    private func affordableBatch(_ requests: [GenerationRequest]) throws(ModelError) -> Int {
        guard let available = cacheMemory ?? model.device.freeMemory else { return maximumBatch }
        let positions = model.configuration.maximumPositions
        func need(_ request: GenerationRequest, _ use: KeyValueCache.Use) -> Int {
            let length = request.tokens.count + max(0, request.maximumNewTokens)
            return model.cacheBytes(positions: min(positions, length), for: use)
        }
        let needs = requests.map { need($0, .own) }.sorted(by: >)
        if let largest = needs.first, largest > available {
            throw .noMemoryForCache(bytes: largest, available: available)
        }
        // A prefix is held beside the sequences that start from it, whole.
        var (batch, sum) = (0, requests.map { need($0, .sharing) }.max() ?? 0)
        for need in needs.prefix(maximumBatch) {
            sum += need
            if sum > available { break }
            batch += 1
        }
        return max(1, batch)
    }

    private func check(_ request: GenerationRequest, _ index: Int) throws(ModelError) {
        try model.check(request.tokens, sequence: index)
        if let injection = request.injection { try model.check(injection, sequence: index) }
    }
}
