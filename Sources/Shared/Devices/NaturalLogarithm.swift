/// ln y of a normal number above 0, with a relative error below 4e-16; 0 for 1. The project's own, since a library's differs
/// between machines.
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
    return ofZ.addingProduct(k, 2.3190468138462996e-17).addingProduct(k, 0.69314718055994530942)
}
