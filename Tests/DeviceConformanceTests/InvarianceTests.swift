import Devices
import Models
import Run
import Testing

/// A result is a function of its own inputs, bit for bit: of its sequence's tokens and injection.
struct InvarianceTests {
    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `neither the batch nor the row limit changes a bit`(_ tested: TestedDevice, _ model: TestedModel) throws {
        let prompts = try model.prompts()
        for type in ComputeType.allCases {
            let expected = try Definition.outputs(model, type, prompts, on: tested).map(\.bits)
            for rowLimit in [7, 64] {
                let loaded = try model.load(on: tested.device, type, rowLimit: rowLimit)
                let together = try loaded.step(prompts.reversed().map { try loaded.everything($0) })
                #expect(together.map(\.bits).reversed() == expected, "\(type), \(rowLimit) rows")
                let alone = try loaded.step([loaded.everything(prompts[3])])
                #expect(alone.map(\.bits) == [expected[3]], "\(type), \(rowLimit) rows")
            }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `neither the order of prompts nor how they are cut changes a bit`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        for (seed, type) in [(1, ComputeType.float32), (2, .bfloat16), (3, .bfloat16)] {
            var random = NamedGenerator(seed: UInt64(seed), purpose: "cuts", key: model.name)
            let loaded = try model.load(on: tested.device, type, rowLimit: 1 + random.index(below: 90))
            let prompts = try model.prompts()
            let expected = try Definition.outputs(model, type, prompts, on: tested)
            let order = random.permutation(of: prompts.count)
            let caches = try order.map { _ in try loaded.makeCache() }
            var outputs = [SequenceOutput](repeating: SequenceOutput(), count: prompts.count)
            while zip(caches, order).contains(where: { $0.length < prompts[$1].count }) {
                // Some sequences go on, each by a random piece.
                let slots = order.indices.filter { slot in
                    caches[slot].length < prompts[order[slot]].count && random.index(below: 2) == 0
                }
                let steps = slots.map { slot in
                    let rest = prompts[order[slot]].dropFirst(caches[slot].length)
                    return SequenceStep(
                        cache: caches[slot], tokens: Array(rest.prefix(1 + random.index(below: rest.count))),
                        readings: loaded.sites, head: .logits, readsFinalNorm: true)
                }
                for (slot, output) in zip(slots, try loaded.step(steps)) { outputs[order[slot]] = output }
            }
            #expect(outputs.map(\.bits) == expected.map(\.bits), "seed \(seed), \(type)")
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `a pass to a site reads what the whole pass reads, and computes no block beyond it`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompts = try model.prompts()
        // Counted on a model of this test's own.
        let loaded = try model.load(on: tested.device, rowLimit: 200)
        let expected = try Definition.outputs(model, .float32, prompts, on: tested)
        var blocks = 0
        for site in loaded.sites {
            let streams = try loaded.residualStreams(of: prompts, at: site)
            #expect(streams == expected.map { $0.activations[site.blocks] }, "\(site)")
            blocks += site.blocks
            #expect(loaded.blocksComputed == blocks)
        }
    }
}
