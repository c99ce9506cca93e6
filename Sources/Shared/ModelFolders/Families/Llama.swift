import JSON

/// Llama 1, 2, 3, 3.1, 3.2 and what is built like them, such as TinyLlama (Touvron et al., arXiv:2302.13971;
/// transformers, `modeling_llama.py`): the plain block.
enum Llama: FamilyDescription {
    static let name = "Llama"
    static let architecture = "LlamaForCausalLM"
    static let maximumPositions = 2048
    static let endTokens: [Int32] = [2]
    static let fields: Set<String> = ["attention_bias", "mlp_bias"]

    static func describe(_ arithmetic: inout ModelArithmetic, _ fields: ConfigurationField) throws(ModelFolderError) {
        let bias = try fields.bool("attention_bias") ?? false
        arithmetic.queryKeyValueBias = bias
        arithmetic.attentionOutputBias = bias
        arithmetic.feedForwardBias = try fields.bool("mlp_bias") ?? false
        guard try !fields.slidingBlocks(arithmetic.windows.count, else: { _ in false }).contains(true) else {
            throw .unsupportedField(
                path: fields.file, field: "layer_types", found: "\"sliding_attention\"",
                supported: "\"full_attention\" alone in the Llama family")
        }
    }
}
