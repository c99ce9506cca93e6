import CPUDevice
import Devices
import Foundation
import ModelFolders
import Models
import TestSupport
import Testing

/// A block with a sliding window keeps what its window shows, and that changes no bit.
@Suite struct SlidingCacheTests {
    /// A family's small model with more positions than its weights were made for, which is all the same to them.
    private static func load(_ family: String, positions: Int, rowLimit: Int) throws -> LanguageModel {
        let source = Repository.fixture("Families/\(family)")
        let scratch = try TemporaryFolder()
        let folder = try scratch.folder()
        for name in ["model.safetensors", "tokenizer.json"] {
            try FileManager.default.copyItem(
                at: source.appendingPathComponent(name), to: folder.appendingPathComponent(name))
        }
        let text = try String(contentsOf: source.appendingPathComponent("config.json"), encoding: .utf8)
        let changed = text.replacing(
            #/"max_position_embeddings":\s*\d+/#, with: "\"max_position_embeddings\": \(positions)")
        try Data(changed.utf8).write(to: folder.appendingPathComponent("config.json"))
        return try LanguageModel.load(
            try ModelFolder(path: folder.path), on: CPUDevice(threads: 2), rowLimit: rowLimit)
    }

    private static func tokens(_ count: Int, of model: LanguageModel, seed: UInt64) -> [Int32] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Int32.random(in: 0..<Int32(model.configuration.vocabularySize), using: &random) }
    }

    @Test(arguments: ["mistral", "gemma2", "qwen3", "qwen2"], [1, 5, 40])
    func `what is forgotten changes no bit, however the prompt is cut`(_ family: String, _ rowLimit: Int) throws {
        let model = try Self.load(family, positions: 600, rowLimit: rowLimit)
        for seed in 1...3 as ClosedRange<UInt64> {
            let tokens = Self.tokens(600, of: model, seed: seed)
            var random = SeededGenerator(seed: seed + 100)
            let (whole, sliding) = (try model.makeCache(for: .sharing), try model.makeCache(for: .own))
            var read = 0
            while read < tokens.count {
                // Long pieces and, as in decoding, single tokens.
                let count = random.next() % 3 == 0 ? Int.random(in: 1...90, using: &random) : 1
                let piece = Array(tokens[read..<min(read + count, tokens.count)])
                let outputs = try model.step([
                    SequenceStep(cache: whole, tokens: piece, head: .logits),
                    SequenceStep(cache: sliding, tokens: piece, head: .logits),
                ])
                #expect(outputs[0] == outputs[1], "seed \(seed), position \(read)")
                read += piece.count
            }
            #expect(sliding.byteCount <= model.cacheBytes(positions: 600))
        }
    }

    @Test(arguments: ["mistral", "gemma2"])
    func `a sequence that starts from a shared prefix is what it would be alone`(_ family: String) throws {
        let model = try Self.load(family, positions: 400, rowLimit: 16)
        let header = Self.tokens(200, of: model, seed: 1)
        let shared = try model.makeCache()
        _ = try model.step([SequenceStep(cache: shared, tokens: header)])
        for length in [0, 1, 11, 12, 13, 31, 32, 33, 100, 199, 200] {
            let rest = Self.tokens(150, of: model, seed: UInt64(length))
            let fork = try shared.fork(keeping: length, for: .own)
            let found = try rest.map { try model.step([SequenceStep(cache: fork, tokens: [$0], head: .logits)])[0] }
            let alone = try model.makeCache()
            if length > 0 { _ = try model.step([SequenceStep(cache: alone, tokens: Array(header[..<length]))]) }
            let expected = try model.step([SequenceStep(cache: alone, tokens: rest, head: .logits)])[0]
            #expect(found.last == expected, "\(length)")
            #expect(fork.byteCount <= model.cacheBytes(positions: length + rest.count))
            let short = try shared.fork(keeping: length)
            #expect(short.byteCount <= model.cacheBytes(positions: length + 1, for: .sharing))
        }
    }

    @Test func `memory grows with the window where there is one, else with the sequence`() throws {
        // Mistral slides its window of 16 in every block, Gemma 2 in every other, Llama in none.
        func bytes(_ family: String, _ use: KeyValueCache.Use) throws -> Int {
            let model = try Self.load(family, positions: 2048, rowLimit: 20)
            let cache = try model.makeCache(for: use)
            _ = try model.step([SequenceStep(cache: cache, tokens: Self.tokens(2048, of: model, seed: 1))])
            #expect(cache.byteCount <= model.cacheBytes(positions: 2048, for: use))
            return cache.byteCount
        }
        // Room for 16 + 20 + 31 positions, in whole blocks of 32, is 96 of 2048.
        #expect(try bytes("mistral", .own) * 2048 == bytes("mistral", .sharing) * 96)
        #expect(try bytes("gemma2", .own) * 2 < bytes("gemma2", .sharing))
        #expect(try bytes("llama-biases", .own) == bytes("llama-biases", .sharing))
    }
}
