import Devices
import Foundation
import ModelFolders
import Models
import Run
import TestSupport
import Testing

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

extension LanguageModel {
    var sites: [ActivationSite] { (0...configuration.blockCount).map { ActivationSite(afterBlocks: $0) } }

    /// A step that reads all of a sequence's last token.
    func everything(_ tokens: [Int32], injections: [Injection] = []) throws -> SequenceStep {
        SequenceStep(
            cache: try makeCache(), tokens: tokens, injections: injections, readings: sites, head: .logits,
            readsFinalNorm: true)
    }
}
