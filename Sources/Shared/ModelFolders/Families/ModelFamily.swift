import JSON

/// The families of models that are understood.
package enum ModelFamily: String, CaseIterable, Sendable {
    case llama, mistral, qwen2, qwen3, gemma2

    /// What `config.json` says and means for models of this family.
    var description: any FamilyDescription.Type {
        switch self {
        case .llama: Llama.self
        case .mistral: Mistral.self
        case .qwen2: Qwen2.self
        case .qwen3: Qwen3.self
        case .gemma2: Gemma2.self
        }
    }

    /// For example `Llama`.
    package var name: String { description.name }

    /// For example `LlamaForCausalLM`: the entry of `architectures`.
    package var architecture: String { description.architecture }
}

/// One family: the values that transformers gives to fields which `config.json` leaves out, the fields that only
/// some families have, and the arithmetic that follows from them.
protocol FamilyDescription {
    static var name: String { get }
    static var architecture: String { get }
    /// Positions where `max_position_embeddings` is missing.
    static var maximumPositions: Int { get }
    /// Key/value heads where `num_key_value_heads` is missing; nil for as many as query heads.
    static var keyValueHeads: Int? { get }
    /// Coordinates of a head where `head_dim` is missing; nil for hidden size / heads.
    static var headDimension: Int? { get }
    /// Whether the output head is the embedding where `tie_word_embeddings` is missing.
    static var tiedEmbeddings: Bool { get }
    /// The field that names what the gate goes through, and what it is where the field is missing.
    static var activation: (field: String, missing: ModelArithmetic.Activation) { get }
    /// Tokens that end a text where no file names any.
    static var endTokens: [Int32] { get }
    /// The fields that the family understands besides those that all do.
    static var fields: Set<String> { get }
    /// Fills in what the family's fields ask for.
    static func describe(_ arithmetic: inout ModelArithmetic, _ fields: ConfigurationField) throws(ModelFolderError)
}

extension FamilyDescription {
    static var keyValueHeads: Int? { nil }
    static var headDimension: Int? { nil }
    static var tiedEmbeddings: Bool { false }
    static var activation: (field: String, missing: ModelArithmetic.Activation) { ("hidden_act", .silu) }
    static var endTokens: [Int32] { [] }
}

extension ConfigurationField {
    /// The activation that field `name` asks for.
    func activation(_ name: String) throws(ModelFolderError) -> ModelArithmetic.Activation? {
        guard let value = try string(name) else { return nil }
        if value == "swish" { return .silu }
        guard let activation = ModelArithmetic.Activation(rawValue: value) else {
            throw .unsupportedField(
                path: file, field: path(of: name), found: JSONValue.string(value).summary,
                supported: "\"silu\" or \"gelu_pytorch_tanh\"")
        }
        return activation
    }

    /// A positive number that null turns off, and that is `missing` where the field is left out.
    func cap(_ name: String, missing: Double) throws(ModelFolderError) -> Double? {
        try contains(name) ? positiveNumber(name) : missing
    }

    /// `sliding_window`: null turns it off; `missing` where the field is left out.
    func slidingWindow(missing: Int?) throws(ModelFolderError) -> Int? {
        try contains("sliding_window")
            ? integer("sliding_window", in: 1...ModelConfiguration.Limits.positions) : missing
    }

    /// Whether each block slides its window: as `layer_types` says, else as `rule` does.
    func slidingBlocks(_ count: Int, else rule: (Int) -> Bool) throws(ModelFolderError) -> [Bool] {
        guard let field = try optional("layer_types") else { return (0..<count).map(rule) }
        guard case .array(let types) = field.value, types.count == count else {
            throw field.invalid("an array of \(count), one for each block")
        }
        var result: [Bool] = []
        for type in types {
            switch type {
            // The second name is an older one.
            case .string("full_attention"), .string("attention"): result.append(false)
            case .string("sliding_attention"): result.append(true)
            default:
                throw .unsupportedField(
                    path: file, field: field.path, found: type.summary,
                    supported: "\"full_attention\" or \"sliding_attention\"")
            }
        }
        return result
    }

    /// The window of each block that slides.
    func windows(_ sliding: [Bool], _ window: Int?) throws(ModelFolderError) -> [Int?] {
        guard window != nil || !sliding.contains(true) else {
            throw .invalidField(
                path: file, field: path(of: "sliding_window"),
                expected: "an integer, since layer_types has sliding blocks", found: "none in use")
        }
        return sliding.map { $0 ? window : nil }
    }
}
