import Foundation
import TestSupport
import Testing
import Weights

/// Folders in the manner of published ones, each one of the small models with some of its files changed, and what
/// transformers reads in them: see scripts/make-references/variants.py.
struct Variants: Decodable {
    struct ModelVariant: Decodable, Sendable, CustomTestStringConvertible {
        let change: FolderChange
        let argmax: Int
        let max: Float
        let everyEighth: [Float]

        var testDescription: String { change.name }

        enum CodingKeys: String, CodingKey {
            case argmax, max
            case everyEighth = "every_eighth"
        }

        init(from decoder: any Decoder) throws {
            change = try FolderChange(from: decoder)
            let figures = try decoder.container(keyedBy: CodingKeys.self)
            argmax = try figures.decode(Int.self, forKey: .argmax)
            max = try figures.decode(Float.self, forKey: .max)
            everyEighth = try figures.decode([Float].self, forKey: .everyEighth)
        }
    }

    struct TokenVariant: Decodable, Sendable, CustomTestStringConvertible {
        let change: FolderChange
        let figures: Figures

        struct Figures: Decodable {
            let namedTokens: [String: String]
            let ids: [[Int32]]
            let texts: [String]
            let bos, eos: Int32?
            let generationEnds: [Int32]?
            let configurationEnds: [Int32]

            enum CodingKeys: String, CodingKey {
                case ids, texts, bos, eos
                case namedTokens = "named_tokens"
                case generationEnds = "generation_ends"
                case configurationEnds = "configuration_ends"
            }
        }

        var testDescription: String { change.name }

        init(from decoder: any Decoder) throws {
            change = try FolderChange(from: decoder)
            figures = try Figures(from: decoder)
        }
    }

    struct ClassVariant: Decodable {
        let base, modelType: String
        let tokenizerClass: String?
        let namedTokens: [String: String]

        enum CodingKeys: String, CodingKey {
            case base
            case modelType = "model_type"
            case tokenizerClass = "tokenizer_class"
            case namedTokens = "named_tokens"
        }
    }

    let ids: [Int32]
    let texts: [String]
    let models: [ModelVariant]
    let tokens: [TokenVariant]
    let classes: [ClassVariant]

    static let recorded: Variants = {
        let data = try! Data(contentsOf: Repository.fixture("Families/variants.json"))
        return try! JSONDecoder().decode(Variants.self, from: data)
    }()
}

/// What is changed in one of the small models' folders.
struct FolderChange: Decodable, @unchecked Sendable {  // what it holds is never changed
    let name: String
    let base: String
    /// Fields of config.json, over the base's.
    let config: Any?
    /// Files besides, by name.
    let files: [String: Any]
    let weights: String?

    private enum CodingKeys: String, CodingKey {
        case name, base, weights
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .name)
        self.name = name
        base = try container.decode(String.self, forKey: .base)
        weights = try container.decodeIfPresent(String.self, forKey: .weights)
        // As they stand: fields of any types.
        let entry = FolderChange.entries[name]
        config = entry?["config"]
        files = entry?["files"] as? [String: Any] ?? [:]
    }

    private nonisolated(unsafe) static let entries: [String: [String: Any]] = {
        let data = try! Data(contentsOf: Repository.fixture("Families/variants.json"))
        let root = try! JSONSerialization.jsonObject(with: data) as! [String: Any]
        let entries = ["models", "tokens"].flatMap { root[$0] as! [[String: Any]] }
        return Dictionary(uniqueKeysWithValues: entries.map { ($0["name"] as! String, $0) })
    }()

    /// Whether config.json says which tokens end a text, be it none.
    var hasEndTokens: Bool {
        let own = (config as? [String: Any])?["eos_token_id"] != nil
        let text = try? String(contentsOf: Repository.fixture("Families/\(base)/config.json"), encoding: .utf8)
        return own || text?.contains("eos_token_id") == true
    }

    /// Makes the folder.
    func folder(in temporary: TemporaryFolder) throws -> URL {
        let folder = try temporary.folder()
        let source = Repository.fixture("Families/\(base)")
        for name in ["model.safetensors", "tokenizer.json"] {
            try Data(contentsOf: source.appendingPathComponent(name)).write(to: folder.appendingPathComponent(name))
        }
        let original = try Data(contentsOf: source.appendingPathComponent("config.json"))
        var fields = try JSONSerialization.jsonObject(with: original) as? [String: Any] ?? [:]
        fields.merge(config as? [String: Any] ?? [:]) { $1 }
        for (name, content) in files.merging(["config.json": fields], uniquingKeysWith: { $1 }) {
            try JSONSerialization.data(withJSONObject: content).write(to: folder.appendingPathComponent(name))
        }
        if let weights { try Self.change(folder.appendingPathComponent("model.safetensors"), weights) }
        return folder
    }

    private static func change(_ url: URL, _ how: String) throws {
        let (embedding, head) = ("model.embed_tokens.weight", "lm_head.weight")
        let file = try SafetensorsFile(url)
        var tensors: [String: (shape: [Int], values: [Float], type: ScalarType)] = [:]
        for name in file.names {
            guard let tensor = try file.tensor(name) else { continue }
            tensors[name] = (tensor.shape, try tensor.floats(), tensor.scalar)
        }
        switch how {
        case "own-head":
            guard var flipped = tensors[embedding] else { break }
            let width = flipped.shape[1]
            flipped.values = stride(from: flipped.values.count - width, through: 0, by: -width).flatMap {
                flipped.values[$0..<$0 + width]
            }
            tensors[head] = flipped
        case "same-head": tensors[head] = tensors[embedding]
        case "head-alone": tensors[head] = tensors.removeValue(forKey: embedding)
        case "prefixed-head": tensors["model.\(head)"] = tensors.removeValue(forKey: head)
        default:
            tensors = Dictionary(
                uniqueKeysWithValues: tensors.map {
                    ($0.key.hasPrefix("model.") ? String($0.key.dropFirst(6)) : $0.key, $0.value)
                })
        }
        try SafetensorsWriter.write(
            tensors.sorted { $0.key < $1.key }.map { name, tensor in
                SafetensorsWriter.Tensor(
                    name: name, shape: tensor.shape,
                    values: tensor.type == .float32 ? .float32(tensor.values) : .bfloat16(rounding: tensor.values))
            }, to: url)
    }
}
