import Devices
import Foundation
import ModelFolders
import Models
import Run
import TestSupport
import Testing
import Weights

/// A small model of some family.
struct TestedModel: Sendable, CustomTestStringConvertible {
    let name: String
    let folder: URL

    var testDescription: String { name }

    /// The model on a device; all tests that ask for the same share it.
    func load(on device: any Device, _ type: ComputeType = .float32, rowLimit: Int = 512) throws -> LanguageModel {
        let key = Self.Key(device: ObjectIdentifier(device), folder: folder, type: type, rowLimit: rowLimit)
        return try Self.loaded.value(key) {
            try LanguageModel.load(
                try ModelFolder(path: folder.path), on: device, computeType: type, rowLimit: rowLimit)
        }
    }

    private struct Key: Hashable {
        let device: ObjectIdentifier
        let folder: URL
        let type: ComputeType
        let rowLimit: Int
    }
    private static let loaded = Remembered<Key, LanguageModel>()

    /// Those of the repository with random weights, of every family, and one whose widths are odd and whose weights are
    /// stored in two types.
    static let small: [TestedModel] =
        [
            "mistral", "qwen2", "qwen3", "gemma2", "llama-biases", "llama-dynamic", "llama-yarn", "qwen2-yarn",
        ].map { TestedModel(name: $0, folder: Repository.fixture("Families/\($0)")) }
        + ["linear-rope-tied", "llama3-rope-sharded"].map {
            TestedModel(name: $0, folder: Repository.fixture("Models/\($0)"))
        } + [odd.model]

    /// Those and the demonstration's two, which are trained.
    static let all =
        small
        + ["model-a", "model-b"].map {
            TestedModel(
                name: $0, folder: Repository.root.appendingPathComponent("Sources/Coordinator/DemoAssets/Assets/\($0)"))
        }

    /// Every width leaves a remainder in pairs, vectors and panels, and a layer's parts differ in type.
    private static let odd = RandomModel(
        name: "odd widths",
        configuration: """
            {"model_type": "gemma2", "hidden_size": 33, "num_hidden_layers": 2, "num_attention_heads": 3,
            "num_key_value_heads": 1, "head_dim": 10, "intermediate_size": 35, "vocab_size": 77, "sliding_window": 5,
            "max_position_embeddings": 64, "attention_bias": true, "query_pre_attn_scalar": 10}
            """
    ) { tensor, random in
        let values = (0..<tensor.count).map { _ in Float(random.normal()) / 3 }
        return tensor.name.contains("0.self_attn.k_proj") ? .float32(values) : .bfloat16(rounding: values)
    }

    /// Prompts of mixed lengths: longer than the windows, a tile of queries, a block of keys.
    func prompts(lengths: [Int] = [1, 2, 13, 33, 64], seed: UInt64 = 1) throws -> [[Int32]] {
        let vocabulary = try ModelFolder(path: folder.path).configuration.vocabularySize
        return lengths.map { length in
            var random = NamedGenerator(seed: seed, purpose: "prompt", key: "\(length)")
            return (0..<length).map { _ in Int32(random.index(below: vocabulary)) }
        }
    }
}

/// A model folder made by a test, which goes when this does.
final class RandomModel: Sendable {
    let model: TestedModel
    private let temporary: TemporaryFolder

    struct Tensor {
        let name: String
        var shape: [Int]
        var count: Int { shape.reduce(1, *) }
    }

    /// - Parameter values: of each tensor that the configuration asks for; it is left out where there are none.
    init(
        name: String, configuration: String,
        values: (inout Tensor, inout NamedGenerator) -> SafetensorsWriter.Tensor.Values?
    ) {
        do {
            temporary = try TemporaryFolder()
            let config = temporary.file("config.json")
            try Data(configuration.utf8).write(to: config)
            let tensors = ModelLayout(try ModelConfiguration(config: config)).tensors.compactMap { tensor in
                var random = NamedGenerator(seed: 1, purpose: "weights", key: tensor.name)
                var made = Tensor(name: tensor.name, shape: tensor.shape)
                return values(&made, &random).map {
                    SafetensorsWriter.Tensor(name: made.name, shape: made.shape, values: $0)
                }
            }
            try SafetensorsWriter.write(tensors, to: temporary.file("model.safetensors"))
        } catch {
            fatalError("\(name): \(error)")
        }
        model = TestedModel(name: name, folder: temporary.url)
    }
}

extension LanguageModel {
    var sites: [ActivationSite] { (0...configuration.blockCount).map { ActivationSite(afterBlocks: $0) } }

    /// A step that reads all of a sequence's last token.
    func everything(_ tokens: [Int32], injection: Injection? = nil) throws -> SequenceStep {
        SequenceStep(
            cache: try makeCache(), tokens: tokens, injection: injection, readings: sites, head: .logits,
            readsFinalNorm: true)
    }
}

extension SequenceOutput {
    /// All values' bits: what "the same" means here, the sign of zero included.
    var bits: [Data] {
        (activations + [finalNorm, logits]).map { values in values.withUnsafeBytes { Data($0) } }
    }
}

/// What the reference device computes, once for all the tests that ask for it.
enum Definition {
    private static let known = Remembered<String, [SequenceOutput]>()

    /// Of the model's prompts, each read alone and in one piece.
    static func outputs(_ model: TestedModel, _ type: ComputeType, _ prompts: [[Int32]]) throws -> [SequenceOutput] {
        try remembered("\(model.folder.path) \(type) \(prompts)") {
            let reference = try model.load(on: TestedDevice.reference, type)
            return try prompts.map { try reference.step([reference.everything($0)])[0] }
        }
    }

    static func remembered(_ name: String, _ compute: () throws -> [SequenceOutput]) throws -> [SequenceOutput] {
        try known.value(name, compute)
    }
}

/// Values that were computed once.
private final class Remembered<Key: Hashable, Value>: @unchecked Sendable {  // `values` are used under `lock` alone
    private let lock = NSLock()
    private var values: [Key: Value] = [:]

    func value(_ key: Key, _ compute: () throws -> Value) rethrows -> Value {
        if let known = lock.withLock({ values[key] }) { return known }
        // Two tests may compute the same at the same time: the first one's is kept.
        let value = try compute()
        return lock.withLock {
            if let known = values[key] { return known }
            values[key] = value
            return value
        }
    }
}
