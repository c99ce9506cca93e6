import CKernels

/// How a weight is stored. Arithmetic widens it to float32, which is exact for each of these.
package enum ScalarType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case bfloat16 = "BF16"
    case float16 = "F16"

    /// Bytes of one value.
    package var byteCount: Int { self == .float32 ? 4 : 2 }

    var kernelScalar: ck_scalar {
        switch self {
        case .float32: CK_FLOAT32
        case .bfloat16: CK_BFLOAT16
        case .float16: CK_FLOAT16
        }
    }

    /// Widens `values`, little-endian and at any alignment, to float32, exactly.
    ///
    /// The count is that of the whole values in the buffer.
    package func widened(_ values: UnsafeRawBufferPointer) -> [Float] {
        let count = values.count / byteCount
        guard count > 0, let base = values.baseAddress else { return [] }
        return [Float](unsafeUninitializedCapacity: count) { destination, initialized in
            _ = ck_widen(kernelScalar, base, count, destination.baseAddress)
            initialized = count
        }
    }
}
