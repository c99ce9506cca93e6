package import Devices
import Foundation
package import Models

/// A prompt and the continuations whose probabilities are wanted.
package struct LikelihoodRequest: Sendable {
    /// The prompt, at least one token.
    package var tokens: [Int32]
    /// Written into the residual stream at the prompt's last token, while it is read.
    package var injection: Injection?
    /// Each of at least one token.
    package var continuations: [[Int32]]

    package init(tokens: [Int32], injection: Injection? = nil, continuations: [[Int32]]) {
        self.tokens = tokens
        self.injection = injection
        self.continuations = continuations
    }
}

extension Generator {
    /// The log-likelihood of each continuation after its prompt: the sum over its tokens, in their order, of the natural
    /// logarithm of the token's probability (softmax over the whole vocabulary, in double, summed by token id).
    ///
    /// A prompt is read once for all of its continuations, and once for all requests that differ in their injections
    /// alone, up to its last token. A value does not depend on the requests beside it.
    /// - Parameter firstToken: told the logits behind each prompt, with the request's place.
    /// - Throws: `ModelError`, before any work, where a request cannot be served.
    package func likelihoods(
        _ requests: [LikelihoodRequest], firstToken: (Int, [Float]) -> Void = { _, _ in }
    ) throws(ModelError) -> [[Double]] {
        for (index, request) in requests.enumerated() {
            try model.check(request.tokens, sequence: index)
            for continuation in request.continuations {
                try model.check(continuation, after: request.tokens.count, sequence: index)
            }
            if let injection = request.injection { try model.check(injection, sequence: index) }
        }
        var sums: [[Double]] = []
        for begin in stride(from: 0, to: requests.count, by: maximumBatch) {
            sums += try likelihoods(
                ofBatch: requests[begin..<min(begin + maximumBatch, requests.count)],
                firstToken: { firstToken(begin + $0, $1) })
        }
        return sums
    }

    /// The last step of each prompt: all of it, or its last token where others begin as it does.
    private func prompts(of requests: ArraySlice<LikelihoodRequest>) throws(ModelError) -> [SequenceStep] {
        let alike = Dictionary(grouping: requests.indices) { requests[$0].tokens }
        var prefixes: [[Int32]: KeyValueCache] = [:]
        for (tokens, places) in alike where places.count > 1 && tokens.count > 1 {
            prefixes[tokens] = try model.makeCache()
        }
        _ = try model.step(prefixes.map { SequenceStep(cache: $0.value, tokens: Array($0.key.dropLast())) })
        var prompts: [SequenceStep] = []
        for request in requests {
            let cache: KeyValueCache
            if let prefix = prefixes[request.tokens] {
                cache = try fork(prefix)
            } else {
                cache = try model.makeCache()
            }
            prompts.append(
                SequenceStep(
                    cache: cache, tokens: Array(request.tokens[cache.length...]), injection: request.injection,
                    head: .logits))
        }
        return prompts
    }

    /// A sequence that begins as this one does.
    private func fork(_ prefix: KeyValueCache) throws(ModelError) -> KeyValueCache {
        do {
            return try prefix.fork(keeping: prefix.length)
        } catch {
            throw .device(error)
        }
    }

    private func likelihoods(
        ofBatch requests: ArraySlice<LikelihoodRequest>, firstToken: (Int, [Float]) -> Void
    ) throws(ModelError) -> [[Double]] {
        let prompts = try prompts(of: requests)
        let outputs = try model.step(prompts)
        var sums: [[Double]] = []
        var branches: [Branch] = []
        for (place, request) in requests.enumerated() {
            let logarithms = LogSoftmax(outputs[place].logits)
            firstToken(place, outputs[place].logits)
            sums.append(request.continuations.map { logarithms[$0[0]] })
            for (choice, continuation) in request.continuations.enumerated() where continuation.count > 1 {
                branches.append(
                    Branch(
                        prompt: place, choice: choice, tokens: continuation, cache: try fork(prompts[place].cache)))
            }
        }
        // Token by token: each branch is at the token that was scored last.
        for read in 0..<(branches.map(\.tokens.count).max() ?? 1) - 1 {
            let active = branches.filter { read + 1 < $0.tokens.count }
            for begin in stride(from: 0, to: active.count, by: maximumBatch) {
                let group = active[begin..<min(begin + maximumBatch, active.count)]
                let outputs = try model.step(
                    group.map { SequenceStep(cache: $0.cache, tokens: [$0.tokens[read]], head: .logits) })
                for (branch, output) in zip(group, outputs) {
                    sums[branch.prompt][branch.choice] += LogSoftmax(output.logits)[branch.tokens[read + 1]]
                }
            }
        }
        return sums
    }

    /// A continuation of more than one token, on its way.
    private struct Branch {
        var prompt: Int
        var choice: Int
        var tokens: [Int32]
        var cache: KeyValueCache
    }
}

/// ln softmax of logits, in double.
struct LogSoftmax {
    private let logits: [Float]
    /// The logarithm of the sum of exponentials.
    private let normalizer: Double

    init(_ logits: [Float]) {
        self.logits = logits
        let largest = Double(logits.max() ?? 0)
        var sum = 0.0
        for logit in logits { sum += exp(Double(logit) - largest) }
        normalizer = largest + log(sum)
    }

    /// At most 0, which rounding could go beyond.
    subscript(token: Int32) -> Double { min(0, Double(logits[Int(token)]) - normalizer) }
}
