package import Foundation

/// The shape of a Llama model, as its `config.json` gives it, checked.
package struct ModelConfiguration: Hashable, Sendable {
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
    package let tiedEmbeddings: Bool
    package let beginTokens: [Int32]
    /// Tokens that end a generation: those of `generation_config.json` where it names any, else of `config.json`.
    package let endTokens: [Int32]

    /// What `architectures` and `model_type` may say.
    package static let supportedArchitectures = ["LlamaForCausalLM"]

    /// Bounds that no Llama comes near; products of any three fit an Int.
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
    package init(config: URL, generationConfig: URL? = nil) throws(ModelFolderError) {
        let fields = try JSONFields(contentsOf: config, limit: Limits.configurationBytes)
        try Self.checkArchitecture(fields)
        try Self.checkArithmetic(fields)

        hiddenSize = try fields.requiredInteger("hidden_size", in: 1...Limits.width)
        blockCount = try fields.requiredInteger("num_hidden_layers", in: 1...Limits.blocks)
        headCount = try fields.requiredInteger("num_attention_heads", in: 1...Limits.heads)
        keyValueHeadCount = try fields.integer("num_key_value_heads", in: 1...Limits.heads) ?? headCount
        feedForwardSize = try fields.requiredInteger("intermediate_size", in: 1...Limits.feedForward)
        vocabularySize = try fields.requiredInteger("vocab_size", in: 1...Limits.vocabulary)
        maximumPositions = try fields.integer("max_position_embeddings", in: 1...Limits.positions) ?? 2048
        rmsNormEpsilon = try fields.positiveNumber("rms_norm_eps") ?? 1e-6
        tiedEmbeddings = try fields.bool("tie_word_embeddings") ?? false
        rotary = try RotaryConfiguration(fields)

        guard headCount % keyValueHeadCount == 0 else {
            throw .invalidField(
                path: fields.path, field: "num_key_value_heads",
                expected: "a divisor of num_attention_heads (\(headCount))",
                found: "\(keyValueHeadCount)")
        }
        let given = try fields.integer("head_dim", in: 1...Limits.width)
        if given == nil && hiddenSize % headCount != 0 {
            throw .invalidField(
                path: fields.path, field: "hidden_size", expected: "a multiple of num_attention_heads (\(headCount))",
                found: "\(hiddenSize)")
        }
        headDimension = given ?? hiddenSize / headCount
        guard headDimension % 2 == 0, headDimension * headCount <= Limits.feedForward else {
            throw .invalidField(
                path: fields.path, field: "head_dim",
                expected: "an even number, at most \(Limits.feedForward) over all heads", found: "\(headDimension)")
        }

        let tokens = 0...vocabularySize - 1
        let begin = try fields.integers("bos_token_id", in: tokens)
        var end = try fields.integers("eos_token_id", in: tokens)
        if let generationConfig {
            let generation = try JSONFields(contentsOf: generationConfig, limit: Limits.configurationBytes)
            end = try generation.integers("eos_token_id", in: tokens) ?? end
        }
        beginTokens = (begin ?? []).map(Int32.init)
        endTokens = (end ?? []).map(Int32.init)
    }

    private static func checkArchitecture(_ fields: JSONFields) throws(ModelFolderError) {
        if let architectures = fields["architectures"] {
            guard case .array(let names) = architectures else {
                throw fields.invalid("architectures", "an array of strings", architectures)
            }
            for name in names {
                guard case .string(let name) = name, supportedArchitectures.contains(name) else {
                    let shown = if case .string(let text) = name { String(text.prefix(60)) } else { name.shown }
                    throw .unsupportedArchitecture(path: fields.path, found: shown)
                }
            }
        }
        guard let type = try fields.string("model_type") else {
            throw .invalidField(path: fields.path, field: "model_type", expected: "\"llama\"", found: "nothing")
        }
        guard type == "llama" else {
            throw .unsupportedArchitecture(path: fields.path, found: "model_type \(JSONValue.string(type).shown)")
        }
    }

    /// Refuses fields that ask for other arithmetic. A folder that leaves them out, or says what a Llama does
    /// anyway, is fine.
    private static func checkArithmetic(_ fields: JSONFields) throws(ModelFolderError) {
        let neutral: [(name: String, values: [JSONValue])] = [
            ("hidden_act", [.string("silu"), .string("swish")]),
            ("attention_bias", [.bool(false)]),
            ("mlp_bias", [.bool(false)]),
            ("qkv_bias", [.bool(false)]),
            ("use_qk_norm", [.bool(false)]),
            ("qk_norm", [.bool(false)]),
            ("quantization_config", []),
            ("compression_config", []),
            ("sliding_window", []),
            ("use_sliding_window", [.bool(false)]),
            ("partial_rotary_factor", [.integer(1), .number(1)]),
            ("rope_interleaved", [.bool(false)]),
            ("attention_multiplier", [.integer(1), .number(1)]),
            ("embedding_multiplier", [.integer(1), .number(1)]),
            ("residual_multiplier", [.integer(1), .number(1)]),
            ("logits_scaling", [.integer(1), .number(1)]),
            ("logit_scale", [.integer(1), .number(1)]),
            ("attn_logit_softcapping", []),
            ("final_logit_softcapping", []),
            ("clip_qkv", []),
            ("no_rope_layers", [.array([])]),
            ("num_experts", [.integer(0), .integer(1)]),
            ("num_local_experts", [.integer(0), .integer(1)]),
            ("add_cross_attention", [.bool(false)]),
            ("is_encoder_decoder", [.bool(false)]),
        ]
        for (name, values) in neutral {
            guard let value = fields[name], !values.contains(value) else { continue }
            let supported = values.isEmpty ? "null or leaving it out" : values.map(\.shown).joined(separator: " or ")
            throw .unsupportedField(path: fields.path, field: name, found: value.shown, supported: supported)
        }
        if case .array(let types)? = fields["layer_types"], types.contains(where: { $0 != .string("full_attention") }) {
            throw .unsupportedField(
                path: fields.path, field: "layer_types", found: "a mixture", supported: "\"full_attention\" alone")
        }
    }
}
