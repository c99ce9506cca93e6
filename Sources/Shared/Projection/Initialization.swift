package import Run

extension ProjectionInitialization {
    /// The first W, [dimensionB, dimensionA], drawn from the generator named "projection" of `seed`, row by row.
    ///
    /// Uniform in ±√(6 / (d_A + d_B)) (`torch.nn.init.xavier_uniform_`) or ±1 / √d_A (`torch.nn.Linear`).
    package func matrix(dimensionA: Int, dimensionB: Int, seed: UInt64) -> FloatMatrix {
        precondition(dimensionA > 0 && dimensionB > 0, "a projection between spaces of at least one dimension")
        let bound =
            switch self {
            case .xavier: (6 / Double(dimensionA + dimensionB)).squareRoot()
            case .kaiming: 1 / Double(dimensionA).squareRoot()
            }
        var generator = NamedGenerator(seed: seed, purpose: "projection")
        let values = [Float](unsafeUninitializedCapacity: dimensionA * dimensionB) { buffer, count in
            for index in 0..<dimensionA * dimensionB {
                buffer[index] = Float((2 * generator.uniform() - 1) * bound)
            }
            count = dimensionA * dimensionB
        }
        return FloatMatrix(rows: dimensionB, columns: dimensionA, values: values)
    }
}
