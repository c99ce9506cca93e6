import CKernels

/// How a query's products with the keys become the weights of the values.
struct AttentionScores: Hashable, Sendable {
    /// Products are multiplied by it.
    let scale: Float
    /// A scaled product s becomes cap * tanh(s / cap) (Gemma 2, arXiv:2408.00118, section 2).
    let softCap: Float?
    /// Positions that a query sees, its own among them; nil for all.
    let window: Int?

    init(scale: Float, softCap: Float? = nil, window: Int? = nil) {
        precondition(softCap.map { $0 > 0 } ?? true && window.map { $0 > 0 } ?? true)
        self.scale = scale
        self.softCap = softCap
        self.window = window
    }

    var kernelScores: ck_scores { ck_scores(scale: scale, soft_cap: softCap ?? 0, window: window ?? 0) }
}
