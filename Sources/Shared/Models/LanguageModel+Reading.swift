package import Devices

extension LanguageModel {
    /// The residual stream at `site` of each prompt's own last token, `[prompts][hidden]`.
    ///
    /// The prompts are of any lengths and are not padded. No block beyond the site is computed. Prompts are read
    /// together while they hold no more than ``rowLimit`` tokens; that changes no result.
    /// - Throws: ``ModelError``, before any work, where a prompt is empty, too long or not in the vocabulary.
    package func residualStreams(of prompts: [[Int32]], at site: ActivationSite) throws(ModelError) -> [[Float]] {
        try residualStreams(of: prompts, at: [site])[0]
    }

    /// The same at several sites, `[sites][prompts][hidden]`, in one pass over each prompt, which goes no further than
    /// the deepest of them.
    package func residualStreams(
        of prompts: [[Int32]], at sites: [ActivationSite]
    ) throws(ModelError) -> [[[Float]]] {
        for (index, prompt) in prompts.enumerated() { try check(prompt, sequence: index) }
        guard let deepest = sites.max() else { return [] }
        var streams = [[[Float]]](repeating: [], count: sites.count)
        var begin = 0
        while begin < prompts.count {
            var (end, tokens) = (begin + 1, prompts[begin].count)
            while end < prompts.count, tokens + prompts[end].count <= rowLimit {
                tokens += prompts[end].count
                end += 1
            }
            var steps: [SequenceStep] = []
            for prompt in prompts[begin..<end] {
                steps.append(
                    SequenceStep(cache: try makeCache(through: deepest, for: .own), tokens: prompt, readings: sites))
            }
            for output in try step(steps) {
                for place in sites.indices { streams[place].append(output.activations[place]) }
            }
            begin = end
        }
        if prompts.isEmpty { _ = try makeCache(through: deepest) }
        return streams
    }

    /// The residual streams at `sites` at every token of each prompt, `[sites][prompts][tokens][hidden]`.
    ///
    /// Each prompt is read in one pass, which goes no further than the deepest site.
    /// - Throws: ``ModelError``, before any work, where a prompt is empty, too long or not in the vocabulary.
    package func everyStream(
        of prompts: [[Int32]], at sites: [ActivationSite]
    ) throws(ModelError) -> [[[[Float]]]] {
        try ofEveryToken(of: prompts, at: sites) { Array($0) }
    }

    /// The Euclidean norms of these, of their last `coordinates` coordinates: `[sites][prompts][tokens]`, squares summed in
    /// the coordinates' order, in double.
    ///
    /// Of the streams so many are held at a time as ``rowLimit`` tokens have.
    package func streamNorms(
        of prompts: [[Int32]], at sites: [ActivationSite], coordinates: Int
    ) throws(ModelError) -> [[[Double]]] {
        try ofEveryToken(of: prompts, at: sites) { $0.suffix(coordinates).euclideanNorm }
    }

    private func ofEveryToken<Value>(
        of prompts: [[Int32]], at sites: [ActivationSite], _ take: (ArraySlice<Float>) -> Value
    ) throws(ModelError) -> [[[Value]]] {
        for (index, prompt) in prompts.enumerated() { try check(prompt, sequence: index) }
        guard let deepest = sites.max() else { return [] }
        var values = [[[Value]]](repeating: Array(repeating: [], count: prompts.count), count: sites.count)
        var caches: [Int: KeyValueCache] = [:]
        for parts in PassRows.passes(tokenCounts: prompts.map(\.count), rowLimit: rowLimit) {
            var steps: [SequenceStep] = []
            for part in parts {
                let cache =
                    if let begun = caches[part.step] { begun } else { try makeCache(through: deepest, for: .own) }
                caches[part.step] = part.isLast ? nil : cache
                steps.append(
                    SequenceStep(
                        cache: cache, tokens: Array(prompts[part.step][part.tokens]), readings: sites,
                        readsEveryToken: true))
            }
            for (part, output) in zip(parts, try step(steps)) {
                for (site, streams) in output.activations.enumerated() {
                    values[site][part.step] += stride(from: 0, to: streams.count, by: configuration.hiddenSize).map {
                        take(streams[$0..<$0 + configuration.hiddenSize])
                    }
                }
            }
        }
        return values
    }

    /// Everything that a verification compares of one prompt's last token.
    package struct Trace: Sendable, Equatable {
        /// The residual stream at every site, `[L + 1][hidden]`; the first is the embedding.
        package let streams: [[Float]]
        /// After the final norm, `[hidden]`.
        package let finalNorm: [Float]
        /// `[vocabulary]`
        package let logits: [Float]

        package init(streams: [[Float]], finalNorm: [Float], logits: [Float]) {
            self.streams = streams
            self.finalNorm = finalNorm
            self.logits = logits
        }
    }

    /// Reads one prompt and keeps its last token's stream at every site, and its logits.
    package func trace(of prompt: [Int32], injections: [Injection] = []) throws(ModelError) -> Trace {
        let sites = (0...configuration.blockCount).map { ActivationSite(afterBlocks: $0) }
        let output = try step([
            SequenceStep(
                cache: try makeCache(), tokens: prompt, injections: injections, readings: sites, head: .logits,
                readsFinalNorm: true)
        ])[0]
        return Trace(streams: output.activations, finalNorm: output.finalNorm, logits: output.logits)
    }
}
