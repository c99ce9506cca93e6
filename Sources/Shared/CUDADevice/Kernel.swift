/// The kernels, by the names that they have in the source.
enum Kernel: String, CaseIterable {
    case embed
    case rotaryTable = "rotary_table"
    case rmsNorm = "rms_norm"
    case store
    case gate
    case copyRows = "copy_rows"
    case inject
    case softCap = "soft_cap"
    case argmaxParts = "argmax_parts"
    case argmax
    case softmaxSums = "softmax_sums"
    case pick
    case findNotFinite = "find_not_finite"
    case attention
    case attentionLong = "attention_long"
    case attentionFewBlocks = "attention_few_blocks"
    case linearWide = "linear_wide"
    case linear8Rows = "linear_8_rows"
    case linear8RowsDeep = "linear_8_rows_deep"
    case linear16Rows = "linear_16_rows"
    case linear16RowsDeep = "linear_16_rows_deep"
    case linear32Rows = "linear_32_rows"
    case linear64Rows = "linear_64_rows"
    case linearManyRows = "linear_many_rows"
    // On compute capability 9.0 alone.
    case hopper32Rows = "hopper_32_rows"
    case hopper32RowsDeep = "hopper_32_rows_deep"
    case hopper64Rows = "hopper_64_rows"
    case hopper64RowsDeep = "hopper_64_rows_deep"
    case hopper128Rows = "hopper_128_rows"
    case hopper256Rows = "hopper_256_rows"

    /// Whether blocks share memory whose size the launch says.
    var usesDynamicMemory: Bool {
        [.attention, .attentionLong, .attentionFewBlocks].contains(self) || isHopper
            || LinearKernel.portable.contains { $0.kernel == self }
    }

    var isHopper: Bool { rawValue.hasPrefix("hopper") }
}
