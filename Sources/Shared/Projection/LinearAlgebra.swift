import Devices
import Foundation

/// The dense products and factorisations of LAPACK that closed forms need, in double, by OpenBLAS.
///
/// OpenBLAS picks its kernels by the processor, and shares products among threads by their number: both decide its last
/// bits. So it is opened at run time, told to use one kernel that every processor of the architecture has, and one
/// thread: what it gives depends on its version alone.
struct LinearAlgebra: Sendable {
    private typealias Doubles = UnsafeMutablePointer<Double>
    private typealias Number = UnsafeMutablePointer<Int32>

    private let cblasProduct:
        @Sendable @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Double, UnsafePointer<Double>, Int32, UnsafePointer<Double>,
            Int32,
            Double, Doubles, Int32
        ) -> Void
    /// Fortran's functions take every argument by its address and the lengths of texts at the end.
    private let eigen:
        @Sendable @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, Number, Doubles, Number, Doubles, Doubles, Number, Number,
            Number, Number, Int, Int
        ) -> Void
    private let singular:
        @Sendable @convention(c) (
            UnsafePointer<CChar>, Number, Number, Doubles, Number, Doubles, Doubles, Number, Doubles, Number, Doubles,
            Number, Number, Number, Int
        ) -> Void

    /// The kernel: of x86-64, that of processors since 2008.
    #if arch(x86_64)
        private static let kernel = "Nehalem"
    #else
        private static let kernel = "ARMV8"
    #endif
    private static let library = "libopenblas.so.0"

    /// The library, opened once for the process; the reason where it cannot be.
    private static let opened = Result<LinearAlgebra, ProjectionError> { () throws(ProjectionError) in
        // Read by the library as it is opened.
        setenv("OPENBLAS_CORETYPE", kernel, 1)
        setenv("OPENBLAS_NUM_THREADS", "1", 1)
        do throws(DynamicLibrary.Failure) {
            return try LinearAlgebra(DynamicLibrary(library))
        } catch {
            throw .noLinearAlgebra(reason: error.reason)
        }
    }

    /// - Throws: ``ProjectionError/noLinearAlgebra(reason:)``.
    static func load() throws(ProjectionError) -> LinearAlgebra { try opened.get() }

    private init(_ library: DynamicLibrary) throws(DynamicLibrary.Failure) {
        cblasProduct = try library.function("cblas_dgemm")
        eigen = try library.function("dsyevd_")
        singular = try library.function("dgesdd_")
    }

    // MARK: Products

    private static let rowMajor: Int32 = 101
    private static let (plain, transposed): (Int32, Int32) = (111, 112)

    enum Side { case neither, first, second }

    /// a·b, one of them transposed where that is said.
    func product(_ a: DoubleMatrix, _ b: DoubleMatrix, transposing side: Side = .neither) -> DoubleMatrix {
        let (rows, inner) = side == .first ? (a.columns, a.rows) : (a.rows, a.columns)
        let columns = side == .second ? b.rows : b.columns
        precondition(inner == (side == .second ? b.columns : b.rows), "matrices that have a product")
        var result = DoubleMatrix(zeros: rows, columns)
        guard rows > 0, columns > 0, inner > 0 else { return result }
        cblasProduct(
            Self.rowMajor, side == .first ? Self.transposed : Self.plain,
            side == .second ? Self.transposed : Self.plain, Int32(rows), Int32(columns), Int32(inner), 1, a.values,
            Int32(a.columns), b.values, Int32(b.columns), 0, &result.values, Int32(columns))
        return result
    }

    // MARK: Factorisations

    /// A symmetric matrix as VᵀΛV: its eigenvalues, ascending, and V, whose rows are the eigenvectors.
    /// - Throws: ``ProjectionError/notFinite(operand:)`` where it holds no numbers.
    func eigenvectors(
        of matrix: DoubleMatrix
    ) throws(ProjectionError) -> (values: [Double], vectors: DoubleMatrix) {
        var vectors = matrix
        var values = [Double](repeating: 0, count: matrix.rows)
        try Self.calling { work, length, integers, integerLength, info in
            // Columns by columns, as Fortran has it, the eigenvectors are columns: rows here.
            var (order, leading) = (Int32(matrix.rows), Int32(max(1, matrix.rows)))
            eigen(
                "V", "L", &order, &vectors.values, &leading, &values, &work, &length, &integers, &integerLength, &info,
                1, 1)
        }
        return (values, vectors)
    }

    /// The orthogonal factor Q·Pᵀ of a matrix whose singular value decomposition is Q·Σ·Pᵀ, and the sum of Σ.
    /// - Throws: ``ProjectionError/notFinite(operand:)`` where it holds no numbers.
    func orthogonalFactor(
        of matrix: DoubleMatrix
    ) throws(ProjectionError) -> (factor: DoubleMatrix, sum: Double) {
        // Fortran reads it transposed, [columns, rows] by columns: what it calls U is P, and VT is Qᵀ.
        let rank = min(matrix.rows, matrix.columns)
        var values = matrix.values
        var sigma = [Double](repeating: 0, count: rank)
        var p = DoubleMatrix(zeros: rank, matrix.columns)
        var q = DoubleMatrix(zeros: matrix.rows, rank)
        var integers = [Int32](repeating: 0, count: 8 * rank)
        try Self.calling { work, length, _, _, info in
            var (rows, columns, size) = (Int32(matrix.columns), Int32(matrix.rows), Int32(rank))
            var (leading, leadingP) = (rows, rows)
            singular(
                "S", &rows, &columns, &values, &leading, &sigma, &p.values, &leadingP, &q.values, &size, &work, &length,
                &integers, &info, 1)
        }
        return (product(q, p), sigma.reduce(0, +))
    }

    /// Calls a function of LAPACK twice: for the room that it needs, and with that room.
    private static func calling(
        _ body: (
            _ work: inout [Double], _ length: inout Int32, _ integers: inout [Int32], _ integerLength: inout Int32,
            _ info: inout Int32
        ) -> Void
    ) throws(ProjectionError) {
        var (work, integers, info): ([Double], [Int32], Int32) = ([0], [0], 0)
        var (length, integerLength): (Int32, Int32) = (-1, -1)
        body(&work, &length, &integers, &integerLength, &info)
        length = Int32(work[0])
        integerLength = max(1, integers[0])
        work = [Double](repeating: 0, count: max(1, Int(length)))
        integers = [Int32](repeating: 0, count: Int(integerLength))
        body(&work, &length, &integers, &integerLength, &info)
        guard info == 0, work[0].isFinite else { throw .notFinite(operand: "the activations' sums") }
    }
}

/// A matrix of doubles, row after row.
struct DoubleMatrix: Hashable, Sendable {
    let rows: Int
    let columns: Int
    var values: [Double]

    init(rows: Int, columns: Int, values: [Double]) {
        precondition(values.count == rows * columns, "\(values.count) values for \(rows) × \(columns)")
        (self.rows, self.columns, self.values) = (rows, columns, values)
    }

    init(zeros rows: Int, _ columns: Int) {
        self.init(rows: rows, columns: columns, values: [Double](repeating: 0, count: rows * columns))
    }

    subscript(row: Int, column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    /// The sum of the diagonal.
    var trace: Double { (0..<min(rows, columns)).reduce(0) { $0 + self[$1, $1] } }

    var transposed: DoubleMatrix {
        var result = DoubleMatrix(zeros: columns, rows)
        for row in 0..<rows {
            for column in 0..<columns { result[column, row] = self[row, column] }
        }
        return result
    }

    /// Each row times a number of its own.
    func scalingRows(by factors: [Double]) -> DoubleMatrix {
        var scaled = self
        for row in 0..<rows {
            for place in row * columns..<(row + 1) * columns { scaled.values[place] *= factors[row] }
        }
        return scaled
    }

    /// The first so many rows.
    func prefix(rows count: Int) -> DoubleMatrix {
        DoubleMatrix(rows: count, columns: columns, values: Array(values.prefix(count * columns)))
    }
}
