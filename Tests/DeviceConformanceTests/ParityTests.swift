import Devices
import Models
import Run
import Testing

/// What a device computes is what the reference defines, bit for bit.
struct ParityTests {
    @Test(arguments: TestedDevice.all, TestedModel.all)
    func `streams at every site, final norm and logits have the bits that are defined`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompts = try model.prompts()
        for type in ComputeType.allCases {
            let loaded = try model.load(on: tested.device, type)
            let found = try loaded.step(prompts.map { try loaded.everything($0) })
            for (found, expected) in zip(found, try Definition.outputs(model, type, prompts, on: tested)) {
                #expect(found.bits == expected.bits, "\(type)")
            }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.all)
    func `greedy tokens are those that are defined`(_ tested: TestedDevice, _ model: TestedModel) throws {
        let prompts = try model.prompts(lengths: [1, 9], seed: 2)
        for type in ComputeType.allCases {
            let expected = try Definition.remembered("greedy \(model.name)", type, on: tested) {
                try Self.continuations(try model.load(on: tested.definition, type), prompts)
            }
            #expect(try Self.continuations(try model.load(on: tested.device, type), prompts) == expected, "\(type)")
        }
    }

    private static func continuations(_ model: LanguageModel, _ prompts: [[Int32]]) throws -> [SequenceOutput] {
        var steps = try prompts.map { SequenceStep(cache: try model.makeCache(), tokens: $0, head: .greedyToken) }
        var all: [SequenceOutput] = []
        for _ in 0..<6 {
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

    @Test(arguments: TestedDevice.all)
    func `weights of mixed types compute what their float32 values compute`(_ tested: TestedDevice) throws {
        func model(_ narrow: (String) -> Bool) -> RandomModel {
            RandomModel(name: "mixed types", configuration: tinyLlama(vocabulary: 12)) { tensor, random in
                let values = (0..<tensor.count).map { _ in
                    Float(bitPattern: Float(random.normal()).bitPattern & 0xffff_0000)
                }
                return narrow(tensor.name) ? .bfloat16(rounding: values) : .float32(values)
            }
        }
        let wide = model { _ in false }
        let expected = try Definition.outputs(wide.model, .float32, [[3, 1, 4, 1, 5]], on: tested)[0].bits
        let narrows: [(String) -> Bool] = [
            { _ in true }, { $0.contains("k_proj") || $0.contains("down") },
            { $0.contains("up") || $0.contains("lm_") },
        ]
        for narrow in narrows {
            let mixed = model(narrow)
            let loaded = try mixed.model.load(on: tested.device)
            #expect(try loaded.step([loaded.everything([3, 1, 4, 1, 5])])[0].bits == expected)
        }
        // A layer's inputs are rounded where all of its parts are bfloat16.
        let halfQuery = model { !$0.contains("k_proj") }
        let loaded = try halfQuery.model.load(on: tested.device, .bfloat16)
        let defined = try Definition.outputs(halfQuery.model, .bfloat16, [[3, 1, 4, 1, 5]], on: tested)[0].bits
        #expect(try loaded.step([loaded.everything([3, 1, 4, 1, 5])])[0].bits == defined)
    }
}
