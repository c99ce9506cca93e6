import JSON

/// Mistral 7B and what is built like it (Jiang et al., arXiv:2310.06825; transformers, `modeling_mistral.py`): the
/// plain block, and a window that slides in every block unless `sliding_window` is null.
enum Mistral: FamilyDescription {
    static let name = "Mistral"
    static let architecture = "MistralForCausalLM"
    static let maximumPositions = 4096 * 32
    static let keyValueHeads: Int? = 8
    static let endTokens: [Int32] = [2]
    static let fields: Set<String> = ["sliding_window"]

    static func describe(_ arithmetic: inout ModelArithmetic, _ fields: ConfigurationField) throws(ModelFolderError) {
        let window = try fields.slidingWindow(missing: 4096)
        let blocks = arithmetic.windows.count
        // transformers looks at `sliding_window` alone: layer types that say otherwise would be ignored.
        let sliding = try fields.slidingBlocks(blocks) { _ in window != nil }
        guard sliding.allSatisfy({ $0 == (window != nil) }) else {
            throw .unsupportedField(
                path: fields.file, field: "layer_types", found: "not what sliding_window says",
                supported: "leaving it out")
        }
        arithmetic.windows = try fields.windows(sliding, window)
    }
}
