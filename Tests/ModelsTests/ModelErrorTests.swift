import Devices
import Foundation
import ModelFolders
import Models
import Testing

struct ModelErrorTests {
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

    @Test func `a site that the model does not have is refused`() throws {
        let model = try reference.load()
        let blocks = model.configuration.blockCount
        for wrong in [-1, blocks + 1, .max, .min] {
            let site = ActivationSite(afterBlocks: wrong)
            #expect(throws: ModelError.siteOutOfRange(site, blockCount: blocks)) {
                try model.residualStreams(of: [[1]], at: site)
            }
            #expect(throws: ModelError.siteOutOfRange(site, blockCount: blocks)) {
                try model.trace(of: [1], injections: [Injection(site: site, operation: .sum, vector: [1])])
            }
        }
    }

    @Test func `a row limit that makes no sense is refused`() throws {
        for limit in [0, -1] {
            #expect(throws: ModelError.unusableRowLimit(limit)) { try reference.load(rowLimit: limit) }
        }
    }
}
