import CKernels
import Devices

/// A float32 matrix, row-major, zero at first: rows of activations.
///
/// Rows lie `stride` elements apart, which leaves room for whole panels of 32 columns: operations write those.
final class Matrix {
    let rows: Int
    let columns: Int
    /// Elements from one row to the next.
    let stride: Int
    private let memory: HostMemory

    /// A matrix of zeros, `[rows, columns]`.
    init(rows: Int, columns: Int) throws(DeviceError) {
        self.rows = rows
        self.columns = columns
        stride = ck_row_stride(columns)
        let (count, tooMany) = rows.multipliedReportingOverflow(by: stride)
        let (bytes, tooLarge) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.size)
        if tooMany || tooLarge {
            throw .outOfMemory(bytes: .max, purpose: "a matrix of \(rows) × \(columns)")
        }
        memory = try HostMemory(byteCount: bytes, purpose: "a matrix of \(rows) × \(columns)")
    }

    var base: UnsafeMutablePointer<Float> { memory.base.assumingMemoryBound(to: Float.self) }

    /// Row `index`, `[columns]`. Valid while the matrix lives.
    func row(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(index >= 0 && index < rows)
        return UnsafeMutableBufferPointer(start: base + index * stride, count: columns)
    }

    /// A copy of row `index`, `[columns]`.
    func values(ofRow index: Int) -> [Float] { Array(row(index)) }

    /// Overwrites row `index` with row `source` of `other`, of as many columns.
    func copyRow(_ source: Int, of other: Matrix, to index: Int) {
        precondition(columns == other.columns)
        row(index).baseAddress?.update(from: other.row(source).baseAddress!, count: columns)
    }
}

/// A part of a matrix's columns, starting at `column`: where one projection of a fused layer lies.
struct MatrixColumns {
    let matrix: Matrix
    let column: Int

    /// The columns of `matrix` from `column` on.
    init(_ matrix: Matrix, from column: Int = 0) {
        precondition(column >= 0 && column <= matrix.columns)
        self.matrix = matrix
        self.column = column
    }

    var base: UnsafeMutablePointer<Float> { matrix.base + column }
}
