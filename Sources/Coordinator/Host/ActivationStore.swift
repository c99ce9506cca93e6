import Run

/// Both models' activations of all rows, as the extraction returned them.
struct ActivationStore {
    private(set) var a: FloatMatrix
    private(set) var b: FloatMatrix

    /// - Parameters:
    ///   - a: [rows, d_A]
    ///   - b: [rows, d_B]
    init(a: FloatMatrix, b: FloatMatrix) {
        self.a = a
        self.b = b
    }

    init(rowCount: Int, dimensionA: Int, dimensionB: Int) {
        a = FloatMatrix(zeros: rowCount, dimensionA)
        b = FloatMatrix(zeros: rowCount, dimensionB)
    }

    /// Stores a unit's rows; they have been checked to fit.
    mutating func insert(_ result: ExtractResult, atRow first: Int) {
        a.values.replaceSubrange(
            first * a.columns..<(first + result.a.rows) * a.columns, with: result.a.values)
        b.values.replaceSubrange(
            first * b.columns..<(first + result.b.rows) * b.columns, with: result.b.values)
    }

    func rows(_ indices: [Int]) -> ActivationRows {
        ActivationRows(indices: indices, a: Self.gather(indices, from: a), b: Self.gather(indices, from: b))
    }

    /// X of a shard: [indices, d_A].
    func rowsOfA(_ indices: some Collection<Int>) -> FloatMatrix {
        Self.gather(indices, from: a)
    }

    /// Y of a block of W's rows: [rows, columns].
    func columnsOfB(_ columns: Range<Int>) -> FloatMatrix {
        var values: [Float] = []
        values.reserveCapacity(b.rows * columns.count)
        for row in 0..<b.rows {
            values += b.values[row * b.columns + columns.lowerBound..<row * b.columns + columns.upperBound]
        }
        return FloatMatrix(rows: b.rows, columns: columns.count, values: values)
    }

    /// Y of some rows: [indices, d_B].
    func rowsOfB(_ indices: some Collection<Int>) -> FloatMatrix {
        Self.gather(indices, from: b)
    }

    private static func gather(_ indices: some Collection<Int>, from matrix: FloatMatrix) -> FloatMatrix {
        var values: [Float] = []
        values.reserveCapacity(indices.count * matrix.columns)
        for row in indices { values.append(contentsOf: matrix[row: row]) }
        return FloatMatrix(rows: indices.count, columns: matrix.columns, values: values)
    }
}
