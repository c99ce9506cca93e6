import CPUDevice
import Devices
import Foundation
import ModelFolders
import Models
import TestSupport
import Testing
import Weights

/// Weights that do not fit the configuration, or are damaged, are refused by the name of the tensor.
@Suite struct LoadingTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private static let shapes: [(name: String, shape: [Int])] = {
        let block = "model.layers.0"
        return [
            ("model.embed_tokens.weight", [10, 8]), ("\(block).input_layernorm.weight", [8]),
            ("\(block).self_attn.q_proj.weight", [8, 8]), ("\(block).self_attn.k_proj.weight", [4, 8]),
            ("\(block).self_attn.v_proj.weight", [4, 8]), ("\(block).self_attn.o_proj.weight", [8, 8]),
            ("\(block).post_attention_layernorm.weight", [8]), ("\(block).mlp.gate_proj.weight", [12, 8]),
            ("\(block).mlp.up_proj.weight", [12, 8]), ("\(block).mlp.down_proj.weight", [8, 12]),
            ("model.norm.weight", [8]), ("lm_head.weight", [10, 8]),
        ]
    }()

    /// A folder with one small random block, its tensors changed by `change`.
    private func folder(
        _ change: (String, [Int], [Float]) -> SafetensorsWriter.Tensor?
    ) throws -> ModelFolder {
        let url = try temporary.folder()
        let config = """
            {"model_type":"llama","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,
            "intermediate_size":12,"vocab_size":10}
            """
        try Data(config.utf8).write(to: url.appendingPathComponent("config.json"))
        var random = SeededGenerator(seed: 31)
        let tensors = Self.shapes.compactMap { name, shape in
            change(name, shape, (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) })
        }
        try SafetensorsWriter.write(tensors, to: url.appendingPathComponent("model.safetensors"))
        return try ModelFolder(path: url.path)
    }

    private func plain(_ name: String, _ shape: [Int], _ values: [Float]) -> SafetensorsWriter.Tensor {
        SafetensorsWriter.Tensor(name: name, shape: shape, values: .float32(values))
    }

    @Test func `a complete folder loads`() throws {
        let model = try LanguageModel.load(try folder(plain), on: CPUDevice(threads: 1))
        #expect(try model.trace(of: [1, 2]).logits.count == 10)
    }

    @Test(arguments: shapes.map(\.name))
    func `a missing tensor is named`(_ missing: String) throws {
        let folder = try folder { $0 == missing ? nil : plain($0, $1, $2) }
        let error = #expect(throws: WeightError.self) { try LanguageModel.load(folder, on: CPUDevice(threads: 1)) }
        #expect(error == .missing(tensor: missing, files: folder.weightFiles[0].path))
    }

    @Test(arguments: shapes.map(\.name))
    func `a tensor of another shape is named, with both shapes`(_ wrong: String) throws {
        let folder = try folder { name, shape, values in
            name == wrong ? plain(name, [1] + shape, values) : plain(name, shape, values)
        }
        let shape = Self.shapes.first { $0.name == wrong }?.shape ?? []
        let error = #expect(throws: WeightError.self) { try LanguageModel.load(folder, on: CPUDevice(threads: 1)) }
        #expect(
            error == .wrongShape(path: folder.weightFiles[0].path, tensor: wrong, expected: shape, found: [1] + shape))
    }

    @Test(arguments: shapes.map(\.name), [Float.nan, .infinity, -.infinity])
    func `a value that is not finite is named`(_ damaged: String, _ value: Float) throws {
        let folder = try folder { name, shape, values in
            var values = values
            if name == damaged { values[values.count - 2] = value }
            return plain(name, shape, values)
        }
        let count = Self.shapes.first { $0.name == damaged }?.shape.reduce(1, *) ?? 0
        let error = #expect(throws: WeightError.self) { try LanguageModel.load(folder, on: CPUDevice(threads: 2)) }
        #expect(error == .notFinite(path: folder.weightFiles[0].path, tensor: damaged, index: count - 2))
    }

    @Test func `weights of mixed types compute what their float32 values compute`() throws {
        func halved(_ values: [Float]) -> [Float] {
            values.map { Float(bitPattern: $0.bitPattern & 0xffff_0000) }
        }
        let mixed = try folder { name, shape, values in
            name.contains("k_proj") || name.contains("down")
                ? SafetensorsWriter.Tensor(name: name, shape: shape, values: .bfloat16(rounding: halved(values)))
                : plain(name, shape, values)
        }
        let wide = try folder { name, shape, values in
            plain(name, shape, name.contains("k_proj") || name.contains("down") ? halved(values) : values)
        }
        let traces = try [mixed, wide].map {
            try LanguageModel.load($0, on: CPUDevice(threads: 1)).trace(of: [3, 1, 4, 1, 5])
        }
        #expect(traces[0] == traces[1])
    }

    @Test func `a row limit that makes no sense is refused`() throws {
        let folder = try folder(plain)
        #expect(throws: ModelError.unusableRowLimit(0)) {
            try LanguageModel.load(folder, on: CPUDevice(threads: 1), rowLimit: 0)
        }
    }
}
