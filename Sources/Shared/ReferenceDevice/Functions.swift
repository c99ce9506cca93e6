import ElementaryFunctions

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

/// Cosine and sine of an angle below 2^22 or so: those in double (errors below 1e-13), rounded to float32.
func cosineSine(_ angle: Float) -> (cosine: Float, sine: Float) {
    let (cosine, sine) = cosineSine(Double(angle))
    return (Float(cosine), Float(sine))
}
