package import Run

/// One prompt's continuations at one layer, without and with injection.
package struct SimilaritySample: Hashable, Sendable {
    /// Block count at which A was read and B written.
    package let layer: Int
    package let prompt: String
    package let result: SimilarityResult
    package let similarity: TextSimilarity

    package init(layer: Int, prompt: String, result: SimilarityResult) {
        self.layer = layer
        self.prompt = prompt
        self.result = result
        similarity = TextSimilarity(result.plain, result.injected)
    }
}

/// Text similarity across layers: how far A's activation, put in place of B's, leaves B's continuation as it was.
package struct SimilarityScores: Hashable, Sendable {
    /// In the order in which the layers first come up in the samples.
    package let layers: [LayerSimilarity]

    /// - Parameters:
    ///   - samples: in the run's order.
    ///   - seed: the run's, for the bootstrap.
    package init(_ samples: [SimilaritySample], seed: UInt64) {
        var order: [Int] = []
        var byLayer: [Int: [SimilaritySample]] = [:]
        for sample in samples {
            if byLayer[sample.layer] == nil { order.append(sample.layer) }
            byLayer[sample.layer, default: []].append(sample)
        }
        layers = order.map { LayerSimilarity(layer: $0, samples: byLayer[$0] ?? [], seed: seed) }
    }
}

/// The agreement over all prompts at one layer.
package struct LayerSimilarity: Hashable, Sendable {
    package let layer: Int
    /// In the run's order; at least one.
    package let samples: [SimilaritySample]
    /// Share of prompts whose continuations are the same.
    package let exactMatch: Score
    /// Tokens up to the first that differs.
    package let commonPrefixTokens: Score
    /// In 0 ... 1, see ``TextSimilarity/editSimilarity``.
    package let editSimilarity: Score

    init(layer: Int, samples: [SimilaritySample], seed: UInt64) {
        self.layer = layer
        self.samples = samples
        // The same draws of prompts at every layer.
        let statistics = ItemStatistics(Clusters(separate: samples.count), seed: seed, name: "similarity")
        exactMatch = statistics.score(samples.map { $0.similarity.exactMatch ? 1 : 0 })
        commonPrefixTokens = statistics.bootstrapped(samples.map { Double($0.similarity.commonPrefixTokens) })
        editSimilarity = statistics.score(samples.map(\.similarity.editSimilarity))
    }
}
