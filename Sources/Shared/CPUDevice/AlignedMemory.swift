import CKernels

/// Zeroed memory at a 64-byte boundary, freed with its owner. Large pieces ask the system for huge pages.
final class AlignedMemory {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int, purpose: String) throws(TensorError) {
        guard byteCount >= 0, let base = ck_allocate(byteCount) else {
            throw .outOfMemory(bytes: byteCount, purpose: purpose)
        }
        self.base = base
        self.byteCount = byteCount
    }

    deinit { ck_free(base, byteCount) }
}

extension Int {
    /// The product, or nil where it overflows.
    static func product(_ factors: Int...) -> Int? {
        var result = 1
        for factor in factors {
            let (product, overflow) = result.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            result = product
        }
        return result
    }
}
