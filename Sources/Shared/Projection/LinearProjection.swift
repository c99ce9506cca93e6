package import Devices
package import Run

/// W applied: the map from A's activation space to B's.
///
/// One with a bias has it as its last column, which a 1 at the end of each activation is multiplied by.
package struct LinearProjection: Hashable, Sendable {
    /// W, [d_B, d_A], or with the bias [d_B, d_A + 1].
    package let matrix: FloatMatrix

    package init(_ matrix: FloatMatrix) {
        self.matrix = matrix
    }

    /// W·a, [d_B]: each value is a chain of fused multiply-adds over d_A, from 0, as in training; a bias comes last.
    /// - Parameter a: [d_A].
    package func project(_ a: [Float], on device: any Device) throws(ProjectionError) -> [Float] {
        try project(rows: FloatMatrix(rows: 1, columns: a.count, values: a), on: device).values
    }

    /// X·Wᵀ, [rows, d_B]. A row's values do not depend on the other rows.
    /// - Parameter activations: [rows, d_A].
    package func project(
        rows activations: FloatMatrix, on device: any Device
    ) throws(ProjectionError) -> FloatMatrix {
        let x = activations.columns + 1 == matrix.columns ? activations.appendingOnes : activations
        try x.expect(rows: x.rows, columns: matrix.columns, as: "activations to project")
        guard x.rows > 0, !matrix.values.isEmpty else { return FloatMatrix(zeros: x.rows, matrix.rows) }
        let values = matrix.withWeights { w in
            device.projection.residuals(w: w, x: x.values, rows: x.rows, y: nil)
        }
        return FloatMatrix(rows: x.rows, columns: matrix.rows, values: values)
    }
}

extension FloatMatrix {
    /// With a column of ones behind the last.
    fileprivate var appendingOnes: FloatMatrix {
        FloatMatrix(rows: rows, columns: columns + 1, values: (0..<rows).flatMap { self[row: $0] + [1] })
    }
}
