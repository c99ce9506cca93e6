import Devices
package import Models

/// Sequences of one model that are decoded together, whoever asked for them.
///
///     let loop = DecodingLoop(model: model)
///     let batch = try loop.add(requests)
///     while loop.isBusy { for whole in try loop.step() { … } }
///
/// A sequence that ends makes room for the next one at once, of whichever batch. What prompts have in common at their
/// beginning is read once, and may be kept for the batches that follow. None of it changes a result: each sequence's
/// arithmetic is its own, and a position's keys and values depend on the tokens up to it alone.
package final class DecodingLoop {
    /// Requests that were added together: their results are given together.
    package typealias BatchID = Int

    package let model: LanguageModel
    private let maximumBatch: Int
    private let keepsPrefixes: Bool
    private var memory: CacheBudget
    private var prefixes: PromptPrefixes
    private var batches: [BatchID: Batch] = [:]
    /// Batches of which not all sequences have started, in their order.
    private var waiting: [BatchID] = []
    private var active: [Continuation] = []
    /// Sequences that are decoded together at most now: what memory allows.
    private var limit = 1
    private var nextBatch = 0

    /// - Parameters:
    ///   - maximumBatch: sequences that are decoded together at most.
    ///   - cacheMemory: bytes that keys and values may take together, in place of what the device has free.
    ///   - memoryShare: of that, where another model's sequences are decoded in turn with these.
    ///   - keepsPrefixes: whether beginnings of prompts are kept for batches that follow.
    package init(
        model: LanguageModel, maximumBatch: Int = 32, cacheMemory: Int? = nil, memoryShare: Double = 1,
        keepsPrefixes: Bool = true
    ) {
        self.model = model
        self.maximumBatch = max(1, maximumBatch)
        self.keepsPrefixes = keepsPrefixes
        memory = CacheBudget(model: model, fixed: cacheMemory, share: memoryShare)
        prefixes = PromptPrefixes(model: model, keeps: keepsPrefixes)
    }

    private struct Batch {
        let requests: [GenerationRequest]
        var results: [GenerationResult?]
        /// Those that are still to start, in the order in which they do.
        var order: ArraySlice<PromptPrefixes.Place>
        var openCount: Int
    }

    /// Whether there are results to come.
    package var isBusy: Bool { !batches.isEmpty }

    /// Sequences that were asked for and have not ended.
    package var openCount: Int { batches.values.reduce(0) { $0 + $1.openCount } }

    /// Those of a batch.
    package func openCount(of id: BatchID) -> Int { batches[id]?.openCount ?? 0 }

    /// How many of a batch's sequences have ended, as a share; 1 of one that is whole.
    package func share(of id: BatchID) -> Double {
        batches[id].map { 1 - Double($0.openCount) / Double(max(1, $0.results.count)) } ?? 1
    }

    /// Takes requests in. Their results come with ``step()``, under the name that this gives.
    /// - Throws: `ModelError`, before any work, where a request cannot be served: an empty or too long prompt, a
    ///   token that is not in the vocabulary, an injection beyond the model, keys and values that cannot fit.
    package func add(_ requests: [GenerationRequest]) throws(ModelError) -> BatchID {
        for (index, request) in requests.enumerated() {
            try model.check(request.tokens, sequence: index)
            try model.check(request.injections, into: request.tokens, sequence: index)
        }
        if batches.isEmpty { memory.look() }
        try memory.check(requests)
        let id = nextBatch
        nextBatch += 1
        let wanted = requests.indices.filter { requests[$0].maximumNewTokens > 0 }
        batches[id] = Batch(
            requests: requests,
            results: requests.map { $0.maximumNewTokens > 0 ? nil : GenerationResult(tokens: [], finish: .length) },
            order: PromptPrefixes.order(wanted.map { (index: $0, request: requests[$0]) })[...],
            openCount: wanted.count)
        waiting.append(id)
        limit = memory.sequences(
            of: batches.values.flatMap(\.requests), limit: maximumBatch,
            besidePrefixes: keepsPrefixes ? PromptPrefixes.mostKept : 1)
        return id
    }

    /// Computes the next token of every sequence at work, and gives the batches that are whole with it.
    /// - Throws: `ModelError` where the device failed; all batches are lost then.
    package func step() throws(ModelError) -> [(batch: BatchID, results: [GenerationResult])] {
        fill()
        do throws(ModelError) {
            // A sequence starts when its prefix has been read; prefixes are read beside the sequences at work.
            let reading = try prefixes.begin()
            for slot in active.indices { try active[slot].begin(model) }
            let slots = active.indices.filter { active[$0].step != nil }
            let outputs = try model.step(reading.map(\.step) + slots.compactMap { active[$0].step })
            for prefix in reading { prefix.isRead = true }
            for (slot, output) in zip(slots, outputs[reading.count...]) {
                active[slot].take(output, positions: model.configuration.maximumPositions)
            }
        } catch {
            (batches, waiting, active) = ([:], [], [])
            prefixes = PromptPrefixes(model: model, keeps: keepsPrefixes)
            throw error
        }
        return wholeBatches()
    }

    /// Starts sequences while there is room for them.
    private func fill() {
        while active.count < limit, let id = waiting.first {
            guard let place = batches[id]?.order.popFirst(), let request = batches[id]?.requests[place.index] else {
                waiting.removeFirst()
                continue
            }
            active.append(
                Continuation(batch: id, index: place.index, request: request, prefix: prefixes.take(place)))
        }
    }

    private func wholeBatches() -> [(batch: BatchID, results: [GenerationResult])] {
        for ended in active {
            guard let result = ended.result else { continue }
            batches[ended.batch]?.results[ended.index] = result
            batches[ended.batch]?.openCount -= 1
        }
        active.removeAll { $0.result != nil }
        let whole = batches.filter { $0.value.openCount == 0 }.keys.sorted()
        return whole.map { id in (id, batches.removeValue(forKey: id)?.results.compactMap { $0 } ?? []) }
    }
}
