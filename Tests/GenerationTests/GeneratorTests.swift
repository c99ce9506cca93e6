import CPUDevice
import Devices
import Foundation
import Generation
import ModelFolders
import Models
import TestSupport
import Testing

struct GeneratorTests {
    private static let folder = Repository.fixture("Models/llama3-rope-sharded").path

    private static func model(threads: Int = 2, rowLimit: Int = 512) throws -> LanguageModel {
        try LanguageModel.load(try ModelFolder(path: folder), on: CPUDevice(threads: threads), rowLimit: rowLimit)
    }

    /// Requests of mixed lengths, some with an injection, some that sample.
    private static func requests(_ model: LanguageModel) -> [GenerationRequest] {
        let vector = (0..<model.configuration.hiddenSize).map { Float($0 % 5) - 2 }
        return (0..<23).map { index in
            let prompt = (0...(index * 7) % 40).map {
                Int32(($0 * 31 + index * 17) % model.configuration.vocabularySize)
            }
            return GenerationRequest(
                tokens: prompt,
                injections: (0..<(index % 4 == 1 ? 1 + index % 2 : 0)).map { place in
                    Injection(
                        site: ActivationSite(afterBlocks: (index + place) % 3), operation: .sum,
                        vectors: Array(repeating: vector, count: 1 + index % 2),
                        following: min(index % 5, prompt.count - 2))
                },
                maximumNewTokens: index % 13)
        }
    }

    @Test func `neither batch, row limit nor threads change a token`() throws {
        let first = try Self.model(threads: 1)
        let requests = Self.requests(first)
        let alone = try requests.map { try Generator(model: first, maximumBatch: 1).generate([$0])[0] }
        #expect(Set(alone.map(\.tokens)).count > 10)
        for (batch, threads, rowLimit) in [(1, 2, 512), (3, 1, 5), (8, 3, 64), (100, 2, 30)] {
            let generator = Generator(
                model: try Self.model(threads: threads, rowLimit: rowLimit), maximumBatch: batch)
            #expect(try generator.generate(requests) == alone, "batch \(batch)")
            #expect(try generator.generate(requests.reversed()) == alone.reversed(), "batch \(batch), reversed")
        }
    }

    /// Prompts that share headers, questions under several conditions, and some that share nothing.
    private static func sharing(_ model: LanguageModel) -> [GenerationRequest] {
        func tokens(_ count: Int, _ start: Int) -> [Int32] {
            (0..<count).map { Int32(($0 * 37 + start * 101) % model.configuration.vocabularySize) }
        }
        let vector = (0..<model.configuration.hiddenSize).map { Float($0 % 7) - 3 }
        let header = tokens(40, 1)
        return (0..<24).map { index in
            let question = index / 4
            var prompt = question == 5 ? tokens(30, index) : header + tokens(17 + question, 2 + question)
            if index == 9 { prompt = Array(prompt.dropLast(3)) }
            let last = Injection(site: ActivationSite(afterBlocks: 2), operation: .sum, vector: vector)
            let injections: [[Injection]] = [
                [], [last, Injection(site: .embedding, operation: .replace, vector: vector, following: index)], [last],
                [],
            ]
            return GenerationRequest(
                tokens: prompt, injections: injections[index % 4], maximumNewTokens: 3 + index % 3)
        }
    }

    @Test(arguments: [1, 3, 32])
    func `what prompts have in common is read once, and no bit depends on it`(_ batch: Int) throws {
        let model = try Self.model(threads: 2, rowLimit: 70)
        let requests = Self.sharing(model)
        let alone = try requests.map { try Generator(model: model).generate([$0])[0] }
        #expect(Set(alone.map(\.tokens)).count > 6)
        let prompts = requests.map(\.tokens.count).reduce(0, +)
        let before = model.tokensRead
        #expect(try Generator(model: model, maximumBatch: batch).generate(requests) == alone)
        // The header once, each of five questions once, the last prompts apart, and every prompt's last token, or all from
        // where something is injected.
        let distinct = 40 + (0..<5).map { 17 + $0 }.reduce(0, +) + 4 * 30
        let written = alone.map { $0.tokens.count - 1 }.reduce(0, +)
        let read = model.tokensRead - before - written
        let following = requests.compactMap { $0.injections.map(\.following).max() }.reduce(0, +)
        #expect(read <= distinct + following + 3 * requests.count, "of \(prompts) tokens")
        #expect(try Generator(model: model, maximumBatch: batch).generate(requests.reversed()) == alone.reversed())
    }

    @Test(arguments: [1, 3, 32])
    func `batches that come while others are decoded leave when they are whole, and no bit depends on it`(
        _ batch: Int
    ) throws {
        let model = try Self.model(threads: 2, rowLimit: 70)
        let requests = Self.requests(model) + Self.sharing(model)
        let alone = try requests.map { try Generator(model: model).generate([$0])[0] }
        let loop = DecodingLoop(model: model, maximumBatch: batch)
        let size = 5
        var (begun, found) = ([DecodingLoop.BatchID: Int](), [Int: [GenerationResult]]())
        var next = 0
        while next < requests.count || loop.isBusy {
            if next < requests.count, loop.openCount < batch + 2 {
                begun[try loop.add(Array(requests[next..<min(next + size, requests.count)]))] = next
                next += size
            }
            for whole in try loop.step() { found[try #require(begun[whole.batch])] = whole.results }
        }
        #expect(found.keys.sorted().flatMap { found[$0] ?? [] } == alone)
        // A batch that was refused leaves the others as they are.
        let last = try loop.add([requests[5]])
        #expect(throws: ModelError.emptyPrompt(sequence: 1)) {
            try loop.add([requests[0], GenerationRequest(tokens: [], maximumNewTokens: 1)])
        }
        var results: [GenerationResult] = []
        while loop.isBusy { for whole in try loop.step() where whole.batch == last { results = whole.results } }
        #expect(results == [alone[5]])
    }

    @Test func `what prompts begin with is kept for batches that follow`() throws {
        let model = try Self.model()
        func tokens(_ count: Int, _ start: Int) -> [Int32] {
            (0..<count).map { Int32(($0 * 37 + start * 101) % model.configuration.vocabularySize) }
        }
        // Two headers in turn, a prompt a batch.
        let requests = (0..<6).map {
            GenerationRequest(tokens: tokens(70, $0 % 2) + tokens(10, 2 + $0), maximumNewTokens: 1)
        }
        let alone = try requests.map { try Generator(model: model).generate([$0])[0] }
        let loop = DecodingLoop(model: model)
        let before = model.tokensRead
        for (request, expected) in zip(requests, alone) {
            let batch = try loop.add([request])
            var found: [GenerationResult] = []
            while loop.isBusy { for whole in try loop.step() where whole.batch == batch { found = whole.results } }
            #expect(found == [expected])
        }
        #expect(model.tokensRead - before == 2 * 70 + 6 * 10)
    }

    @Test func `keys and values that cannot fit are refused before any work`() throws {
        let model = try Self.model()
        let request = GenerationRequest(tokens: [1, 2, 3], maximumNewTokens: 8)
        let needed = model.cacheBytes(positions: 11)
        let before = model.tokensRead
        #expect(throws: ModelError.noMemoryForCache(bytes: needed, available: needed - 1)) {
            try Generator(model: model, cacheMemory: needed - 1).generate([request])
        }
        #expect(model.tokensRead == before)
    }

    @Test func `little memory makes batches small and changes no token`() throws {
        let model = try Self.model()
        let requests = Self.requests(model)
        let expected = try Generator(model: model).generate(requests)
        let little = model.cacheBytes(positions: 64) * 3
        #expect(try Generator(model: model, cacheMemory: little).generate(requests) == expected)
    }

    @Test func `an end token ends a continuation and is not part of it`() throws {
        let model = try Self.model()
        let generator = Generator(model: model)
        let free = try generator.generate([GenerationRequest(tokens: [1, 2, 3], maximumNewTokens: 12)])[0]
        #expect(free.finish == .length && free.tokens.count == 12)
        let end = free.tokens[5]
        let place = try #require(free.tokens.firstIndex(of: end))
        let ended = try generator.generate([
            GenerationRequest(tokens: [1, 2, 3], maximumNewTokens: 12, endTokens: [end])
        ])[0]
        #expect(ended == GenerationResult(tokens: Array(free.tokens[..<place]), finish: .endToken))
    }

    @Test func `a request's own rule sees every token and ends the continuation with it`() throws {
        let generator = Generator(model: try Self.model())
        let request = GenerationRequest(tokens: [5], maximumNewTokens: 12, shouldStop: { $0.count == 4 })
        let result = try generator.generate([request])[0]
        #expect(result.finish == .stopRule && result.tokens.count == 4)
    }

    @Test func `a continuation fills the context and says so`() throws {
        let model = try Self.model()
        let limit = model.configuration.maximumPositions
        let generator = Generator(model: model)
        for room in [0, 1, 3] {
            let prompt = [Int32](repeating: 3, count: limit - room)
            let result = try generator.generate([GenerationRequest(tokens: prompt, maximumNewTokens: 100)])[0]
            // The last token needs no position: nothing is computed from it.
            #expect(result.finish == .contextFull && result.tokens.count == room + 1)
            let exact = try generator.generate([GenerationRequest(tokens: prompt, maximumNewTokens: room + 1)])[0]
            #expect(exact == GenerationResult(tokens: result.tokens, finish: .length))
        }
    }

    @Test func `nothing asked for is nothing computed`() throws {
        let generator = Generator(model: try Self.model())
        #expect(try generator.generate([]) == [])
        #expect(
            try generator.generate([GenerationRequest(tokens: [1], maximumNewTokens: 0)])
                == [GenerationResult(tokens: [], finish: .length)])
    }

    @Test func `a request that cannot be served is refused before any work, by its number`() throws {
        let model = try Self.model()
        let generator = Generator(model: model, maximumBatch: 1)
        let fine = GenerationRequest(tokens: [1], maximumNewTokens: 3)
        func refuses(_ bad: GenerationRequest, _ error: ModelError) {
            #expect(throws: error) {
                try generator.generate([fine, bad]) { _ in Issue.record("work was done") }
            }
        }
        let size = model.configuration.vocabularySize
        let limit = model.configuration.maximumPositions
        refuses(GenerationRequest(tokens: [], maximumNewTokens: 1), .emptyPrompt(sequence: 1))
        refuses(
            GenerationRequest(tokens: [Int32(size)], maximumNewTokens: 1),
            .tokenOutOfVocabulary(sequence: 1, index: 0, token: Int32(size), vocabularySize: size))
        refuses(
            GenerationRequest(tokens: [Int32](repeating: 0, count: limit + 1), maximumNewTokens: 1),
            .tooManyTokens(sequence: 1, tokens: limit + 1, limit: limit))
        let beyond = ActivationSite(afterBlocks: model.configuration.blockCount + 1)
        refuses(
            GenerationRequest(
                tokens: [1], injections: [Injection(site: beyond, operation: .sum, vector: [1])], maximumNewTokens: 1),
            .siteOutOfRange(beyond, blockCount: model.configuration.blockCount))
    }

    @Test func `the model can be used from many tasks at once`() async throws {
        let model = try Self.model()
        let requests = Self.requests(model)
        let expected = try Generator(model: model).generate(requests)
        try await withThrowingTaskGroup(of: [GenerationResult].self) { group in
            for _ in 0..<4 { group.addTask { try Generator(model: model, maximumBatch: 4).generate(requests) } }
            for try await results in group { #expect(results == expected) }
        }
    }
}
