import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// A result is a function of its own inputs, bit for bit.
@Suite struct InvarianceTests {
    /// Prompts of mixed lengths, one of them longer than a tile of queries and a block of keys.
    private static func prompts(_ model: LanguageModel, seed: UInt64) -> [[Int32]] {
        var random = SeededGenerator(seed: seed)
        let lengths = [1, 2, 3, 13, 31, 32, 33, 65, 97].map { min($0, model.configuration.maximumPositions) }
        return lengths.map { length in
            (0..<length).map { _ in Int32.random(in: 0..<Int32(model.configuration.vocabularySize), using: &random) }
        }
    }

    /// Each prompt alone, in one piece, with one thread.
    private static func alone(_ model: LanguageModel, _ prompts: [[Int32]]) throws -> [LanguageModel.Trace] {
        try prompts.map { try model.trace(of: $0) }
    }

    private static func together(_ model: LanguageModel, _ prompts: [[Int32]]) throws -> [LanguageModel.Trace] {
        let sites = (0...model.configuration.blockCount).map { ActivationSite(afterBlocks: $0) }
        let steps = try prompts.map {
            SequenceStep(cache: try model.makeCache(), tokens: $0, readings: sites, head: .logits)
        }
        return try model.step(steps).map {
            LanguageModel.Trace(streams: $0.activations, finalNorm: $0.finalNorm, logits: $0.logits)
        }
    }

    @Test(arguments: ReferenceModel.committed, ComputeType.allCases)
    func `neither batch, row limit, threads nor kernel path change a bit`(
        _ reference: ReferenceModel, _ type: ComputeType
    ) throws {
        let first = try reference.load(computeType: type)
        let prompts = Self.prompts(first, seed: 1)
        let expected = try Self.alone(first, prompts)
        for (threads, rowLimit) in [(1, 512), (2, 7), (3, 48), (4, 130)] {
            let model = try reference.load(threads: threads, computeType: type, rowLimit: rowLimit)
            #expect(try Self.together(model, prompts) == expected, "\(threads) threads, \(rowLimit) rows")
        }
        for path in KernelPath.allCases {
            guard path.isSupported else {
                print("the kernel path \(path.rawValue) is not tested: this CPU lacks it")
                continue
            }
            let model = try reference.load(threads: 2, kernels: path, computeType: type)
            #expect(try Self.together(model, prompts) == expected, "path \(path.rawValue)")
        }
    }

    @Test(arguments: ReferenceModel.committed, [UInt64](1...4))
    func `neither the order of prompts nor how they are cut changes a bit`(
        _ reference: ReferenceModel, _ seed: UInt64
    ) throws {
        for type in ComputeType.allCases {
            for path in KernelPath.allCases where path.isSupported && (type == .bfloat16 || path == .best) {
                try Self.cutAndShuffle(reference, type, path, seed: seed)
            }
        }
    }

    private static func cutAndShuffle(
        _ reference: ReferenceModel, _ type: ComputeType, _ path: KernelPath, seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let model = try reference.load(
            threads: Int.random(in: 1...3, using: &random), kernels: path, computeType: type,
            rowLimit: Int.random(in: 1...150, using: &random))
        let prompts = Self.prompts(model, seed: seed)
        let expected = try Self.alone(model, prompts)
        let order = prompts.indices.shuffled(using: &random)
        let caches = try order.map { _ in try model.makeCache() }
        var read = order.map { _ in 0 }
        var logits = [[Float]](repeating: [], count: prompts.count)
        while read != order.map({ prompts[$0].count }) {
            // Some sequences go on, each by a random piece.
            var slots: [Int] = []
            var steps: [SequenceStep] = []
            for slot in order.indices where read[slot] < prompts[order[slot]].count && Bool.random(using: &random) {
                let prompt = prompts[order[slot]]
                let end = Int.random(in: read[slot] + 1...prompt.count, using: &random)
                steps.append(
                    SequenceStep(cache: caches[slot], tokens: Array(prompt[read[slot]..<end]), head: .logits))
                slots.append(slot)
                read[slot] = end
            }
            for (slot, output) in zip(slots, try model.step(steps)) { logits[order[slot]] = output.logits }
        }
        #expect(logits == expected.map(\.logits), "seed \(seed), \(path), \(type)")
    }

    @Test(arguments: ReferenceModel.committed)
    func `a partial pass reads what the whole pass reads, bit for bit`(_ reference: ReferenceModel) throws {
        let model = try reference.load(threads: 2, rowLimit: 60)
        let prompts = Self.prompts(model, seed: 3)
        let expected = try Self.alone(model, prompts)
        for blocks in 0...model.configuration.blockCount {
            let streams = try model.residualStreams(of: prompts, at: ActivationSite(afterBlocks: blocks))
            #expect(streams == expected.map { $0.streams[blocks] })
        }
    }

    @Test(arguments: ReferenceModel.committed)
    func `a site is read before it is written`(_ reference: ReferenceModel) throws {
        let model = try reference.load()
        let plain = try model.trace(of: [3, 1, 4])
        let vector = [Float](repeating: 0.5, count: model.configuration.hiddenSize)
        for blocks in 0...model.configuration.blockCount {
            let injection = Injection(site: ActivationSite(afterBlocks: blocks), operation: .replace, vector: vector)
            let injected = try model.trace(of: [3, 1, 4], injection: injection)
            #expect(injected.streams[...blocks] == plain.streams[...blocks])
            #expect(zip(injected.streams, plain.streams).dropFirst(blocks + 1).allSatisfy { $0 != $1 })
            #expect(injected.logits != plain.logits)
        }
    }

    @Test func `no block beyond the site is computed`() throws {
        let model = try ReferenceModel.committed[3].load()
        var expected = 0
        for blocks in 0...model.configuration.blockCount {
            _ = try model.residualStreams(of: [[1, 2, 3], [4]], at: ActivationSite(afterBlocks: blocks))
            expected += blocks
            #expect(model.blocksComputed == expected)
        }
    }

    @Test(arguments: ReferenceModel.committed)
    func `an injection touches its own sequence alone`(_ reference: ReferenceModel) throws {
        let model = try reference.load(threads: 2, rowLimit: 50)
        let prompts = Self.prompts(model, seed: 5)
        let plain = try Self.alone(model, prompts)
        let vector = [Float](repeating: 0.5, count: model.configuration.hiddenSize)
        for blocks in 0...model.configuration.blockCount {
            let injection = Injection(site: ActivationSite(afterBlocks: blocks), operation: .sum, vector: vector)
            let steps = try prompts.enumerated().map { index, prompt in
                SequenceStep(
                    cache: try model.makeCache(), tokens: prompt, injection: index == 4 ? injection : nil, head: .logits
                )
            }
            let logits = try model.step(steps).map(\.logits)
            let injected = try model.trace(of: prompts[4], injection: injection)
            #expect(injected.logits != plain[4].logits)
            for index in prompts.indices {
                #expect(logits[index] == (index == 4 ? injected.logits : plain[index].logits))
            }
        }
    }
}
