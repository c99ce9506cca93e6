import CKernels

/// What stands between the two linear layers of a feed-forward network.
package enum Activation: String, Hashable, Sendable, CaseIterable {
    /// z / (1 + exp(-z)) (Elfwing et al., arXiv:1702.03118).
    case silu
    /// The tanh approximation of z Φ(z) (Hendrycks & Gimpel, arXiv:1606.08415).
    case geluTanh = "gelu_pytorch_tanh"

    var kernelActivation: ck_activation {
        switch self {
        case .silu: CK_SILU
        case .geluTanh: CK_GELU_TANH
        }
    }
}
