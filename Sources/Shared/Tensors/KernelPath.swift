import CKernels

/// The instruction set that the kernels run with. All paths give the same bits; they differ in speed alone.
package enum KernelPath: String, Sendable, CaseIterable {
    /// The compiler's base instruction set: runs everywhere, slowly.
    case portable
    /// AVX2 and FMA.
    case avx2
    /// AVX-512 F, BW, DQ and VL.
    case avx512

    /// Whether this CPU, and this build, can run the path.
    package var isSupported: Bool { ck_path_is_supported(kernelPath) }

    /// The fastest path that this CPU supports.
    package static var best: KernelPath { allCases.last { $0.isSupported } ?? .portable }

    var kernelPath: ck_path {
        switch self {
        case .portable: CK_PATH_PORTABLE
        case .avx2: CK_PATH_AVX2
        case .avx512: CK_PATH_AVX512
        }
    }
}

/// The type that products are computed and summed in.
package enum ComputeType: String, Sendable, CaseIterable {
    case float32
}

/// What a computation ran on. Two machines whose descriptions are equal compute the same bits.
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
