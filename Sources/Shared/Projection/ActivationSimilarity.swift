import CKernels
package import Run

/// How alike two models' activation spaces are on the same sentences (Ramesh & Li, appendix B.4).
package enum ActivationSimilarity {
    /// ‖YᵀX‖²_F / (‖X‖²_F ‖Y‖²_F), between 0 and 1; 0 where either matrix is all zeros.
    ///
    /// Computed in double in a fixed order: the same bits on any processor and any number of threads. It costs
    /// rows × d_A × d_B multiply-adds, as one epoch's gradient.
    ///
    /// - Parameters:
    ///   - x: A's activations, [sentences, d_A].
    ///   - y: B's activations of the same sentences, [sentences, d_B].
    package static func value(
        x: FloatMatrix, y: FloatMatrix, execution: Execution = Execution()
    ) throws(ProjectionError) -> Double {
        try y.expect(rows: x.rows, columns: y.columns, as: "activations of B")
        guard Kernels.allFinite(x.values), Kernels.allFinite(y.values) else {
            throw .notFinite(operand: "activations")
        }
        let normX = Kernels.squaredSum(x.values)
        let normY = Kernels.squaredSum(y.values)
        guard normX > 0, normY > 0 else { return 0 }
        let lanes = Int(projection_column_lanes)
        let panels = (y.columns + lanes - 1) / lanes
        let xPanels = packed(x)
        let yPanels = packed(y)
        let sums = [Double](unsafeUninitializedCapacity: panels * lanes) { buffer, count in
            nonisolated(unsafe) let out = buffer.baseAddress!
            xPanels.withUnsafeBufferPointer { xs in
                yPanels.withUnsafeBufferPointer { ys in
                    execution.forEachRange(of: y.columns) { first, last in
                        projection_cross_squares(
                            execution.isa, xs.baseAddress!, ys.baseAddress!, x.rows, x.columns, first / lanes,
                            (last + lanes - 1) / lanes, out)
                    }
                }
            }
            count = panels * lanes
        }
        var total = 0.0
        for sum in sums { total += sum }
        return total / normX / normY
    }

    private static func packed(_ matrix: FloatMatrix) -> [Float] {
        let lanes = Int(projection_column_lanes)
        let count = (matrix.columns + lanes - 1) / lanes * lanes * matrix.rows
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            matrix.values.withUnsafeBufferPointer {
                projection_pack_columns($0.baseAddress!, matrix.rows, matrix.columns, buffer.baseAddress!)
            }
            initialized = count
        }
    }
}
