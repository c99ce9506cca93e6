import Devices
import Models
import Run
import Testing

/// Products of bfloat16: rounded inputs, the odd one of a pair first, subnormals taken as zero. Nothing of this holds
/// where the compute type is float32.
struct BFloat16Tests {
    /// What the head reads: streams are ones here, so it is the final norm's weights.
    private static let normed: [Float] = [0x1p-75, 0x1p-63, 0x1p-66, 0x1p-70, 0x1p-61, 0x1p-60, 0x1p-130, 0x1p20]

    /// The first rows of the head, and the logits that they give.
    private static let rows: [(weights: [Float], float32: Float, bfloat16: Float)] = [
        // 2^-126 - 2^-150. With 24 bits that is less than 2^-126, but the nearest float32 is 2^-126.
        ([-0x1p-75, 0x1p-63, 0, 0, 0, 0, 0, 0], 0x1p-126, 0),
        // A subnormal sum.
        ([-0x1p-63, 0x1p-63, 0, 0, 0, 0, 0, 0], 0x1p-126 - 0x1p-138, 0),
        // The least normal number.
        ([0, 0x1p-63, 0, 0, 0, 0, 0, 0], 0x1p-126, 0x1p-126),
        // A subnormal weight, and a subnormal input.
        ([0, 0, 0, 0, 0, 0, 0, 0x1p-130], 0x1p-110, 0),
        ([0, 0, 0, 0, 0, 0, 0x1p20, 0], 0x1p-110, 0),
    ]

    private static let model = RandomModel(name: "small values", configuration: tinyLlama(vocabulary: 2048)) {
        tensor, random in
        let values: [Float]
        switch tensor.name {
        case "model.norm.weight": values = normed
        case "lm_head.weight":
            values = (0..<tensor.shape[0]).flatMap { row in
                if row < rows.count { return rows[row].weights }
                // Products of all sizes from 2^-151 to 2^-119, but with the last two inputs.
                return (0..<8).map { input in
                    let sign: FloatingPointSign = random.index(below: 2) == 0 ? .plus : .minus
                    let value = Float(
                        sign: sign, exponent: -76 + random.index(below: 17),
                        significand: 1 + Float(random.index(below: 128)) / 128)
                    return input < 6 ? value : 0
                }
            }
        case let name where name.contains("o_proj") || name.contains("down_proj"):
            values = Array(repeating: 0, count: tensor.count)
        default: values = Array(repeating: 1, count: tensor.count)
        }
        return .bfloat16(rounding: values)
    }

    /// Half-way between two values of bfloat16, and right beside.
    private static let halves: [Float] = [1 + 0x1p-8, 1 + 0x3p-8, -1 - 0x1p-8, 1 + 0x1p-8 + 0x1p-23, 1, 1, 1, 1]

    private static let order = RandomModel(name: "order", configuration: tinyLlama(vocabulary: 9)) { tensor, _ in
        switch tensor.name {
        case "model.norm.weight": return .float32(halves)
        case "lm_head.weight":
            // The rows show the inputs, each by itself, and a sum whose value depends on its order.
            let inputs = (0..<64).map { Float($0 / 8 == $0 % 8 ? 1 : 0) }
            return .bfloat16(rounding: inputs + [0, 0, 0, 0, 0x1p24, 1, -0x1p24, 1])
        case let name where name.contains("o_proj") || name.contains("down_proj"):
            return .bfloat16(rounding: Array(repeating: 0, count: tensor.count))
        default: return .bfloat16(rounding: Array(repeating: 1, count: tensor.count))
        }
    }

    @Test(arguments: TestedDevice.all)
    func `inputs are rounded to the nearest, ties to even, and sums have their kind's order`(
        _ tested: TestedDevice
    ) throws {
        func logits(_ type: ComputeType) throws -> [Float] {
            let model = try Self.order.model.load(on: tested.device, type)
            return try model.trace(of: [5]).logits
        }
        // A processor adds the odd one of a pair first; tensor cores take all at once, without rounding between.
        let last: Float = tested.sums == .processor ? 0 : 2
        #expect(try logits(.bfloat16) == [1, 1 + 0x1p-6, -1, 1 + 0x1p-7, 1, 1, 1, 1, last])
        #expect(try logits(.float32) == Self.halves + [1])
    }

    @Test(arguments: TestedDevice.all, ComputeType.allCases)
    func `sums around the least normal number have the bits that are defined`(
        _ tested: TestedDevice, _ type: ComputeType
    ) throws {
        let model = try Self.model.model.load(on: tested.device, type)
        let found = try model.step([model.everything([5])])[0]
        #expect(found.finalNorm == Self.normed)
        for (logit, row) in zip(found.logits, Self.rows) where type == .float32 || tested.sums == .processor {
            #expect(logit == (type == .bfloat16 ? row.bfloat16 : row.float32), "\(row.weights)")
        }
        #expect(found.bits == (try Definition.outputs(Self.model.model, type, [[5]], on: tested))[0].bits)
    }
}

/// A Llama whose norms divide by the root of the mean square and by nothing more.
func tinyLlama(vocabulary: Int) -> String {
    """
    {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
    "num_key_value_heads": 1, "intermediate_size": 6, "vocab_size": \(vocabulary), "rms_norm_eps": 1e-30}
    """
}
