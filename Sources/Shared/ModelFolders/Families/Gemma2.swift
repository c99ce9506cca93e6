import JSON

/// Gemma 2 (arXiv:2408.00118; transformers, `modeling_gemma2.py`): norms before and after both halves of a block,
/// each multiplying by 1 + weight; a scaled embedding; soft caps on attention scores and logits; a window in every
/// other block, the first one among them; GELU in the feed-forward network; heads whose size is a field of its own.
enum Gemma2: FamilyDescription {
    static let name = "Gemma 2"
    static let architecture = "Gemma2ForCausalLM"
    static let maximumPositions = 8192
    static let keyValueHeads: Int? = 4
    static let headDimension: Int? = 256
    static let tiedEmbeddings = true
    static let fields: Set<String> = [
        "attention_bias", "attn_logit_softcapping", "final_logit_softcapping", "hidden_activation",
        "query_pre_attn_scalar", "sliding_window", "sliding_window_size",
    ]

    static func describe(_ arithmetic: inout ModelArithmetic, _ fields: ConfigurationField) throws(ModelFolderError) {
        // transformers reads `hidden_activation`; `hidden_act` stands beside it in the published folders.
        let activation = try fields.activation("hidden_activation") ?? .geluTanh
        if let other = try fields.activation("hidden_act"), other != activation {
            throw .unsupportedField(
                path: fields.file, field: "hidden_act", found: "\"\(other.rawValue)\"",
                supported: "what hidden_activation says (\"\(activation.rawValue)\")")
        }
        arithmetic.activation = activation
        let bias = try fields.bool("attention_bias") ?? false
        arithmetic.queryKeyValueBias = bias
        arithmetic.attentionOutputBias = bias
        arithmetic.outputNorms = true
        arithmetic.normsAddOne = true
        arithmetic.scalesEmbedding = true
        arithmetic.attentionDivisor = try fields.positiveNumber("query_pre_attn_scalar") ?? 256
        arithmetic.attentionSoftCap = try fields.cap("attn_logit_softcapping", missing: 50)
        arithmetic.logitSoftCap = try fields.cap("final_logit_softcapping", missing: 30)
        let sliding = try fields.slidingBlocks(arithmetic.windows.count) { $0 % 2 == 0 }
        let window = try fields.slidingWindow(missing: 4096)
        // The first published folders have the window under both names; transformers reads this one alone.
        let other = try fields.integer("sliding_window_size", in: 1...ModelConfiguration.Limits.positions)
        guard other == nil || other == window else {
            throw .unsupportedField(
                path: fields.file, field: "sliding_window_size", found: "\(other ?? 0)",
                supported: "what sliding_window says (\(window.map(String.init) ?? "null"))")
        }
        arithmetic.windows = try fields.windows(sliding, window)
    }
}
