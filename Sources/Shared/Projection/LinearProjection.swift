package import Devices
package import Run

/// W applied: the map from A's activation space to B's.
package struct LinearProjection: Hashable, Sendable {
    /// W, [d_B, d_A].
    package let matrix: FloatMatrix

    package init(_ matrix: FloatMatrix) {
        self.matrix = matrix
    }

    /// W·a, [d_B]: each value is a chain of fused multiply-adds over d_A, from 0, as in training.
    /// - Parameter a: [d_A].
    package func project(_ a: [Float], on device: any Device) throws(ProjectionError) -> [Float] {
        try project(rows: FloatMatrix(rows: 1, columns: a.count, values: a), on: device).values
    }

    /// X·Wᵀ, [rows, d_B]. A row's values do not depend on the other rows.
    /// - Parameter x: [rows, d_A].
    package func project(
        rows x: FloatMatrix, on device: any Device
    ) throws(ProjectionError) -> FloatMatrix {
        try x.expect(rows: x.rows, columns: matrix.columns, as: "activations to project")
        guard x.rows > 0, !matrix.values.isEmpty else { return FloatMatrix(zeros: x.rows, matrix.rows) }
        let values = matrix.withWeights { w in
            device.projection.residuals(w: w, x: x.values, rows: x.rows, y: nil)
        }
        return FloatMatrix(rows: x.rows, columns: matrix.rows, values: values)
    }
}
