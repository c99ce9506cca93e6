/// How W starts.
package enum ProjectionInitialization: String, CaseIterable, Codable, Hashable, Sendable {
    /// Uniform in ±√(6 / (d_A + d_B)) (Glorot & Bengio, 2010), as the paper.
    case xavier
    /// Uniform in ±1 / √d_A: PyTorch's default for `nn.Linear` (He et al., 2015, with a = √5).
    case kaiming
}
