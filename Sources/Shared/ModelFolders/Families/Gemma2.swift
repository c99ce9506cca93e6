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
    static let activation: (field: String, missing: ModelArithmetic.Activation) = ("hidden_activation", .geluTanh)
    static let endTokens: [Int32] = [1]
    static let fields: Set<String> = [
        "attention_bias", "attn_logit_softcapping", "final_logit_softcapping", "hidden_activation",
        "query_pre_attn_scalar", "sliding_window",
    ]

    static func describe(_ arithmetic: inout ModelArithmetic, _ fields: ConfigurationField) throws(ModelFolderError) {
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
        arithmetic.windows = try fields.windows(sliding, window)
    }
}
