package import Foundation
import JSON

/// The shape of a model and the arithmetic of its blocks, as its `config.json` gives them, checked.
package struct ModelConfiguration: Hashable, Sendable {
    package let family: ModelFamily
    package let arithmetic: ModelArithmetic
    /// Width of the residual stream.
    package let hiddenSize: Int
    /// Transformer blocks, L.
    package let blockCount: Int
    /// Query heads.
    package let headCount: Int
    /// Key/value heads; a divisor of `headCount`.
    package let keyValueHeadCount: Int
    /// Coordinates of a head; even.
    package let headDimension: Int
    /// Width of the gated feed-forward layer.
    package let feedForwardSize: Int
    package let vocabularySize: Int
    /// Positions of a context: prompt and generated tokens together.
    package let maximumPositions: Int
    package let rmsNormEpsilon: Double
    package let rotary: RotaryConfiguration
    /// Whether the output head is the embedding matrix.
    package private(set) var tiedEmbeddings: Bool
    package let beginTokens: [Int32]
    /// Tokens that end a text, as `generation_config.json` and `config.json` name them.
    package let endTokens: EndTokens
    /// Fields of `config.json` that were passed over, since transformers does not read them either, sorted.
    package let unreadFields: [String]

    /// What `architectures` may say.
    package static let supportedArchitectures = ModelFamily.allCases.map(\.architecture)

    /// Bounds that no model comes near; products of any three fit an Int.
    enum Limits {
        static let width = 1 << 18
        static let feedForward = 1 << 20
        static let blocks = 1 << 12
        static let heads = 1 << 12
        static let vocabulary = 1 << 24
        static let positions = 1 << 24
        static let configurationBytes = 1 << 20
    }

    /// Reads `config.json`, and `generation_config.json` where there is one.
    ///
    /// Any field that changes the arithmetic and is not computed here is an error.
    /// - Parameter ignoring: fields of `config.json` that are taken as not being there.
    package init(
        config: URL, generationConfig: URL? = nil, ignoring: Set<String> = []
    ) throws(ModelFolderError) {
        let fields = try ConfigurationField(contentsOf: config, limit: Limits.configurationBytes)
            .leavingOut(ignoring)
        family = try Self.family(fields)
        let defaults = family.description
        unreadFields = try ConfigurationFields.check(fields, family)

        hiddenSize = try fields.requiredInteger("hidden_size", in: 1...Limits.width)
        blockCount = try fields.requiredInteger("num_hidden_layers", in: 1...Limits.blocks)
        headCount = try fields.requiredInteger("num_attention_heads", in: 1...Limits.heads)
        // Null means as many as query heads; a field that is left out, what the family has.
        let missing = try fields.contains("num_key_value_heads") ? nil : defaults.keyValueHeads
        keyValueHeadCount =
            try fields.integer("num_key_value_heads", in: 1...Limits.heads) ?? missing ?? headCount
        feedForwardSize = try fields.requiredInteger("intermediate_size", in: 1...Limits.feedForward)
        vocabularySize = try fields.requiredInteger("vocab_size", in: 1...Limits.vocabulary)
        maximumPositions =
            try fields.integer("max_position_embeddings", in: 1...Limits.positions)
            ?? defaults.maximumPositions
        rmsNormEpsilon = try fields.positiveNumber("rms_norm_eps") ?? 1e-6
        tiedEmbeddings = try fields.bool("tie_word_embeddings") ?? defaults.tiedEmbeddings
        rotary = try RotaryConfiguration(fields, maximumPositions: maximumPositions)

        guard headCount % keyValueHeadCount == 0 else {
            throw .invalidField(
                path: fields.file, field: "num_key_value_heads",
                expected: "a divisor of num_attention_heads (\(headCount))",
                found: "\(keyValueHeadCount)")
        }
        let given = try fields.integer("head_dim", in: 1...Limits.width) ?? defaults.headDimension
        if given == nil && hiddenSize % headCount != 0 {
            throw .invalidField(
                path: fields.file, field: "hidden_size", expected: "a multiple of num_attention_heads (\(headCount))",
                found: "\(hiddenSize)")
        }
        headDimension = given ?? hiddenSize / headCount
        guard headDimension % 2 == 0, headDimension * headCount <= Limits.feedForward else {
            throw .invalidField(
                path: fields.file, field: "head_dim",
                expected: "an even number, at most \(Limits.feedForward) over all heads", found: "\(headDimension)")
        }

        guard rotary.frequencies(headDimension: headDimension).allSatisfy(\.isFinite) else {
            throw .invalidField(
                path: fields.file, field: "rope_theta", expected: "a base whose frequencies are finite",
                found: "\(rotary.theta)")
        }
        var arithmetic = ModelArithmetic(blockCount: blockCount, headDimension: headDimension)
        arithmetic.activation = try fields.activation(defaults.activation.field) ?? defaults.activation.missing
        try defaults.describe(&arithmetic, fields)
        self.arithmetic = arithmetic

        let begin = try fields.tokens("bos_token_id", vocabularySize: vocabularySize)
        beginTokens = begin
        endTokens = try Self.endTokens(fields, generationConfig, defaults, vocabularySize: vocabularySize)
    }

    private static func endTokens(
        _ fields: ConfigurationField, _ generationConfig: URL?, _ family: any FamilyDescription.Type,
        vocabularySize: Int
    ) throws(ModelFolderError) -> EndTokens {
        var ends = EndTokens()
        var isNamed = try fields.contains("eos_token_id")
        if let generationConfig {
            let generation = try ConfigurationField(contentsOf: generationConfig, limit: Limits.configurationBytes)
            ends.add(
                try generation.tokens("eos_token_id", vocabularySize: vocabularySize), from: .generationConfiguration)
            // transformers takes the whole file in place of what config.json says of generation.
            isNamed = true
        }
        ends.add(try fields.tokens("eos_token_id", vocabularySize: vocabularySize), from: .configuration)
        if !isNamed { ends.add(family.endTokens.filter { $0 < vocabularySize }, from: .family) }
        return ends
    }

    /// The same model with an output head of its own.
    package var untied: ModelConfiguration {
        var untied = self
        untied.tiedEmbeddings = false
        return untied
    }

    /// The family that `model_type` names, and `architectures` where it is given.
    private static func family(_ fields: ConfigurationField) throws(ModelFolderError) -> ModelFamily {
        let types = ModelFamily.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        guard let type = try fields.string("model_type") else {
            throw .invalidField(
                path: fields.file, field: "model_type", expected: "one of \(types)", found: "nothing")
        }
        let family = ModelFamily(rawValue: type)
        if let architectures = try fields.optional("architectures") {
            for element in try architectures.elements() {
                guard case .string(let name) = element.value, supportedArchitectures.contains(name) else {
                    throw .unsupportedArchitecture(path: fields.file, found: element.value.summary)
                }
                if let family, family.architecture != name {
                    throw .invalidField(
                        path: fields.file, field: "architectures",
                        expected: "\(family.architecture), since model_type is \"\(type)\"", found: name)
                }
            }
        }
        guard let family else {
            throw .unsupportedArchitecture(path: fields.file, found: "model_type \(JSONValue.string(type).summary)")
        }
        return family
    }
}
