import Devices
import Models
import Run
import Testing
import Weights

/// What no device computes with.
struct RefusalTests {
    private static func random(
        _ change: (inout RandomModel.Tensor, inout [Float]) -> Bool = { _, _ in true }
    ) -> RandomModel {
        RandomModel(name: "random", configuration: tinyLlama(vocabulary: 12)) { tensor, random in
            var values = (0..<tensor.count).map { _ in Float(random.normal()) }
            guard change(&tensor, &values) else { return nil }
            return tensor.name.contains("down") ? .bfloat16(rounding: values) : .float32(values)
        }
    }

    private static let tensors =
        ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"]
        + [
            "input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
            "post_attention_layernorm", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
        ].map { "model.layers.0.\($0).weight" }

    @Test(arguments: TestedDevice.all, tensors)
    func `a weight that is infinite or not a number is refused, by its tensor and place`(
        _ tested: TestedDevice, _ damaged: String
    ) throws {
        for value in [Float.nan, .infinity, -.infinity] {
            var place = 0
            let model = Self.random { tensor, values in
                if tensor.name == damaged {
                    place = values.count - 2
                    values[place] = value
                }
                return true
            }
            let file = model.model.folder.appendingPathComponent("model.safetensors").path
            let error = #expect(throws: WeightError.self) { try model.model.load(on: tested.device) }
            #expect(error == .notFinite(path: file, tensor: damaged, index: place))
        }
    }

    @Test(arguments: TestedDevice.all, tensors)
    func `a tensor that is missing is named`(_ tested: TestedDevice, _ missing: String) throws {
        let model = Self.random { tensor, _ in tensor.name != missing }
        let file = model.model.folder.appendingPathComponent("model.safetensors").path
        let error = #expect(throws: WeightError.self) { try model.model.load(on: tested.device) }
        #expect(error == .missing(tensor: missing, files: file))
    }

    @Test(arguments: TestedDevice.all, tensors)
    func `a tensor of another shape is named, with both shapes`(_ tested: TestedDevice, _ wrong: String) throws {
        var shape: [Int] = []
        let model = Self.random { tensor, _ in
            if tensor.name == wrong {
                shape = tensor.shape
                tensor.shape = [1] + shape
            }
            return true
        }
        let file = model.model.folder.appendingPathComponent("model.safetensors").path
        let error = #expect(throws: WeightError.self) { try model.model.load(on: tested.device) }
        #expect(error == .wrongShape(path: file, tensor: wrong, expected: shape, found: [1] + shape))
    }

    @Test(arguments: TestedDevice.all)
    func `a vector that cannot be injected is refused`(_ tested: TestedDevice) throws {
        let made = Self.random()
        let model = try made.model.load(on: tested.device)
        func inject(_ vector: [Float]) throws {
            _ = try model.trace(of: [1], injections: [Injection(site: .embedding, operation: .mean, vector: vector)])
        }
        #expect(throws: ModelError.emptyInjection(sequence: 0)) { try inject([]) }
        #expect(throws: ModelError.injectionNotFinite(sequence: 0, index: 1)) { try inject([0, .nan]) }
        #expect(throws: ModelError.injectionNotFinite(sequence: 0, index: 0)) { try inject([-.infinity]) }
    }

    @Test(arguments: TestedDevice.all)
    func `caches of another model or device, of unequal depth, or used twice are refused`(
        _ tested: TestedDevice
    ) throws {
        let made = [Self.random(), Self.random(), Self.random()]
        let model = try made[0].model.load(on: tested.device)
        let other = try made[1].model.load(on: tested.device)
        let elsewhere = try made[2].model.load(on: TestedDevice.reference)
        let cache = try model.makeCache()
        for cache in [try other.makeCache(), try elsewhere.makeCache()] {
            #expect(throws: ModelError.unusableCache(sequence: 0, reason: "was made for another model")) {
                try model.step([SequenceStep(cache: cache, tokens: [1])])
            }
        }
        #expect(throws: ModelError.unusableCache(sequence: 1, reason: "stands twice in one batch")) {
            try model.step([SequenceStep(cache: cache, tokens: [1]), SequenceStep(cache: cache, tokens: [1])])
        }
        let partial = try model.makeCache(through: .embedding)
        #expect(throws: ModelError.self) {
            try model.step([SequenceStep(cache: cache, tokens: [1]), SequenceStep(cache: partial, tokens: [1])])
        }
        #expect(throws: ModelError.self) { try model.step([SequenceStep(cache: partial, tokens: [1], head: .logits)]) }
        #expect(cache.length == 0)
    }
}
