package import Run

/// What is asked of W's values, and of activations, that no device need compute.
enum Values {
    /// Whether all values are finite.
    static func areFinite(_ values: [Float]) -> Bool {
        values.withUnsafeBufferPointer { values in
            // Without a way out: the loop runs in vectors.
            var notFinite: UInt32 = 0
            for value in values { notFinite |= value.bitPattern & 0x7f80_0000 == 0x7f80_0000 ? 1 : 0 }
            return notFinite == 0
        }
    }

    /// Σ v² in double, in order.
    static func squaredSum(_ values: [Float]) -> Double {
        values.withUnsafeBufferPointer { values in
            var sum = 0.0
            for value in values { sum += Double(value) * Double(value) }
            return sum
        }
    }

    /// A checksum of the bits of the values: equal for equal values, different for different ones but for chance. It
    /// guards against mistakes and faults, not against malice. Eight chains of multiplications, then one, at the speed
    /// of memory.
    static func checksum(_ values: UnsafeBufferPointer<Float>) -> UInt64 {
        guard let base = UnsafeRawPointer(values.baseAddress), !values.isEmpty else { return 0 }
        let whole = values.count / 16 * 16
        var chains: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4, 5, 6, 7, 8)
        for place in stride(from: 0, to: 4 * whole, by: 64) {
            mix(&chains.0, base, place)
            mix(&chains.1, base, place + 8)
            mix(&chains.2, base, place + 16)
            mix(&chains.3, base, place + 24)
            mix(&chains.4, base, place + 32)
            mix(&chains.5, base, place + 40)
            mix(&chains.6, base, place + 48)
            mix(&chains.7, base, place + 56)
        }
        var sum = UInt64(values.count)
        func add(_ word: UInt64) { sum = ((sum ^ word) &* factor) ^ (sum >> 31) }
        add(chains.0)
        add(chains.1)
        add(chains.2)
        add(chains.3)
        add(chains.4)
        add(chains.5)
        add(chains.6)
        add(chains.7)
        for value in values[whole...] { add(UInt64(value.bitPattern)) }
        return sum
    }

    private static let factor: UInt64 = 0x9e37_79b9_7f4a_7c15

    @inline(__always)
    private static func mix(_ chain: inout UInt64, _ base: UnsafeRawPointer, _ offset: Int) {
        // The shift brings high bits, which multiplication does not carry down, back to the low ones.
        let mixed = (chain ^ base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* factor
        chain = mixed ^ (mixed >> 29)
    }
}

extension FloatMatrix {
    /// A checksum of the bits of all values: equal for equal matrices, different for different ones but for chance.
    /// It guards against mistakes and faults, not against malice.
    package var checksum: UInt64 { values.withUnsafeBufferPointer { Values.checksum($0) } }
}
