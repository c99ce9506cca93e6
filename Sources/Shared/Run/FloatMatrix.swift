/// A matrix of float32 as a value: how activations, gradients and W travel between processes.
package struct FloatMatrix: Hashable, Sendable {
    package let rows: Int
    package let columns: Int
    /// [rows, columns], row-major.
    package var values: [Float]

    package init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "\(values.count) values for \(rows) × \(columns)")
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    package init(zeros rows: Int, _ columns: Int) {
        self.init(rows: rows, columns: columns, values: [Float](repeating: 0, count: rows * columns))
    }

    /// Row `row`, [columns].
    package subscript(row row: Int) -> ArraySlice<Float> {
        values[row * columns..<(row + 1) * columns]
    }
}

extension FloatMatrix {
    /// Matrices of one width, one below the other.
    package init(stacking matrices: [FloatMatrix]) {
        self.init(
            rows: matrices.reduce(0) { $0 + $1.rows }, columns: matrices.first?.columns ?? 0,
            values: Array(matrices.map(\.values).joined()))
    }

    /// Cut into so many of equal height; nil where it has no such number of rows.
    package func cut(into count: Int) -> [FloatMatrix]? {
        guard count > 1 else { return [self] }
        guard rows.isMultiple(of: count) else { return nil }
        let size = rows / count * columns
        return (0..<count).map {
            FloatMatrix(rows: rows / count, columns: columns, values: Array(values[$0 * size..<($0 + 1) * size]))
        }
    }
}
