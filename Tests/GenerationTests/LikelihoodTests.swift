import CPUDevice
import Devices
import Foundation
import Generation
import ModelFolders
import Models
import TestSupport
import Testing

/// The log-likelihood of a continuation is the sum of its tokens' log probabilities, each after all tokens before it.
@Suite struct LikelihoodTests {
    private let model: LanguageModel

    init() throws {
        model = try LanguageModel.load(
            try ModelFolder(path: Repository.fixture("Models/llama3-rope-sharded").path), on: CPUDevice(threads: 2))
    }

    private func tokens(_ count: Int, _ start: Int) -> [Int32] {
        (0..<count).map { Int32(($0 * 37 + start * 101) % model.configuration.vocabularySize) }
    }

    /// Prompts of several lengths, with several continuations of one token and of more, every other with one injection or several.
    private var requests: [LikelihoodRequest] {
        let vector = (0..<model.configuration.hiddenSize).map { Float($0 % 7) - 3 }
        return (0..<9).map { index in
            LikelihoodRequest(
                tokens: tokens(1 + 5 * index, index),
                injections: (0..<index % 2 * (1 + index % 3)).map { place in
                    Injection(
                        site: ActivationSite(afterBlocks: (index + place) % 3), operation: .replace, vector: vector,
                        following: index / 2 - min(place, index / 2))
                },
                continuations: (0..<4).map { tokens(1 + ($0 * index) % 5, 50 + $0) })
        }
    }

    /// By the definition, in double: ln softmax over the whole vocabulary.
    private func logarithm(of token: Int32, in logits: [Float]) -> Double {
        let largest = logits.map(Double.init).max() ?? 0
        let sum = logits.reduce(0.0) { $0 + exp(Double($1) - largest) }
        return Double(logits[Int(token)]) - largest - log(sum)
    }

    @Test func `a continuation's value is the sum over its tokens of what the model says after all before them`() throws
    {
        let requests = requests.filter { $0.injections.isEmpty }
        let found = try Generator(model: model).likelihoods(requests)
        #expect(requests.contains { $0.continuations.contains { $0.count > 1 } })
        for (request, values) in zip(requests, found) {
            #expect(values.count == request.continuations.count)
            for (continuation, value) in zip(request.continuations, values) {
                let defined = try continuation.indices.reduce(0.0) { sum, place in
                    let read = request.tokens + continuation[..<place]
                    return sum + logarithm(of: continuation[place], in: try model.trace(of: read).logits)
                }
                #expect(abs(value - defined) < 1e-9, "\(continuation)")
            }
        }
    }

    private struct Reference: Decodable {
        struct Prompt: Decodable {
            var ids: [Int32]
            /// Of the token that follows; of some prompts.
            var logitsFull: [Float]?
        }

        var prompts: [Prompt]
    }

    @Test func `the next token's values are those of transformers' logits`() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let reference = try decoder.decode(
            Reference.self,
            from: Data(contentsOf: Repository.fixture("Models/llama3-rope-sharded/reference.json")))
        let prompts = reference.prompts.filter { $0.logitsFull != nil }
        #expect(prompts.count >= 3)
        let all = (0..<Int32(model.configuration.vocabularySize)).map { [$0] }
        let found = try Generator(model: model).likelihoods(
            prompts.map { LikelihoodRequest(tokens: $0.ids, continuations: all) })
        for (prompt, values) in zip(prompts, found) {
            for (token, value) in values.enumerated() {
                #expect(abs(value - logarithm(of: Int32(token), in: prompt.logitsFull ?? [])) < 1e-4, "\(token)")
            }
        }
    }

    @Test func `an injection is made at the prompt's last token, not at the continuation's`() throws {
        let requests = requests.filter { !$0.injections.isEmpty }
        let found = try Generator(model: model).likelihoods(requests)
        for (request, values) in zip(requests, found) {
            for (continuation, value) in zip(request.continuations, values) {
                let cache = try model.makeCache()
                var step = SequenceStep(
                    cache: cache, tokens: request.tokens, injections: request.injections, head: .logits)
                var defined = 0.0
                for token in continuation {
                    defined += logarithm(of: token, in: try model.step([step])[0].logits)
                    step = SequenceStep(cache: cache, tokens: [token], head: .logits)
                }
                #expect(abs(value - defined) < 1e-9, "\(continuation)")
            }
            let plain = try Generator(model: model).likelihoods([
                LikelihoodRequest(tokens: request.tokens, continuations: request.continuations)
            ])
            #expect(plain[0] != values)
        }
    }

    @Test func `the probabilities of all tokens sum to one`() throws {
        let all = (0..<Int32(model.configuration.vocabularySize)).map { [$0] }
        let values = try Generator(model: model).likelihoods([
            LikelihoodRequest(tokens: tokens(6, 3), continuations: all)
        ])
        #expect(abs(values[0].reduce(0.0) { $0 + exp($1) } - 1) < 1e-9)
    }

    @Test(arguments: [1, 3, 100])
    func `neither the batch nor what stands beside a request changes a bit`(batch: Int) throws {
        let requests = requests
        let alone = try requests.map { try Generator(model: model).likelihoods([$0])[0] }
        let generator = Generator(model: model, maximumBatch: batch)
        #expect(try generator.likelihoods(requests) == alone)
        #expect(try generator.likelihoods(requests.reversed()) == alone.reversed())
        // Nor do the other continuations.
        var first = requests[7]
        first.continuations = [first.continuations[2]]
        #expect(try generator.likelihoods([first])[0] == [alone[7][2]])
    }

    @Test func `little memory makes groups small and changes no bit; none for one request is refused`() throws {
        let expected = try Generator(model: model).likelihoods(requests)
        let longest = requests.map { $0.tokens.count + ($0.continuations.map(\.count).max() ?? 0) }.max() ?? 0
        let one = model.cacheBytes(positions: longest, for: .sharing)
        for memory in [2 * one, 3 * one, 5 * one] {
            #expect(try Generator(model: model, cacheMemory: memory).likelihoods(requests) == expected)
        }
        let before = model.tokensRead
        #expect(throws: ModelError.self) { try Generator(model: model, cacheMemory: one / 2).likelihoods(requests) }
        #expect(model.tokensRead == before)
    }

    @Test func `a prompt is read once for all of its continuations, and their last tokens are not read`() throws {
        let request = LikelihoodRequest(
            tokens: tokens(20, 1), continuations: [tokens(1, 2), tokens(4, 3), tokens(3, 4)])
        let before = model.tokensRead
        _ = try Generator(model: model).likelihoods([request])
        #expect(model.tokensRead - before == 20 + 0 + 3 + 2)
    }

    @Test func `a request that cannot be served is refused before any work, by its number`() throws {
        let (size, limit) = (model.configuration.vocabularySize, model.configuration.maximumPositions)
        func refuses(_ bad: LikelihoodRequest, _ error: ModelError) {
            let before = model.tokensRead
            #expect(throws: error) { try Generator(model: model).likelihoods(requests + [bad]) }
            #expect(model.tokensRead == before)
        }
        let number = requests.count
        refuses(
            LikelihoodRequest(tokens: [1, 2], continuations: [[3], [4, Int32(size)]]),
            .tokenOutOfVocabulary(sequence: number, index: 3, token: Int32(size), vocabularySize: size))
        refuses(
            LikelihoodRequest(tokens: [1, -1], continuations: [[3]]),
            .tokenOutOfVocabulary(sequence: number, index: 1, token: -1, vocabularySize: size))
        refuses(
            LikelihoodRequest(tokens: tokens(limit - 1, 0), continuations: [[3], [4, 5]]),
            .tooManyTokens(sequence: number, tokens: limit + 1, limit: limit))
        refuses(LikelihoodRequest(tokens: [1, 2], continuations: [[3], []]), .emptyPrompt(sequence: number))
        let beyond = ActivationSite(afterBlocks: model.configuration.blockCount + 1)
        refuses(
            LikelihoodRequest(
                tokens: [1], injections: [Injection(site: beyond, operation: .sum, vector: [1])], continuations: [[3]]),
            .siteOutOfRange(beyond, blockCount: model.configuration.blockCount))
        // What just fits is served.
        let fitting = LikelihoodRequest(tokens: tokens(limit - 2, 0), continuations: [[3], [4, 5]])
        #expect(try Generator(model: model).likelihoods([fitting])[0].allSatisfy { $0.isFinite && $0 < 0 })
    }
}
