import CKernels

/// A float32 matrix, row-major, zero at first: rows of activations.
///
/// Rows lie `stride` elements apart, which leaves room for whole panels of 32 columns: operations write those.
package final class Matrix {
    package let rows: Int
    package let columns: Int
    /// Elements from one row to the next.
    package let stride: Int
    private let memory: AlignedMemory

    /// A matrix of zeros, `[rows, columns]`.
    package init(rows: Int, columns: Int) throws(TensorError) {
        self.rows = rows
        self.columns = columns
        stride = ck_row_stride(columns)
        guard let bytes = Int.product(rows, stride, MemoryLayout<Float>.size) else {
            throw .outOfMemory(bytes: .max, purpose: "a matrix of \(rows) × \(columns)")
        }
        memory = try AlignedMemory(byteCount: bytes, purpose: "a matrix of \(rows) × \(columns)")
    }

    var base: UnsafeMutablePointer<Float> { memory.base.assumingMemoryBound(to: Float.self) }

    /// Row `index`, `[columns]`. Valid while the matrix lives.
    package func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(index >= 0 && index < rows)
        return UnsafeMutableBufferPointer(start: base + index * stride, count: columns)
    }

    /// A copy of row `index`, `[columns]`.
    package func values(ofRow index: Int) -> [Float] { Array(row(index)) }

    /// Overwrites row `index` with row `source` of `other`, of as many columns.
    package func copyRow(_ source: Int, of other: Matrix, to index: Int) {
        precondition(columns == other.columns)
        row(index).baseAddress?.update(from: other.row(source).baseAddress!, count: columns)
    }
}

/// A part of a matrix's columns, starting at `column`: where one projection of a fused layer lies.
package struct MatrixColumns {
    package let matrix: Matrix
    package let column: Int

    /// The columns of `matrix` from `column` on.
    package init(_ matrix: Matrix, from column: Int = 0) {
        precondition(column >= 0 && column <= matrix.columns)
        self.matrix = matrix
        self.column = column
    }

    var base: UnsafeMutablePointer<Float> { matrix.base + column }
}
