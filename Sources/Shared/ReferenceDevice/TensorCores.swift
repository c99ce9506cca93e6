/// How products of bfloat16 values are summed: what devices differ in, each kind having one of these.
package enum BFloat16Sums: String, Sendable, CaseIterable {
    /// The processors' instruction for it: see ``bfloat16Chain(_:_:)``.
    case processor
    /// NVIDIA's tensor cores of compute capability 8.x.
    case tensorCores8
    /// Those of compute capability 9.0 and later.
    case tensorCores9

    /// Values of bfloat16 as ``sum(_:_:)`` takes them.
    package func operands(_ values: [Float]) -> [Float] {
        self == .processor ? values.map(withoutSubnormals) : values
    }

    /// Σ x[k]·w[k] of operands.
    package func sum(_ x: [Float], _ w: [Float]) -> Float {
        switch self {
        case .processor: bfloat16Chain(x, w)
        case .tensorCores8: tensorCoreSum(x, w, together: 8, places: 24)
        case .tensorCores9: tensorCoreSum(x, w, together: 16, places: 25)
        }
    }
}

/// A sum in tensor cores (Xie et al., arXiv:2511.10909): one float32 accumulator, which starts at 0 and takes so many
/// products `together`. The products and the accumulator are cut, toward zero, to `places` binary places below the
/// largest exponent of those that are not zero, added exactly, and the sum is cut to float32.
private func tensorCoreSum(_ x: Vector, _ w: Vector, together: Int, places: Int) -> Float {
    var sum: Float = 0
    for begin in stride(from: 0, to: x.count, by: together) {
        sum = tensorCoreStep(x, w, begin..<min(begin + together, x.count), sum, places: places)
    }
    return sum
}

private func tensorCoreStep(_ x: Vector, _ w: Vector, _ range: Range<Int>, _ sum: Float, places: Int) -> Float {
    let accumulator = Term(sum)
    var largest = accumulator.exponent
    for k in range { largest = max(largest, Term(x[k]).exponent + Term(w[k]).exponent) }
    var total = accumulator.cut(places: places, below: largest)
    for k in range {
        let (a, b) = (Term(x[k]), Term(w[k]))
        // Values of bfloat16 have 7 bits of fraction, their product 14.
        let product = Term(
            mantissa: (a.mantissa >> 16) * (b.mantissa >> 16), fraction: 14, exponent: a.exponent + b.exponent)
        total += product.cut(places: places, below: largest)
    }
    return cutToFloat(total, exponent: largest - places)
}

/// mantissa · 2^(exponent - fraction)
private struct Term {
    let mantissa: Int
    let fraction: Int
    let exponent: Int

    init(mantissa: Int, fraction: Int, exponent: Int) {
        self.mantissa = mantissa
        self.fraction = fraction
        self.exponent = exponent
    }

    /// A float32 with its 23 bits of fraction. Zero has an exponent below that of every product.
    init(_ value: Float) {
        let bits = Int(value.bitPattern)
        let (stored, magnitude) = (bits >> 23 & 255, bits & 0x7f_ffff)
        fraction = 23
        let mantissa = stored == 0 ? magnitude : magnitude | 0x80_0000
        exponent = mantissa == 0 ? -1000 : stored == 0 ? -126 : stored - 127
        self.mantissa = bits >> 31 == 0 ? mantissa : -mantissa
    }

    /// In units of 2^(largest - places), cut toward zero.
    func cut(places: Int, below largest: Int) -> Int {
        let shift = places - fraction + exponent - largest
        let magnitude = abs(mantissa)
        let cut = shift >= 0 ? magnitude << shift : magnitude >> -shift
        return mantissa < 0 ? -cut : cut
    }
}

/// value · 2^exponent, cut toward zero to the 24 bits of a float32, or to as many as a subnormal one has.
private func cutToFloat(_ value: Int, exponent: Int) -> Float {
    guard value != 0 else { return 0 }
    let magnitude = UInt64(value.magnitude)
    let top = 63 - magnitude.leadingZeroBitCount
    let kept = 23 - max(0, -126 - (exponent + top))
    guard kept >= 0 else { return 0 }
    let cut = top > kept ? (magnitude >> (top - kept)) << (top - kept) : magnitude
    let result = Float(Double(sign: .plus, exponent: exponent, significand: Double(cut)))
    return value < 0 ? -result : result
}
