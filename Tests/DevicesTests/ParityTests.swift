import Devices
import Models
import Run
import Testing

/// What a device computes is what the reference defines, bit for bit.
@Suite struct ParityTests {
    @Test(arguments: TestedDevice.all, TestedModel.all)
    func `streams at every site, final norm and logits have the bits that are defined`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompts = try model.prompts()
        for type in ComputeType.allCases {
            let loaded = try model.load(on: tested.device, type)
            let found = try loaded.step(prompts.map { try loaded.everything($0) })
            for (found, expected) in zip(found, try Definition.outputs(model, type, prompts)) {
                #expect(found.bits == expected.bits, "\(type)")
            }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.all)
    func `greedy tokens are those that are defined`(_ tested: TestedDevice, _ model: TestedModel) throws {
        let prompts = try model.prompts(lengths: [1, 9], seed: 2)
        for type in ComputeType.allCases {
            let expected = try Definition.remembered("greedy \(model.name) \(type)") {
                try Self.continuations(try model.load(on: TestedDevice.reference, type), prompts)
            }
            #expect(try Self.continuations(try model.load(on: tested.device, type), prompts) == expected, "\(type)")
        }
    }

    private static func continuations(_ model: LanguageModel, _ prompts: [[Int32]]) throws -> [SequenceOutput] {
        var steps = try prompts.map { SequenceStep(cache: try model.makeCache(), tokens: $0, head: .greedyToken) }
        var all: [SequenceOutput] = []
        for _ in 0..<10 {
            let outputs = try model.step(steps)
            all += outputs
            for (index, output) in outputs.enumerated() { steps[index].tokens = [try #require(output.greedyToken)] }
        }
        return all
    }

    @Test(arguments: TestedDevice.all)
    func `of equal logits the first is the greedy token`(_ tested: TestedDevice) throws {
        let ties = RandomModel(name: "ties", configuration: tinyLlama(vocabulary: 40)) { tensor, _ in
            guard tensor.name == "lm_head.weight" else { return .float32((0..<tensor.count).map { _ in 1 }) }
            // The rows of 21 and 37 are equal, and those of all others are zeros.
            return .float32((0..<tensor.count).map { [21, 37].contains($0 / tensor.shape[1]) ? 1 : 0 })
        }
        let model = try ties.model.load(on: tested.device)
        let output = try model.step([SequenceStep(cache: try model.makeCache(), tokens: [3], head: .greedyToken)])[0]
        #expect(output.greedyToken == 21)
    }
}
