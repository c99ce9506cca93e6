import CKernels

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

    /// The fastest path that this CPU supports.
    package static var best: KernelPath { allCases.last { $0.isSupported } ?? .portable }

    var kernelPath: ck_path {
        switch self {
        case .portable: CK_PATH_PORTABLE
        case .avx2: CK_PATH_AVX2
        case .avx512: CK_PATH_AVX512
        case .avx512bf16: CK_PATH_AVX512BF16
        }
    }
}

/// What activations are rounded to before they meet weights that are stored as bfloat16. Sums are float32 either
/// way, and weights stored as another type meet float32.
package enum ComputeType: String, Sendable, CaseIterable {
    /// Not at all.
    case float32
    /// To the nearest bfloat16: less exact, and up to twice as fast where the CPU has an instruction for it.
    case bfloat16

    var kernelCompute: ck_compute {
        switch self {
        case .float32: CK_COMPUTE_FLOAT32
        case .bfloat16: CK_COMPUTE_BFLOAT16
        }
    }
}

/// What a computation ran on. The bits depend on the compute type alone: all kernel paths give the same.
package struct DeviceDescription: Hashable, Sendable, CustomStringConvertible {
    package let kernels: KernelPath
    package let computeType: ComputeType

    package init(kernels: KernelPath, computeType: ComputeType) {
        self.kernels = kernels
        self.computeType = computeType
    }

    /// For example `cpu avx512 float32`.
    package var description: String { "cpu \(kernels.rawValue) \(computeType.rawValue)" }
}
