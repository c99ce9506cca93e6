import Devices
import Foundation
import ModelFolders
import Models
import Testing

@Suite struct ModelErrorTests {
    private let reference = ReferenceModel.committed[2]

    @Test func `a prompt that cannot be read is refused, and the sequence named`() throws {
        let model = try reference.load()
        let limit = model.configuration.maximumPositions
        let vocabulary = model.configuration.vocabularySize
        let site = ActivationSite(afterBlocks: 1)
        #expect(throws: ModelError.emptyPrompt(sequence: 1)) { try model.residualStreams(of: [[1], []], at: site) }
        #expect(throws: ModelError.tooManyTokens(sequence: 0, tokens: limit + 1, limit: limit)) {
            try model.residualStreams(of: [[Int32](repeating: 1, count: limit + 1)], at: site)
        }
        for token in [Int32(-1), Int32(vocabulary), .max, .min] {
            #expect(
                throws: ModelError.tokenOutOfVocabulary(
                    sequence: 2, index: 1, token: token, vocabularySize: vocabulary)
            ) {
                try model.residualStreams(of: [[1], [1], [1, token]], at: site)
            }
        }
    }

    @Test func `the whole context can be read, and not a token more`() throws {
        let model = try reference.load(threads: 2)
        let limit = model.configuration.maximumPositions
        let cache = try model.makeCache()
        _ = try model.step([SequenceStep(cache: cache, tokens: [Int32](repeating: 1, count: limit))])
        #expect(cache.length == limit)
        #expect(throws: ModelError.tooManyTokens(sequence: 0, tokens: limit + 1, limit: limit)) {
            try model.step([SequenceStep(cache: cache, tokens: [1])])
        }
    }

    @Test func `a site that the model does not have is refused`() throws {
        let model = try reference.load()
        let blocks = model.configuration.blockCount
        for wrong in [-1, blocks + 1, .max, .min] {
            let site = ActivationSite(afterBlocks: wrong)
            #expect(throws: ModelError.siteOutOfRange(site, blockCount: blocks)) {
                try model.residualStreams(of: [[1]], at: site)
            }
            #expect(throws: ModelError.siteOutOfRange(site, blockCount: blocks)) {
                try model.trace(of: [1], injection: Injection(site: site, operation: .sum, vector: [1]))
            }
        }
    }

    @Test func `a vector that cannot be injected is refused`() throws {
        let model = try reference.load()
        func inject(_ vector: [Float]) throws {
            _ = try model.trace(of: [1], injection: Injection(site: .embedding, operation: .mean, vector: vector))
        }
        #expect(throws: ModelError.emptyInjection(sequence: 0)) { try inject([]) }
        #expect(throws: ModelError.injectionNotFinite(sequence: 0, index: 1)) { try inject([0, .nan]) }
        #expect(throws: ModelError.injectionNotFinite(sequence: 0, index: 0)) { try inject([-.infinity]) }
    }

    @Test func `caches of another model, of unequal depth, or used twice are refused`() throws {
        let model = try reference.load()
        let other = try ReferenceModel.committed[3].load()
        let cache = try model.makeCache()
        #expect(throws: ModelError.self) { try model.step([SequenceStep(cache: try other.makeCache(), tokens: [1])]) }
        #expect(throws: ModelError.self) {
            try model.step([SequenceStep(cache: cache, tokens: [1]), SequenceStep(cache: cache, tokens: [1])])
        }
        let partial = try model.makeCache(through: ActivationSite(afterBlocks: 1))
        #expect(throws: ModelError.self) {
            try model.step([SequenceStep(cache: cache, tokens: [1]), SequenceStep(cache: partial, tokens: [1])])
        }
        #expect(throws: ModelError.self) {
            try model.step([SequenceStep(cache: partial, tokens: [1], head: .logits)])
        }
    }
}
