import CMemory

/// Zeroed memory of this process at a 64-byte boundary, freed with its owner. Large pieces ask the system for huge
/// pages.
package final class HostMemory {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    /// - Parameter purpose: what an error says that it was for.
    package init(byteCount: Int, purpose: String) throws(DeviceError) {
        guard byteCount >= 0, let base = memory_allocate(byteCount) else {
            throw .outOfMemory(bytes: byteCount, purpose: purpose)
        }
        self.base = base
        self.byteCount = byteCount
    }

    deinit { memory_free(base, byteCount) }
}
