import CPUDevice
import Devices
import ModelFolders
import Models
import Run
import Testing
import WorkerEngine

/// How messages are given the median norm of the stream that they are put into.
struct ReceiverNormTests {
    private let model: LanguageModel

    init() throws {
        model = try LanguageModel.load(
            ModelFolder(path: ReferencePair.shipped.modelB), on: try CPUDevice(threads: 1), rowLimit: 3)
    }

    private func medians(_ prompts: [[Int32]], blocks: Int = 2, coordinates: Int = .max) throws -> [Double] {
        try ReceiverNorm.medians(
            of: prompts, in: model, at: [ActivationSite(afterBlocks: blocks)], coordinates: coordinates)[0]
    }

    private func norm(_ tokens: ArraySlice<Int32>, blocks: Int = 2) throws -> Double {
        try model.residualStreams(of: [Array(tokens)], at: ActivationSite(afterBlocks: blocks))[0].euclideanNorm
    }

    @Test func `of an odd number of tokens it is the middle one's, of an even number the lower one of two`() throws {
        let prompt: [Int32] = [1, 40, 7, 300, 22, 5]
        let norms = try prompt.indices.map { try norm(prompt[...$0]) }
        #expect(try medians([Array(prompt.prefix(5))]) == [norms.prefix(5).sorted()[2]])
        #expect(try medians([prompt]) == [norms.sorted()[2]])
        #expect(try medians([Array(prompt.prefix(2))]) == [min(norms[0], norms[1])])
        #expect(try medians([[1]]) == [norms[0]])
        // Beside others, and cut into passes of three tokens, it is the same.
        #expect(try medians([[1], prompt, [9, 9, 9, 9]])[1] == norms.sorted()[2])
    }

    @Test func `where a message meets the last coordinates alone, theirs is taken`() throws {
        let stream = try model.residualStreams(of: [[1]], at: ActivationSite(afterBlocks: 2))[0]
        #expect(try medians([[1]], coordinates: 5) == [stream.suffix(5).euclideanNorm])
        #expect(try medians([[1]], coordinates: stream.count) == [stream.euclideanNorm])
    }

    private func injected(
        _ vector: [Float], norm: Double?, strength: Double = 1, matches: Bool = true, width: Int = 4
    ) -> [Float] {
        Injection(
            site: ActivationSite(afterBlocks: 1), vectors: [vector],
            by: Condition.Delivery(.sum, strength: strength, matchesNorm: matches), norm: norm, width: width
        ).vectors[0]
    }

    @Test func `a message keeps its direction, gets the norm, and then the strength`() {
        #expect(injected([3, 0, 4, 0], norm: 10) == [6, 0, 8, 0])
        #expect(injected([3, 0, 4, 0], norm: 10, strength: -0.5) == [-3, 0, -4, 0])
        #expect(injected([3, 0, 4, 0], norm: 10, matches: false) == [3, 0, 4, 0])
        #expect(injected([3, 0, 4, 0], norm: nil) == [3, 0, 4, 0])
        // Of a wider one the coordinates that meet the stream count.
        #expect(injected([9, 9, 3, 4], norm: 10, width: 2) == [18, 18, 6, 8])
    }

    @Test func `zeros have no direction and stay zeros, and what is tiny or huge comes out finite`() {
        #expect(injected([0, -0.0, 0, 0], norm: 10) == [0, 0, 0, 0])
        #expect(injected([0, 0, 0, .leastNonzeroMagnitude], norm: 10) == [0, 0, 0, 10])
        #expect(injected([.greatestFiniteMagnitude, 0, 0, 0], norm: 10) == [10, 0, 0, 0])
        #expect(injected([3, 0, 4, 0], norm: 0) == [0, 0, 0, 0])
    }

    @Test func `of a message at many tokens those are left that a shorter prompt has`() {
        let message = Injection(site: .embedding, operation: .sum, vectors: [[1], [2], [3]], following: 1)
        #expect(message.cut(to: 9) == message && message.cut(to: 4) == message)
        #expect(message.cut(to: 3).vectors == [[2], [3]] && message.cut(to: 3).following == 1)
    }

    @Test func `prompts that cannot be read are refused before any work`() {
        #expect(throws: ModelError.emptyPrompt(sequence: 1)) { try medians([[1], []]) }
        #expect(throws: ModelError.siteOutOfRange(ActivationSite(afterBlocks: 9), blockCount: 4)) {
            try medians([[1]], blocks: 9)
        }
    }
}
