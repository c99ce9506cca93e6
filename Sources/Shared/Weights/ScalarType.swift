/// How a weight is stored. Arithmetic widens it to float32, which is exact for each of these.
package enum ScalarType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case bfloat16 = "BF16"
    case float16 = "F16"

    /// Bytes of one value.
    package var byteCount: Int { self == .float32 ? 4 : 2 }

    /// Widens `values`, little-endian and at any alignment, to float32, exactly.
    ///
    /// The count is that of the whole values in the buffer.
    package func widened(_ values: UnsafeRawBufferPointer) -> [Float] {
        let count = values.count / byteCount
        guard count > 0, let base = values.baseAddress else { return [] }
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            switch self {
            case .float32: UnsafeMutableRawPointer(buffer.baseAddress!).copyMemory(from: base, byteCount: 4 * count)
            case .bfloat16:
                for i in 0..<count { buffer[i] = Float(bitPattern: UInt32(Self.half(base, i)) << 16) }
            case .float16:
                for i in 0..<count { buffer[i] = Self.widened(float16: Self.half(base, i)) }
            }
            initialized = count
        }
    }

    private static func half(_ base: UnsafeRawPointer, _ index: Int) -> UInt16 {
        UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
    }

    /// A float16 has five bits of exponent and ten of fraction.
    private static func widened(float16 bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let magnitude = UInt32(bits & 0x7fff)
        // The exponent's bias is 15 there and 127 here; what is no finite number has all of its bits set in both.
        if magnitude >= 0x7c00 { return Float(bitPattern: sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13) }
        if magnitude >= 0x400 { return Float(bitPattern: sign | (magnitude << 13) + (112 << 23)) }
        // Subnormal: a multiple of 2⁻²⁴.
        return Float(bitPattern: sign | (Float(magnitude) * 0x1p-24).bitPattern)
    }
}
