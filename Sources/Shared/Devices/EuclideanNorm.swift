extension Collection<Float> {
    /// The square root of the sum of squares, taken in double and in order: the same bits anywhere.
    package var euclideanNorm: Double { reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
}
