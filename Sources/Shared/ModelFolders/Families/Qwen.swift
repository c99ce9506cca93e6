import JSON

/// Qwen 2 and 2.5 (arXiv:2407.10671, arXiv:2412.15115; transformers, `modeling_qwen2.py`): a bias on query, key and
/// value; a window that slides in the blocks from `max_window_layers` on, where `use_sliding_window` is set.
enum Qwen2: FamilyDescription {
    static let name = "Qwen 2"
    static let architecture = "Qwen2ForCausalLM"
    static let maximumPositions = 32768
    static let keyValueHeads: Int? = 32
    static let fields = qwenWindowFields

    static func describe(_ arithmetic: inout ModelArithmetic, _ fields: ConfigurationField) throws(ModelFolderError) {
        arithmetic.queryKeyValueBias = true
        arithmetic.windows = try fields.qwenWindows(blocks: arithmetic.windows.count)
    }
}

/// Qwen 3 (arXiv:2505.09388; transformers, `modeling_qwen3.py`): as Qwen 2, but each head's query and key are normed
/// before they are rotated, and the biases are gone unless `attention_bias` is set.
enum Qwen3: FamilyDescription {
    static let name = "Qwen 3"
    static let architecture = "Qwen3ForCausalLM"
    static let maximumPositions = 32768
    static let keyValueHeads: Int? = 32
    static let headDimension: Int? = 128
    static let fields = qwenWindowFields.union(["attention_bias"])

    static func describe(_ arithmetic: inout ModelArithmetic, _ fields: ConfigurationField) throws(ModelFolderError) {
        let bias = try fields.bool("attention_bias") ?? false
        arithmetic.queryKeyValueBias = bias
        arithmetic.attentionOutputBias = bias
        arithmetic.queryKeyNorm = true
        arithmetic.windows = try fields.qwenWindows(blocks: arithmetic.windows.count)
    }
}

private let qwenWindowFields: Set<String> = ["sliding_window", "use_sliding_window", "max_window_layers"]

extension ConfigurationField {
    fileprivate func qwenWindows(blocks: Int) throws(ModelFolderError) -> [Int?] {
        let inUse = try bool("use_sliding_window") ?? false
        let window = try slidingWindow(missing: 4096)
        let first = try integer("max_window_layers", in: 0...ModelConfiguration.Limits.blocks) ?? 28
        let sliding = try slidingBlocks(blocks) { inUse && window != nil && $0 >= first }
        return try windows(sliding, inUse ? window : nil)
    }
}
