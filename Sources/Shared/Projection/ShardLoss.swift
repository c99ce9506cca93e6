package import Run

/// The loss and gradient of one shard's rows: what a worker computes at a training step.
///
/// With X the rows' activations of A, [rows, d_A], and Y those of B, [rows, d_B], the error is E = X·Wᵀ − Y and
/// the gradient of ½ΣE² is EᵀX. The result is a function of W, X and Y, bit for bit: see `CKernelsProjection.h`
/// for the order of every sum.
package enum ShardLoss {
    /// - Parameters:
    ///   - w: [d_B, d_A].
    ///   - x: [rows, d_A], in the order in which the shard's rows are summed.
    ///   - y: [rows, d_B].
    ///   - dense: whether the gradient is given as a matrix, [d_B, d_A], or as its factor E, [rows, d_B].
    /// - Throws: ``ProjectionError/shape(operand:expected:found:)`` where they do not fit together;
    ///   ``ProjectionError/notFinite(operand:)`` where the error overflows.
    package static func result(
        w: FloatMatrix, x: FloatMatrix, y: FloatMatrix, dense: Bool, execution: Execution = Execution()
    ) throws(ProjectionError) -> TrainResult {
        guard x.rows > 0, w.values.count > 0 else { throw .emptyBatch }
        try x.expect(rows: x.rows, columns: w.columns, as: "activations of A")
        try y.expect(rows: x.rows, columns: w.rows, as: "activations of B")
        let errors = Kernels.residuals(
            w: w.values, outputs: w.rows, inputs: w.columns, x: x.values, rows: x.rows, y: y.values,
            execution: execution)
        let blocks = OutputBlocks(dimensionA: w.columns, dimensionB: w.rows)
        let squaredErrorSum = SquaredErrors.sum(errors, rows: x.rows, blocks: blocks)
        guard squaredErrorSum.isFinite else { throw .notFinite(operand: "error of the projection") }
        guard dense else {
            let factor = FloatMatrix(rows: x.rows, columns: w.rows, values: errors)
            return TrainResult(squaredErrorSum: squaredErrorSum, gradient: .factor(factor))
        }
        let gradient = Kernels.gradient(
            errors: errors, x: x.values, rows: x.rows, outputs: w.rows, inputs: w.columns, execution: execution)
        return TrainResult(
            squaredErrorSum: squaredErrorSum,
            gradient: .dense(FloatMatrix(rows: w.rows, columns: w.columns, values: gradient)))
    }
}

extension FloatMatrix {
    /// A checksum of the bits of all values: equal for equal matrices, different for different ones but for chance.
    /// It guards against mistakes and faults, not against malice.
    package var checksum: UInt64 { Kernels.checksum(values) }

    /// Throws unless the matrix has this shape.
    func expect(rows: Int, columns: Int, as operand: @autoclosure () -> String) throws(ProjectionError) {
        guard self.rows == rows, self.columns == columns else {
            throw .shape(
                operand: operand(), expected: "\(rows) × \(columns)", found: "\(self.rows) × \(self.columns)")
        }
    }
}
