package import Devices
package import Models

/// A prompt and the continuations whose probabilities are wanted.
package struct LikelihoodRequest: Sendable {
    /// The prompt, at least one token.
    package var tokens: [Int32]
    /// Written into the residual stream while the prompt is read.
    package var injections: [Injection]
    /// Each of at least one token.
    package var continuations: [[Int32]]

    package init(tokens: [Int32], injections: [Injection] = [], continuations: [[Int32]]) {
        self.tokens = tokens
        self.injections = injections
        self.continuations = continuations
    }
}

extension Generator {
    /// The log-likelihood of each continuation after its prompt: the sum over its tokens, in their order, of the natural
    /// logarithm of the token's probability (`SoftmaxSum`: softmax over the whole vocabulary, in double).
    ///
    /// A prompt is read once for all of its continuations, and once for all requests that differ in their injections
    /// alone, up to what these reach; a continuation is read in one pass. A value does not depend on the requests beside it,
    /// of which as many are read together as have memory.
    /// - Parameter firstToken: told the logits behind each prompt, with the request's place, in the order of the requests.
    /// - Throws: `ModelError`, before any work, where a request cannot be served.
    package func likelihoods(
        _ requests: [LikelihoodRequest], firstToken: ((Int, [Float]) -> Void)? = nil
    ) throws(ModelError) -> [[Double]] {
        for (index, request) in requests.enumerated() {
            try model.check(request.tokens, sequence: index)
            for continuation in request.continuations {
                try model.check(continuation, after: request.tokens.count, sequence: index)
            }
            try model.check(request.injections, into: request.tokens, sequence: index)
        }
        var memory = CacheBudget(model: model, fixed: cacheMemory)
        memory.look()
        var sums: [[Double]] = []
        for group in try groups(of: requests, in: memory) {
            sums += try likelihoods(
                of: requests[group], in: memory,
                firstToken: firstToken.map { firstToken in { firstToken(group.lowerBound + $0, $1) } })
        }
        return sums
    }

    /// Requests that are read together: as many as their prompts, and one continuation at least, have memory for.
    private func groups(of requests: [LikelihoodRequest], in memory: CacheBudget) throws(ModelError) -> [Range<Int>] {
        let available = memory.available ?? .max
        var groups: [Range<Int>] = []
        var (begin, prompts, longest) = (0, 0, 0)
        var alike: [[Int32]: Int] = [:]
        for (index, request) in requests.enumerated() {
            let prompt = memory.bytes(positions: request.tokens.count, .sharing)
            let branch = request.continuations.map { bytes(of: $0, after: request, in: memory) }.max() ?? 0
            guard prompt <= available, branch <= available - prompt else {
                throw .noMemoryForCache(bytes: prompt + branch, available: available)
            }
            // With the second of a prompt, what both begin with is held as well.
            func needed() -> Int { alike[request.tokens] == 1 ? 2 * prompt : prompt }
            if index - begin == maximumBatch || prompts + needed() > available - max(longest, branch) {
                groups.append(begin..<index)
                (begin, prompts, longest) = (index, 0, 0)
                alike = [:]
            }
            prompts += needed()
            alike[request.tokens, default: 0] += 1
            longest = max(longest, branch)
        }
        return begin < requests.count ? groups + [begin..<requests.count] : groups
    }

    /// What a continuation's keys and values take beside its prompt's; a single token has none.
    private func bytes(of continuation: [Int32], after request: LikelihoodRequest, in memory: CacheBudget) -> Int {
        continuation.count > 1 ? memory.bytes(positions: request.tokens.count + continuation.count - 1, .own) : 0
    }

    /// The last step of each prompt: all of it, or its end where others begin as it does.
    private func prompts(
        of requests: ArraySlice<LikelihoodRequest>, givingLogits: Bool
    ) throws(ModelError) -> [SequenceStep] {
        let alike = Dictionary(grouping: requests.indices) { requests[$0].tokens }
        var prefixes: [[Int32]: KeyValueCache] = [:]
        var steps: [SequenceStep] = []
        for (tokens, places) in alike where places.count > 1 {
            let reach = places.map { requests[$0].injections.reach }.max() ?? 1
            guard tokens.count > reach else { continue }
            let cache = try model.makeCache()
            prefixes[tokens] = cache
            steps.append(SequenceStep(cache: cache, tokens: Array(tokens.dropLast(reach))))
        }
        _ = try model.step(steps)
        var prompts: [SequenceStep] = []
        for request in requests {
            let prefix = prefixes[request.tokens]
            let cache = if let prefix { try fork(prefix) } else { try model.makeCache() }
            prompts.append(
                SequenceStep(
                    cache: cache, tokens: Array(request.tokens[cache.length...]), injections: request.injections,
                    head: givingLogits ? .logits : .logProbabilities(of: [request.continuations.map { $0[0] }])))
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
        of requests: ArraySlice<LikelihoodRequest>, in memory: CacheBudget, firstToken: ((Int, [Float]) -> Void)?
    ) throws(ModelError) -> [[Double]] {
        let prompts = try prompts(of: requests, givingLogits: firstToken != nil)
        let outputs = try model.step(prompts)
        var sums: [[Double]] = []
        var branches: [Branch] = []
        for (place, request) in requests.enumerated() {
            sums.append(firstTokens(of: request, outputs[place]))
            firstToken?(place, outputs[place].logits)
            for (choice, continuation) in request.continuations.enumerated() where continuation.count > 1 {
                branches.append(
                    Branch(
                        prompt: place, choice: choice, tokens: continuation,
                        bytes: bytes(of: continuation, after: request, in: memory)))
            }
        }
        var left = memory.available ?? .max
        for request in requests { left -= memory.bytes(positions: request.tokens.count, .sharing) }
        var begin = 0
        while begin < branches.count {
            var (end, taken) = (begin + 1, branches[begin].bytes)
            while end < branches.count, end - begin < maximumBatch, branches[end].bytes <= left - taken {
                taken += branches[end].bytes
                end += 1
            }
            try follow(branches[begin..<end], from: prompts.map(\.cache), &sums)
            begin = end
        }
        return sums
    }

    /// The log probabilities of the continuations' first tokens.
    private func firstTokens(of request: LikelihoodRequest, _ output: SequenceOutput) -> [Double] {
        if let found = output.logProbabilities.first { return found }
        let softmax = model.device.distributions.sums(of: output.logits, vocabulary: output.logits.count)[0]
        return request.continuations.map { softmax.logProbability(ofLogit: output.logits[Int($0[0])]) }
    }

    /// Adds what the model says of the branches' tokens after the first: each branch reads all of its tokens but the last.
    private func follow(
        _ branches: ArraySlice<Branch>, from prompts: [KeyValueCache], _ sums: inout [[Double]]
    ) throws(ModelError) {
        var steps: [SequenceStep] = []
        do {
            for branch in branches {
                let prompt = prompts[branch.prompt]
                steps.append(
                    SequenceStep(
                        cache: try prompt.fork(keeping: prompt.length, for: .own),
                        tokens: Array(branch.tokens.dropLast()),
                        head: .logProbabilities(of: branch.tokens.dropFirst().map { [$0] })))
            }
        } catch {
            throw .device(error)
        }
        for (branch, output) in zip(branches, try model.step(steps)) {
            for found in output.logProbabilities { sums[branch.prompt][branch.choice] += found[0] }
        }
    }

    /// A continuation of more than one token, on its way.
    private struct Branch {
        var prompt: Int
        var choice: Int
        var tokens: [Int32]
        /// What its keys and values take.
        var bytes: Int
    }
}
