/// A row of activations or of weights, float32.
typealias Vector = [Float]

infix operator .+ : AdditionPrecedence
infix operator .* : MultiplicationPrecedence

/// Element by element.
func .+ (left: Vector, right: Vector) -> Vector { zip(left, right).map { $0 + $1 } }
func .* (left: Vector, right: Vector) -> Vector { zip(left, right).map { $0 * $1 } }

/// Σ x[k]·w[k]: ONE float32 accumulator, which starts at 0 and takes a fused multiply-add for k = 0, 1, 2, …
///
/// It is the sum behind every product of float32 values: linear layers, attention scores and outputs, W.
func chain(_ x: Vector, _ w: Vector) -> Float {
    var sum: Float = 0
    for k in x.indices { sum.addProduct(x[k], w[k]) }
    return sum
}

/// Σ x[k]·w[k] of bfloat16 values, in the order of the CPUs' instruction for them (Intel's Software Developer's
/// Manual, VDPBF16PS): pair by pair, the odd input before the even one, with subnormals taken as zero. A missing last
/// odd input is a product of zeros.
///
/// `x` and `w` hold values of bfloat16 without subnormals: see ``rounded(_:)`` and ``withoutSubnormals(_:)``.
func bfloat16Chain(_ x: Vector, _ w: Vector) -> Float {
    var sum: Float = 0
    for even in stride(from: 0, to: x.count, by: 2) {
        let odd = even + 1
        sum = odd < x.count ? flushedProduct(x[odd], w[odd], sum) : flushedProduct(0, 0, sum)
        sum = flushedProduct(x[even], w[even], sum)
    }
    return sum
}

/// x·w + sum, rounded once to 24 bits; zero, with its sign, where that is below the least normal number.
private func flushedProduct(_ x: Float, _ w: Float, _ sum: Float) -> Float {
    let result = sum.addingProduct(x, w)
    guard result.magnitude <= .leastNormalMagnitude, result != 0 else { return result }
    // The value is judged as rounded to 24 bits by an exponent without end. Near the least normal number a float32 has
    // fewer bits, and may be rounded up to it; 2^64 times as large it has them all.
    let scaled = (sum * 0x1p64).addingProduct(x * 0x1p64, w)
    return scaled.magnitude < .leastNormalMagnitude * 0x1p64 ? Float(signOf: result, magnitudeOf: 0) : result
}

/// `value`, or zero with its sign where it is subnormal.
func withoutSubnormals(_ value: Float) -> Float {
    value.isSubnormal ? Float(signOf: value, magnitudeOf: 0) : value
}

/// To the nearest bfloat16, ties to even. A not-a-number stays one.
func rounded(_ value: Float) -> Float {
    if value.isNaN { return Float(bitPattern: 0x7fc0_0000) }
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
}

/// A sum over the elements of a row: 16 partial sums from 0, element i in partial i mod 16, which a tree adds up:
/// partial i and i + 8, then i + 4, i + 2, i + 1.
func sixteenPartialSums<Element, Sum: FloatingPoint>(
    of row: [Element], adding add: (inout Sum, Element) -> Void
) -> Sum {
    var partial = [Sum](repeating: 0, count: 16)
    for (i, element) in row.enumerated() { add(&partial[i % 16], element) }
    for width in [8, 4, 2, 1] {
        for i in 0..<width { partial[i] += partial[i + width] }
    }
    return partial[0]
}

/// The index of the largest value, the first among equals; 0 where none is a number.
func argmax(_ values: Vector) -> Int {
    let largest = values.reduce(-Float.infinity) { $1 > $0 ? $1 : $0 }
    return values.firstIndex(of: largest) ?? 0
}
