package import Run

extension ProjectionInitialization {
    /// The first W, [dimensionB, dimensionA], drawn from the generator named "projection" of `seed`, row by row.
    ///
    /// Uniform in ±√(6 / (d_A + d_B)) (`torch.nn.init.xavier_uniform_`) or ±1 / √d_A (`torch.nn.Linear`).
    package func matrix(dimensionA: Int, dimensionB: Int, seed: UInt64) -> FloatMatrix {
        matrix(outputs: 0..<dimensionB, dimensionA: dimensionA, dimensionB: dimensionB, seed: seed)
    }

    /// The largest magnitude that the first W may have.
    package func bound(dimensionA: Int, dimensionB: Int) -> Double {
        switch self {
        case .xavier: (6 / Double(dimensionA + dimensionB)).squareRoot()
        case .kaiming: 1 / Double(dimensionA).squareRoot()
        }
    }

    /// The rows `outputs` of the first W, [outputs, dimensionA]: what is drawn for those before them is passed over.
    package func matrix(outputs: Range<Int>, dimensionA: Int, dimensionB: Int, seed: UInt64) -> FloatMatrix {
        precondition(dimensionA > 0 && dimensionB > 0, "a projection between spaces of at least one dimension")
        precondition(!outputs.isEmpty && outputs.lowerBound >= 0 && outputs.upperBound <= dimensionB, "rows of W")
        let bound = bound(dimensionA: dimensionA, dimensionB: dimensionB)
        var generator = NamedGenerator(seed: seed, purpose: "projection")
        generator.skip(outputs.lowerBound * dimensionA)
        let count = outputs.count * dimensionA
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count { buffer[index] = Float((2 * generator.uniform() - 1) * bound) }
            initialized = count
        }
        return FloatMatrix(rows: outputs.count, columns: dimensionA, values: values)
    }
}
