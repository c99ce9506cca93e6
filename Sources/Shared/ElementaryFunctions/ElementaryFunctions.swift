// exp, ln, powers, cosine and sine in double: the project's own, since a library's differ between machines. No product and
// sum are fused but by `addingProduct`.

/// ln 2 = high + low.
private let (ln2High, ln2Low) = (0.69314718055994530942, 2.3190468138462996e-17)

/// Adding 1.5·2^52 rounds to an integer, which then stands in the low bits.
private let magic = 6_755_399_441_055_744.0

/// exp(x), with a relative error below 3e-16; x is clamped to -708…708, and to -708 where it is not a number.
///
/// x = n·ln 2 + r with an integer n and |r| ≤ ln 2 / 2, and the Taylor polynomial of degree 13 by Horner's rule.
package func exponential(_ x: Double) -> Double {
    let x = x > -708 ? (x < 708 ? x : 708) : -708
    let shifted = x * 1.44269504088896341 + magic
    let n = shifted - magic
    let r = x.addingProduct(n, -ln2High).addingProduct(n, -ln2Low)
    let power = exponentialTerms.reduce(1 / 6_227_020_800) { $1.addingProduct($0, r) }
    return Double(bitPattern: power.bitPattern &+ shifted.bitPattern << 52)
}
/// 1 / 12!, 1 / 11!, …, 1 / 0!
private let exponentialTerms: [Double] = [
    1 / 479_001_600, 1 / 39_916_800, 1 / 3_628_800, 1 / 362_880, 1 / 40_320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6,
    0.5, 1, 1,
]

/// ln y of a normal number above 0, with a relative error below 4e-16; exactly 0 for 1.
///
/// y = 2^k·z with z between √½ and √2, and ln z = 2 artanh(s) with s = (z − 1) / (z + 1): the Taylor series to s²³.
package func naturalLogarithm(_ y: Double) -> Double {
    let exponent = (y.bitPattern &+ (1.0.bitPattern - 0.5.squareRoot().bitPattern)) >> 52
    let k = Double(Int(exponent) - 1023)
    let z = Double(bitPattern: y.bitPattern &- (exponent &- 1023) << 52)
    let s = (z - 1) / (z + 1)
    let (square, twice) = (s * s, s + s)
    var series = 1.0 / 23
    for odd in stride(from: 21, through: 3, by: -2) { series = (1 / Double(odd)).addingProduct(series, square) }
    let ofZ = twice.addingProduct(twice * square, series)
    return ofZ.addingProduct(k, ln2Low).addingProduct(k, ln2High)
}

/// base^exponent = exp(exponent · ln base), of a normal base above 0, with a relative error below 1e-15 times the
/// magnitude of that product, where it is above 1.
package func power(_ base: Double, _ exponent: Double) -> Double { exponential(exponent * naturalLogarithm(base)) }

/// Cosine and sine of an angle below 2^22 or so, with errors below 3e-16 for angles of a few turns: reduction by π/2 in
/// three parts, then the Taylor polynomials on |r| ≤ π/4.
package func cosineSine(_ angle: Double) -> (cosine: Double, sine: Double) {
    let n = (angle * 0.63661977236758134308 + magic) - magic
    let r = angle - n * 1.57079632673412561417 - n * 6.07710050630396597660e-11 - n * 2.02226624879595063154e-21
    let z = r * r
    func polynomial(_ coefficients: [Double]) -> Double {
        coefficients.dropFirst().reduce(coefficients[0]) { $0 * z + $1 }
    }
    let s = polynomial(sineTerms) * z * r + r
    let c = polynomial(cosineTerms)
    switch Int(n) & 3 {
    case 0: return (c, s)
    case 1: return (-s, c)
    case 2: return (-c, -s)
    default: return (s, -c)
    }
}
/// -1 / 15!, 1 / 13!, …, -1 / 3!
private let sineTerms: [Double] = [
    -1 / 1_307_674_368_000, 1 / 6_227_020_800, -1 / 39_916_800, 1 / 362_880, -1 / 5040, 1 / 120, -1 / 6,
]
/// 1 / 16!, -1 / 14!, …, 1 / 0!
private let cosineTerms: [Double] = [
    1 / 20_922_789_888_000, -1 / 87_178_291_200, 1 / 479_001_600, -1 / 3_628_800, 1 / 40_320, -1 / 720, 1 / 24, -0.5, 1,
]
