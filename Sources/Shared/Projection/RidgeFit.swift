import COpenBLAS
package import Run

/// W in closed form: ridge regression by the normal equations.
///
/// Solves W·(XᵀX + λ·t·I) = YᵀX with t the mean of XᵀX's diagonal, in double (OpenBLAS on one thread), without a
/// bias and without centring, as W has none. An alternative to training, and a yardstick for it. Its last bits
/// may differ between kinds of processor, since OpenBLAS picks its kernels by them.
package enum RidgeFit {
    /// - Parameters:
    ///   - x: A's activations, [rows, d_A].
    ///   - y: B's activations, [rows, d_B].
    ///   - ridge: λ ≥ 0, relative to the mean diagonal of XᵀX.
    /// - Returns: W, [d_B, d_A].
    /// - Throws: ``ProjectionError/singular(pivot:)`` where the rows do not determine W and λ is too small.
    package static func fit(x: FloatMatrix, y: FloatMatrix, ridge: Double) throws(ProjectionError) -> FloatMatrix {
        try y.expect(rows: x.rows, columns: y.columns, as: "activations of B")
        let (dimensionA, dimensionB) = (x.columns, y.columns)
        guard x.rows > 0, dimensionA > 0, dimensionB > 0 else { throw .emptyBatch }
        guard
            let rows = Int32(exactly: x.rows), let dA = Int32(exactly: dimensionA), let dB = Int32(exactly: dimensionB)
        else {
            throw .shape(operand: "activations", expected: "at most \(Int32.max) rows", found: "\(x.rows) rows")
        }
        guard ridge.isFinite, ridge >= 0, Values.areFinite(x.values), Values.areFinite(y.values) else {
            throw .notFinite(operand: "activations or ridge")
        }
        // The number of threads is OpenBLAS's own, for the whole process: given back as found.
        let threads = openblas_get_num_threads()
        openblas_set_num_threads(1)
        defer { openblas_set_num_threads(threads) }

        let xs = x.values.map(Double.init)
        let ys = y.values.map(Double.init)
        var gram = [Double](repeating: 0, count: dimensionA * dimensionA)
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, dA, rows, 1, xs, dA, 0, &gram, dA)
        var cross = [Double](repeating: 0, count: dimensionB * dimensionA)
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, dB, dA, rows, 1, ys, dB, xs, dA, 0, &cross, dA)

        var trace = 0.0
        for index in 0..<dimensionA { trace += gram[index * dimensionA + index] }
        for index in 0..<dimensionA { gram[index * dimensionA + index] += ridge * trace / Double(dimensionA) }

        // The lower triangle by rows is the upper one by columns, which is how LAPACK reads it.
        var info: Int32 = 0
        var order = dA
        var leading = dA
        dpotrf_("U", &order, &gram, &leading, &info)
        guard info == 0 else { throw .singular(pivot: Int(info)) }
        // gram = L·Lᵀ, by rows: W·L·Lᵀ = YᵀX.
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, dB, dA, 1, gram, dA, &cross, dA)
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, dB, dA, 1, gram, dA, &cross, dA)
        let values = cross.map(Float.init)
        guard Values.areFinite(values) else { throw .singular(pivot: dimensionA) }
        return FloatMatrix(rows: dimensionB, columns: dimensionA, values: values)
    }
}
