import CPUDevice
import Foundation
import ModelFolders
import Models
import Run
import TestSupport
import Testing

/// A model folder with figures that Hugging Face transformers computed for it (float32, CPU; the file says which
/// version).
struct ReferenceModel: Sendable, CustomTestStringConvertible {
    let name: String
    let folder: URL
    let reference: URL

    var testDescription: String { name }

    func load(
        threads: Int = 1, kernels: KernelPath? = nil, computeType: ComputeType = .float32, rowLimit: Int = 512
    ) throws -> LanguageModel {
        try LanguageModel.load(
            try ModelFolder(path: folder.path), on: try CPUDevice(threads: threads, kernels: kernels),
            computeType: computeType, rowLimit: rowLimit)
    }

    func figures() throws -> Figures {
        try JSONDecoder.snakeCase.decode(Figures.self, from: Data(contentsOf: reference))
    }

    struct Figures: Decodable {
        struct Prompt: Decodable {
            let ids: [Int32]
            let continuationIds: [Int32]
            let lastLogits: Logits
            // Some prompts carry these as well.
            let residualAfterBlock: [[Float]]?
            let logitsFull: [Float]?
            let embeddingLast: [Float]?
            let finalNormLast: [Float]?
        }
        struct Logits: Decodable {
            let argmax: Int
            let max: Float
            let first16: [Float]
        }
        let prompts: [Prompt]
    }

    /// Those of the repository: the demonstration's models and the fixtures.
    static let committed: [ReferenceModel] = {
        let assets = Repository.root.appendingPathComponent("Sources/Coordinator/DemoAssets/Assets")
        let shipped = ["model-a", "model-b"].map {
            ReferenceModel(
                name: $0, folder: assets.appendingPathComponent($0),
                reference: Repository.fixture("References/\($0).json"))
        }
        let fixtures = ["linear-rope-tied", "llama3-rope-sharded"].map {
            ReferenceModel(
                name: $0, folder: Repository.fixture("Models/\($0)"),
                reference: Repository.fixture("Models/\($0)/reference.json"))
        }
        return shipped + fixtures + families
    }()

    /// Small models of every family, with random weights.
    static let families = [
        "mistral", "qwen2", "qwen3", "gemma2", "llama-biases", "llama-dynamic", "llama-yarn", "qwen2-yarn",
    ].map {
        ReferenceModel(
            name: $0, folder: Repository.fixture("Families/\($0)"),
            reference: Repository.fixture("Families/\($0)/reference.json"))
    }

    /// Trained models outside the repository.
    static let shared: [ReferenceModel] =
        SharedData.isPresent
        ? ["stories260K", "stories260K-bf16-sharded", "babyllama105"].map {
            ReferenceModel(
                name: $0, folder: SharedData.path("models/\($0)"),
                reference: SharedData.path("models/\($0)/reference.json"))
        } : []

    static let all = committed + shared
}

/// Injections from one model into another that transformers computed with forward hooks.
struct ReferenceInjections: Sendable, CustomTestStringConvertible {
    let name: String
    let modelA: ReferenceModel
    let modelB: ReferenceModel
    let reference: URL

    var testDescription: String { name }

    struct Figures: Decodable {
        struct Pair: Decodable {
            let idsA: [Int32]
            let idsB: [Int32]
            let baseline: Baseline
            let cases: [Case]
        }
        struct Baseline: Decodable {
            let continuationIds: [Int32]
        }
        struct Case: Decodable {
            struct Logits: Decodable {
                let full: [Float]
            }
            let k: Int
            let j: Int
            let op: String
            let a: [Float]
            /// W a
            let projected: [Float]
            let b: [Float]
            let injected: [Float]
            let continuationIds: [Int32]
            let lastLogits: Logits

            enum CodingKeys: String, CodingKey {
                case k, j, op, a, b, injected, continuationIds, lastLogits
                case projected = "Wa"
            }
        }
        let pairs: [Pair]
    }

    func figures() throws -> Figures {
        try JSONDecoder.snakeCase.decode(Figures.self, from: Data(contentsOf: reference))
    }

    static let all: [ReferenceInjections] = {
        let models = ReferenceModel.all
        func model(_ name: String) -> ReferenceModel? { models.first { $0.name == name } }
        var result: [ReferenceInjections] = []
        if let a = model("model-a"), let b = model("model-b") {
            result.append(
                ReferenceInjections(
                    name: "model-a to model-b", modelA: a, modelB: b,
                    reference: Repository.fixture("References/injection.json")))
        }
        for (a, b) in [
            ("gemma2", "qwen2"), ("qwen3", "gemma2"), ("mistral", "qwen3"), ("llama-yarn", "qwen2-yarn"),
            ("qwen2", "mistral"), ("gemma2", "gemma2"), ("qwen3", "qwen3"), ("mistral", "mistral"),
            ("qwen2", "qwen2-yarn"), ("llama-biases", "llama-dynamic"),
        ] {
            guard let modelA = model(a), let modelB = model(b) else { continue }
            result.append(
                ReferenceInjections(
                    name: "\(a) to \(b)", modelA: modelA, modelB: modelB,
                    reference: Repository.fixture("Families/injection-\(a)-\(b).json")))
        }
        if let a = model("stories260K"), let b = model("babyllama105") {
            result.append(
                ReferenceInjections(
                    name: "stories260K to babyllama105", modelA: a, modelB: b,
                    reference: SharedData.path("models/injection_reference.json")))
        }
        return result
    }()
}

extension JSONDecoder {
    static var snakeCase: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}

/// The largest difference between two vectors, relative to the largest value of the expected one.
func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count, !found.isEmpty else { return .infinity }
    let scale = expected.map(abs).max() ?? 0
    let difference = zip(found, expected).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
    return scale > 0 ? difference / scale : difference
}

/// The largest difference between two vectors.
func absoluteError(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
}
