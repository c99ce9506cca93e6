package import Devices
import ModelFolders
package import ModelReading
import Weights

/// What was understood of a model, without reading its weights: shapes, arithmetic, rotary positions, tokenizer,
/// stored types, and the memory that it will need.
package struct ModelInspection: Sendable, Encodable {
    /// One thing to know.
    package struct Field: Sendable {
        /// For programs, such as `head_dimension`.
        package let key: String
        /// For people, such as `coordinates of a head`.
        package let title: String
        package let value: Value
    }

    package indirect enum Value: Sendable, Encodable {
        case text(String)
        case integer(Int)
        case decimal(Double)
        case flag(Bool)
        case list([Value])
        case object([String: Value])
        /// How many of each kind.
        case counts([String: Int])
        /// A number of bytes.
        case bytes([String: Int])

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .decimal(let value): try container.encode(value)
            case .flag(let value): try container.encode(value)
            case .list(let values): try container.encode(values)
            case .object(let values): try container.encode(values)
            case .counts(let values), .bytes(let values): try container.encode(values)
            }
        }
    }

    package private(set) var fields: [Field] = []

    /// - Throws: `WeightError` where a file of weights is damaged, holds a type that is not read, or lacks a tensor of
    ///   the model or has it in another shape.
    package init(_ model: ReadableModel, device: any Device) throws {
        let stored = try StoredModel(model.folder)
        describeShape(model.folder, stored.configuration)
        describeArithmetic(stored.configuration)
        describeRotary(stored.configuration.rotary)
        describeTokens(model)
        try describe(stored.weights, stored.configuration, on: device)
        if let remark = stored.remark { add("remark", "note", .text(remark)) }
    }

    package func encode(to encoder: any Encoder) throws {
        let values = Dictionary(fields.map { ($0.key, $0.value) }) { first, _ in first }
        try values.encode(to: encoder)
    }

    private mutating func add(_ key: String, _ title: String, _ value: Value) {
        fields.append(Field(key: key, title: title, value: value))
    }

    private mutating func describeShape(_ folder: ModelFolder, _ shape: ModelConfiguration) {
        add("folder", "folder", .text(folder.url.path))
        add("family", "family", .text(shape.family.name))
        add("architecture", "architecture", .text(shape.family.architecture))
        add("blocks", "blocks", .integer(shape.blockCount))
        add("hidden_size", "width of the residual stream", .integer(shape.hiddenSize))
        add("query_heads", "query heads", .integer(shape.headCount))
        add("key_value_heads", "key/value heads", .integer(shape.keyValueHeadCount))
        add("head_dimension", "coordinates of a head", .integer(shape.headDimension))
        add("feed_forward_size", "width of the feed-forward network", .integer(shape.feedForwardSize))
        add("vocabulary_size", "vocabulary", .integer(shape.vocabularySize))
        add("positions", "positions", .integer(shape.maximumPositions))
        add("tied_embeddings", "output head is the embedding", .flag(shape.tiedEmbeddings))
        if !shape.unreadFields.isEmpty {
            add(
                "fields_not_read", "fields of config.json that transformers does not read",
                .list(shape.unreadFields.map(Value.text)))
        }
    }

    private mutating func describeArithmetic(_ shape: ModelConfiguration) {
        let arithmetic = shape.arithmetic
        add("activation", "activation", .text(arithmetic.activation.rawValue))
        var biases: [String] = []
        if arithmetic.queryKeyValueBias { biases += ["query", "key", "value"] }
        if arithmetic.attentionOutputBias { biases.append("attention output") }
        if arithmetic.feedForwardBias { biases += ["gate", "up", "down"] }
        add("biases", "biases", .list(biases.map(Value.text)))
        var norms = ["attention", "feed-forward"]
        if arithmetic.outputNorms { norms += ["attention output", "feed-forward output"] }
        if arithmetic.queryKeyNorm { norms += ["query", "key"] }
        add("norms", "norms", .list(norms.map(Value.text)))
        add("norm_adds_one", "norms multiply by 1 + weight", .flag(arithmetic.normsAddOne))
        add("norm_epsilon", "epsilon of the norms", .decimal(shape.rmsNormEpsilon))
        add("scales_embedding", "embedding times root of the width", .flag(arithmetic.scalesEmbedding))
        add("attention_divisor", "scores divided by the root of", .decimal(arithmetic.attentionDivisor))
        if let cap = arithmetic.attentionSoftCap { add("attention_soft_cap", "soft cap of scores", .decimal(cap)) }
        if let cap = arithmetic.logitSoftCap { add("logit_soft_cap", "soft cap of logits", .decimal(cap)) }
        let sliding = arithmetic.windows.enumerated().filter { $0.element != nil }
        if let window = sliding.first?.element {
            add("sliding_window", "sliding window", .integer(window))
            add("sliding_blocks", "blocks that slide it", .list(sliding.map { .integer($0.offset + 1) }))
        }
    }

    private mutating func describeRotary(_ rotary: RotaryConfiguration) {
        var values: [String: Value] = ["theta": .decimal(rotary.theta)]
        switch rotary.scaling {
        case .none: values["type"] = .text("default")
        case .linear(let factor):
            values["type"] = .text("linear")
            values["factor"] = .decimal(factor)
        case .dynamic(let factor, let original):
            values["type"] = .text("dynamic")
            values["factor"] = .decimal(factor)
            values["original_positions"] = .integer(original)
        case .llama3(let factor, let low, let high, let original):
            values["type"] = .text("llama3")
            values["factor"] = .decimal(factor)
            values["low_frequency_factor"] = .decimal(low)
            values["high_frequency_factor"] = .decimal(high)
            values["original_positions"] = .integer(original)
        case .yarn(let yarn):
            values["type"] = .text("yarn")
            values["factor"] = .decimal(yarn.factor)
            values["attention_factor"] = .decimal(yarn.attentionFactor)
            values["beta_fast"] = .decimal(yarn.betaFast)
            values["beta_slow"] = .decimal(yarn.betaSlow)
            values["original_positions"] = .integer(yarn.originalPositions)
            values["truncate"] = .flag(yarn.truncate)
        }
        add("rotary", "rotary positions", .object(values))
    }

    private mutating func describeTokens(_ model: ReadableModel) {
        let tokenizer = model.tokenizer
        func token(_ id: Int32) -> String { tokenizer.token(for: id).map { "\($0) (\(id))" } ?? "\(id)" }
        add("tokenizer_entries", "entries of the tokenizer", .integer(tokenizer.vocabularySize))
        add(
            "prompt_begins_with", "every prompt begins with", .list(tokenizer.encode("").map { .text(token($0)) }))
        add(
            "end_tokens", "tokens that end a text",
            .list(
                model.endTokens.ids.map { id in
                    let sources = model.endTokens.sources(of: id).map(\.rawValue).joined(separator: " and ")
                    return .text("\(token(id)) from \(sources)")
                }))
        add("named_tokens", "tokens with a part to play", .object(tokenizer.namedTokens.mapValues(Value.text)))
        add("special_tokens", "special tokens", .list(tokenizer.specialTokenIDs.map { .text(token($0)) }))
    }

    /// How many tensors are not part of the model, by name; those of all blocks under one name, with `*` for the block.
    private static func unused(_ names: [String], besides wanted: Set<String>) -> [String: Int] {
        var counts: [String: Int] = [:]
        for name in names where !wanted.contains(name) {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            counts[parts.map { Int($0) == nil ? String($0) : "*" }.joined(separator: "."), default: 0] += 1
        }
        return counts
    }

    private mutating func describe(
        _ weights: WeightFiles, _ shape: ModelConfiguration, on device: any Device
    ) throws {
        var (parameters, stored) = (0, 0)
        var types: [String: Int] = [:]
        for file in weights.files {
            for name in file.names {
                guard let tensor = try file.tensor(name) else { continue }
                let count = tensor.shape.reduce(1, *)
                parameters += count
                stored += count * tensor.scalar.byteCount
                types[tensor.scalar.rawValue, default: 0] += count * tensor.scalar.byteCount
            }
        }
        let wanted = ModelLayout(shape).tensors
        for tensor in wanted { _ = try weights.tensor(tensor.name, shape: tensor.shape) }
        let unused = Self.unused(weights.names, besides: Set(wanted.map { weights.storedName(of: $0.name) }))
        add("weight_files", "files of weights", .integer(weights.files.count))
        add("parameters", "parameters", .integer(parameters))
        if !unused.isEmpty { add("unused_tensors", "tensors that are not used", .counts(unused)) }
        add("weight_bytes", "weights by type", .bytes(types))
        // Weights are packed as they are stored.
        add(
            "memory_bytes", "memory for the weights",
            .bytes(["stored": stored, "float32": 4 * parameters, "bfloat16": 2 * parameters, "float16": 2 * parameters])
        )
        // A block that slides a window may keep no more than the window and a pass of rows.
        let context = device.cacheBytes(
            of: shape, positions: shape.maximumPositions, for: .own, rowLimit: device.standardRowLimit)
        add(
            "cache_bytes", "memory for one sequence's keys and values",
            .bytes(["position": device.cacheBytesOfPosition(of: shape), "context": context]))
    }
}
