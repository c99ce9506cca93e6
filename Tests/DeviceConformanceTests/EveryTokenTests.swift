import Devices
import Models
import Run
import Testing

/// Streams at every token of a step are those that each token has as the last one.
struct EveryTokenTests {
    /// Of each site, token by token.
    private static func streams(_ output: SequenceOutput, width: Int) -> [[[UInt32]]] {
        output.activations.map { values in
            stride(from: 0, to: values.count, by: width).map { values[$0..<$0 + width].map(\.bitPattern) }
        }
    }

    private static func step(_ model: LanguageModel, _ tokens: [Int32], head: SequenceStep.Head) throws -> SequenceStep
    {
        SequenceStep(
            cache: try model.makeCache(), tokens: tokens, readings: model.sites, readsEveryToken: true, head: head,
            readsFinalNorm: head != .none)
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `every token's streams have the bits that are defined, beside steps that read their last token alone`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompts = try model.prompts()
        for type in ComputeType.allCases {
            let expected = try Definition.remembered("every token \(model.name)", type, on: tested) {
                let reference = try model.load(on: tested.definition, type)
                return try prompts.map { try reference.step([Self.step(reference, $0, head: .logits)])[0] }
            }
            for rowLimit in [7, 50] {
                let loaded = try model.load(on: tested.device, type, rowLimit: rowLimit)
                let steps = try prompts.flatMap { prompt in
                    [try Self.step(loaded, prompt, head: .logits), try loaded.everything(prompt)]
                }
                let found = try loaded.step(steps)
                for (place, expected) in expected.enumerated() {
                    #expect(found[2 * place].bits == expected.bits, "\(type), \(rowLimit) rows")
                    var last = expected
                    let width = loaded.configuration.hiddenSize
                    last.activations = last.activations.map { Array($0.suffix(width)) }
                    #expect(found[2 * place + 1].bits == last.bits, "\(type), \(rowLimit) rows")
                }
            }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `a token's stream is that of the prompt which ends with it`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompt = try model.prompts(lengths: [13])[0]
        let loaded = try model.load(on: tested.device, rowLimit: 64)
        let width = loaded.configuration.hiddenSize
        let found = Self.streams(try loaded.step([Self.step(loaded, prompt, head: .none)])[0], width: width)
        let ends = try loaded.residualStreams(of: prompt.indices.map { Array(prompt[...$0]) }, at: loaded.sites)
        #expect(found == ends.map { $0.map { $0.map(\.bitPattern) } })
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `norms are those of the streams, of all coordinates or the last ones, however the prompts are cut`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompts = try model.prompts(lengths: [2, 33, 5])
        let sites = [ActivationSite(afterBlocks: 2), .embedding, ActivationSite(afterBlocks: 1)]
        let whole = try model.load(on: tested.device, rowLimit: 64)
        let streams = try prompts.map { try whole.step([Self.step(whole, $0, head: .none)])[0].activations }
        for (rowLimit, coordinates) in [(6, 3), (95, 1 << 20)] {
            let loaded = try model.load(on: tested.device, rowLimit: rowLimit)
            let width = loaded.configuration.hiddenSize
            let found = try loaded.streamNorms(of: prompts, at: sites, coordinates: coordinates)
            for (site, norms) in zip(sites, found) {
                let expected = streams.map { streams in
                    stride(from: 0, to: streams[site.blocks].count, by: width).map {
                        streams[site.blocks][$0..<$0 + width].suffix(coordinates).euclideanNorm
                    }
                }
                #expect(norms == expected, "\(site), \(rowLimit) rows")
            }
            // No block beyond the deepest site is computed: counted on a model of this test's own, by its row limit.
            #expect(loaded.blocksComputed == (40 + rowLimit - 1) / rowLimit * 2)
        }
    }
}
