import Devices
import Foundation
import ModelFolders
import Models
import Run
import TestSupport
import Testing

/// What a cache keeps, forgets and hands on changes no bit.
struct CacheTests {
    /// Small models with windows of 16, of 12 and of 16 in every other block, and one without; with more positions than
    /// their weights were made for, which is all the same to them.
    private static let models: [TestedModel] = ["mistral", "qwen3", "gemma2", "qwen2"].map { family in
        let source = Repository.fixture("Families/\(family)")
        let folder = scratch.file(family)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: source.appendingPathComponent("model.safetensors"),
                to: folder.appendingPathComponent("model.safetensors"))
            let text = try String(contentsOf: source.appendingPathComponent("config.json"), encoding: .utf8)
            let changed = text.replacing(
                #/"max_position_embeddings":\s*\d+/#, with: "\"max_position_embeddings\": 320")
            try Data(changed.utf8).write(to: folder.appendingPathComponent("config.json"))
        } catch {
            fatalError("\(family): \(error)")
        }
        return TestedModel(name: family, folder: folder)
    }
    private static let scratch: TemporaryFolder = {
        do { return try TemporaryFolder() } catch { fatalError("\(error)") }
    }()

    @Test(arguments: TestedDevice.all, models)
    func `what is forgotten changes no bit, however the prompt is cut`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let tokens = try model.prompts(lengths: [200])[0]
        for (seed, rowLimit) in [(1, 5), (2, 40)] as [(UInt64, Int)] {
            let loaded = try model.load(on: tested.device, rowLimit: rowLimit)
            let (whole, sliding) = (try loaded.makeCache(for: .sharing), try loaded.makeCache(for: .own))
            var random = NamedGenerator(seed: seed, purpose: "pieces")
            var last = SequenceOutput()
            while whole.length < tokens.count {
                // Long pieces and, as in decoding, single tokens.
                let count = random.index(below: 4) == 0 ? 1 + random.index(below: 60) : 1
                let piece = Array(tokens[whole.length...].prefix(count))
                let outputs = try loaded.step([
                    SequenceStep(cache: whole, tokens: piece, head: .logits),
                    SequenceStep(cache: sliding, tokens: piece, head: .logits),
                ])
                #expect(outputs[0].bits == outputs[1].bits, "seed \(seed), position \(whole.length)")
                last = outputs[1]
            }
            #expect(last.logits == (try Definition.outputs(model, .float32, [tokens], on: tested))[0].logits)
            #expect(whole.byteCount <= loaded.cacheBytes(positions: tokens.count, for: .sharing))
            #expect(sliding.byteCount <= loaded.cacheBytes(positions: tokens.count, for: .own))
        }
    }

    @Test(arguments: TestedDevice.all, models)
    func `a fork goes on as if its tokens were read again, and disturbs nothing`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let loaded = try model.load(on: tested.device, rowLimit: 16)
        let header = try model.prompts(lengths: [70])[0]
        let shared = try loaded.makeCache()
        _ = try loaded.step([SequenceStep(cache: shared, tokens: header)])
        for length in [0, 1, 11, 13, 31, 32, 33, 70] {
            let rest = try model.prompts(lengths: [24], seed: UInt64(length + 3))[0]
            let again = try loaded.step([loaded.everything(Array(header[..<length]) + rest)])[0]
            for use in [KeyValueCache.Use.own, .sharing] {
                let fork = try shared.fork(keeping: length, for: use)
                #expect(fork.length == length)
                var last = SequenceOutput()
                for token in rest {
                    last = try loaded.step([
                        SequenceStep(
                            cache: fork, tokens: [token], readings: loaded.sites, head: .logits, readsFinalNorm: true)
                    ])[0]
                }
                #expect(last.bits == again.bits, "\(length) positions, \(use)")
                #expect(fork.byteCount <= loaded.cacheBytes(positions: length + rest.count, for: use))
            }
        }
        let rest = try model.prompts(lengths: [5], seed: 99)[0]
        let after = try loaded.step([
            SequenceStep(
                cache: shared, tokens: rest, readings: loaded.sites, head: .logits, readsFinalNorm: true)
        ])[0]
        #expect(after.bits == (try Definition.outputs(model, .float32, [header + rest], on: tested))[0].bits)
    }

    @Test(arguments: TestedDevice.all)
    func `the whole context can be read, and not a token more`(_ tested: TestedDevice) throws {
        let loaded = try Self.models[0].load(on: tested.device)
        let cache = try loaded.makeCache(for: .own)
        _ = try loaded.step([SequenceStep(cache: cache, tokens: [Int32](repeating: 1, count: 320))])
        #expect(cache.length == 320)
        #expect(throws: ModelError.tooManyTokens(sequence: 0, tokens: 321, limit: 320)) {
            try loaded.step([SequenceStep(cache: cache, tokens: [1])])
        }
    }

    @Test func `a processor's memory grows with the window where there is one, else with the sequence`() throws {
        // Mistral slides its window of 16 in every block, Gemma 2 in every other, Qwen 2 in none.
        func bytes(_ family: Int, _ use: KeyValueCache.Use) throws -> Int {
            let model = try Self.models[family].load(on: TestedDevice.all[0].device, rowLimit: 20)
            let cache = try model.makeCache(for: use)
            _ = try model.step([SequenceStep(cache: cache, tokens: [Int32](repeating: 1, count: 320))])
            return cache.byteCount
        }
        #expect(TestedDevice.all[0].device.kind == .cpu)
        // Room for 16 + 20 + 31 positions, in whole blocks of 32, is 96 of 320.
        #expect(try bytes(0, .own) * 320 == bytes(0, .sharing) * 96)
        #expect(try bytes(2, .own) * 3 < bytes(2, .sharing) * 2)
        #expect(try bytes(3, .own) == bytes(3, .sharing))
    }
}
