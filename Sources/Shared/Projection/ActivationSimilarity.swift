package import Devices
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
        x: FloatMatrix, y: FloatMatrix, on device: any Device
    ) throws(ProjectionError) -> Double {
        try y.expect(rows: x.rows, columns: y.columns, as: "activations of B")
        guard Values.areFinite(x.values), Values.areFinite(y.values) else {
            throw .notFinite(operand: "activations")
        }
        let normX = Values.squaredSum(x.values)
        let normY = Values.squaredSum(y.values)
        guard normX > 0, normY > 0 else { return 0 }
        let norm = x.values.withUnsafeBufferPointer { xValues in
            y.values.withUnsafeBufferPointer { yValues in
                device.projection.squaredCrossNorm(
                    x: xValues.baseAddress!, inputs: x.columns, y: yValues.baseAddress!, outputs: y.columns,
                    rows: x.rows)
            }
        }
        return norm / normX / normY
    }
}
