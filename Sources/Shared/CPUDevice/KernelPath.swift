import CKernels
import ModelFolders
import Run

/// The instruction set that the kernels run with. All paths give the same bits; they differ in speed alone.
package enum KernelPath: String, Sendable, CaseIterable {
    /// The compiler's base instruction set: runs everywhere, slowly.
    case portable
    /// AVX2 and FMA.
    case avx2
    /// AVX-512 F, BW, DQ and VL.
    case avx512
    /// AVX-512 with its instruction for products of bfloat16.
    case avx512bf16

    /// Whether this CPU, and this build, can run the path.
    package var isSupported: Bool { ck_path_is_supported(kernelPath) }

    /// Those that this CPU can run, those that use most of it last.
    package static let supported = allCases.filter(\.isSupported)

    /// The path that uses most of this CPU; ``KernelChoice/fastest`` says what is fastest at what.
    package static var best: KernelPath { supported.last ?? .portable }

    var kernelPath: ck_path {
        switch self {
        case .portable: CK_PATH_PORTABLE
        case .avx2: CK_PATH_AVX2
        case .avx512: CK_PATH_AVX512
        case .avx512bf16: CK_PATH_AVX512BF16
        }
    }
}

extension ComputeType {
    var kernelCompute: ck_compute {
        switch self {
        case .float32: CK_COMPUTE_FLOAT32
        case .bfloat16: CK_COMPUTE_BFLOAT16
        }
    }
}

extension ModelArithmetic.Activation {
    var kernelActivation: ck_activation {
        switch self {
        case .silu: CK_SILU
        case .geluTanh: CK_GELU_TANH
        }
    }
}
