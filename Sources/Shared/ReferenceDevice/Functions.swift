// The project's own exp, tanh, sin and cos, since a library's differ between machines. No product and sum are fused but
// by `addingProduct`.

/// x = n·ln 2 + r with an integer n and |r| ≤ ln 2 / 2, for |x| below 2^22 or so.
///
/// Adding 1.5·2^23 rounds to an integer, which then stands in the low bits; `exponent` is what to add to the bits of a
/// float to multiply it by 2^n.
private func reduced(_ x: Float) -> (r: Float, exponent: UInt32) {
    let magic: Float = 12_582_912
    let shifted = x * 1.44269504088896341 + magic
    let n = shifted - magic
    let r = x.addingProduct(n, -0.693145751953125).addingProduct(n, -1.42860682030941723e-6)
    return (r, shifted.bitPattern << 23)
}

/// (exp(r) - 1) / r: the Taylor polynomial of degree 6, by Horner's rule. Times r its error is below 6e-9.
private func taylor(_ r: Float) -> Float {
    taylorCoefficients.reduce(1 / 5040) { $1.addingProduct($0, r) }
}
private let taylorCoefficients: [Float] = [1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1]

/// `x` within the bounds; the lower one where it is not a number.
private func clamped(_ x: Float, _ low: Float, _ high: Float) -> Float {
    let raised = x > low ? x : low
    return raised < high ? raised : high
}

/// exp(x), with a relative error below 2e-7; x is clamped to -87.3…88.3.
func exponential(_ x: Float) -> Float {
    let (r, exponent) = reduced(clamped(x, -87.3, 88.3))
    let power = Float(1).addingProduct(taylor(r), r)
    return Float(bitPattern: power.bitPattern &+ exponent)
}

/// exp(x) in double, with a relative error below 3e-16; x is clamped to -708…708.
///
/// x = n·ln 2 + r as for a float, and the Taylor polynomial of degree 13.
func exponential(_ x: Double) -> Double {
    let x = x > -708 ? (x < 708 ? x : 708) : -708
    let magic = 6_755_399_441_055_744.0  // 1.5·2^52
    let shifted = x * 1.44269504088896341 + magic
    let n = shifted - magic
    let r = x.addingProduct(n, -0.69314718055994530942).addingProduct(n, -2.3190468138462996e-17)
    let power = doubleTaylorCoefficients.reduce(1 / 6_227_020_800) { $1.addingProduct($0, r) }
    return Double(bitPattern: power.bitPattern &+ shifted.bitPattern << 52)
}
/// 1 / 12!, 1 / 11!, …, 1 / 0!
private let doubleTaylorCoefficients: [Double] = [
    1 / 479_001_600, 1 / 39_916_800, 1 / 3_628_800, 1 / 362_880, 1 / 40_320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6,
    0.5, 1, 1,
]

/// tanh(x) = e / (e + 2) with e = exp(2x) - 1, which loses nothing where x is small; 2x is clamped to -40…40.
func hyperbolicTangent(_ x: Float) -> Float {
    let (r, exponent) = reduced(clamped(x + x, -40, 40))
    let power = Float(bitPattern: Float(1).bitPattern &+ exponent)
    let e = (power - 1).addingProduct(power, taylor(r) * r)
    return e / (e + 2)
}

/// z / (1 + exp(-z)) (Elfwing et al., arXiv:1702.03118).
func silu(_ z: Float) -> Float { z / (1 + exponential(-z)) }

/// z / 2 · (1 + tanh(u)) with u = √(2/π)·(z + 0.044715 z³), which is z / (1 + exp(-2u)) (Hendrycks & Gimpel,
/// arXiv:1606.08415).
func geluTanh(_ z: Float) -> Float {
    let u: Float = 0.797884560802865356 * (z + 0.044715 * (z * z * z))
    return z / (1 + exponential(-2 * u))
}

/// cap·tanh(scale·x / cap) (Gemma 2, arXiv:2408.00118, section 2).
func softCapped(_ x: Float, _ cap: Float, scale: Float = 1) -> Float { hyperbolicTangent(x * scale / cap) * cap }

/// Cosine and sine of an angle below 2^22 or so: reduction by π/2 in three parts, then the Taylor polynomials in
/// float64 on |r| ≤ π/4 (errors below 1e-13), rounded to float32.
func cosineSine(_ angle: Float) -> (cosine: Float, sine: Float) {
    let magic = 6_755_399_441_055_744.0  // 1.5·2^52
    let x = Double(angle)
    let n = (x * 0.63661977236758134308 + magic) - magic
    let r = x - n * 1.57079632673412561417 - n * 6.07710050630396597660e-11 - n * 2.02226624879595063154e-21
    let z = r * r
    func polynomial(_ coefficients: [Double]) -> Double {
        coefficients.dropFirst().reduce(coefficients[0]) { $0 * z + $1 }
    }
    let s = polynomial([
        -1 / 1_307_674_368_000, 1 / 6_227_020_800, -1 / 39_916_800, 1 / 362_880, -1 / 5040, 1 / 120, -1 / 6,
    ])
    let c = polynomial([
        1 / 20_922_789_888_000, -1 / 87_178_291_200, 1 / 479_001_600, -1 / 3_628_800, 1 / 40_320, -1 / 720, 1 / 24,
        -0.5, 1,
    ])
    let (sine, cosine) = (Float(s * z * r + r), Float(c))
    switch Int(n) & 3 {
    case 0: return (cosine, sine)
    case 1: return (-sine, cosine)
    case 2: return (-cosine, -sine)
    default: return (sine, -cosine)
    }
}
