package import Devices
package import Run

/// Sums over texts of what A's and B's activations are, and of the products of all pairs of their coordinates: all that
/// maps in closed form are made of.
///
/// Workers compute them for some of the texts each; added in the order of these, they are the same bits however many
/// workers there are.
package struct ActivationSums: Hashable, Sendable {
    package let dimensionA: Int
    package let dimensionB: Int
    /// As ``SumsResult/products`` has them.
    package private(set) var products: [Double]

    /// No texts' sums.
    package init(dimensionA: Int, dimensionB: Int) {
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        products = [Double](
            repeating: 0, count: SumsResult.count(columns: Self.columns(dimensionA: dimensionA, dimensionB: dimensionB))
        )
    }

    /// Adds other texts' sums.
    /// - Precondition: they are of the same widths.
    package mutating func add(_ result: SumsResult) {
        precondition(result.products.count == products.count, "sums of the same widths")
        for place in products.indices { products[place] += result.products[place] }
    }

    /// Columns of the rows that are summed: A's coordinates, B's, and a 1.
    package static func columns(dimensionA: Int, dimensionB: Int) -> Int { dimensionA + dimensionB + 1 }

    /// The rows of some texts.
    /// - Parameters:
    ///   - x: A's activations, [texts, d_A].
    ///   - z: B's, [texts, d_B].
    package static func rows(x: FloatMatrix, z: FloatMatrix) -> FloatMatrix {
        var values: [Float] = []
        values.reserveCapacity(x.rows * columns(dimensionA: x.columns, dimensionB: z.columns))
        for text in 0..<x.rows {
            values += x[row: text]
            values += z[row: text]
            values.append(1)
        }
        return FloatMatrix(
            rows: x.rows, columns: columns(dimensionA: x.columns, dimensionB: z.columns), values: values)
    }

    /// A unit's sums. Products of two float32 are exact in double, so each sum is rounded once a text, and how its rows
    /// are shared among threads changes nothing.
    package static func result(_ unit: SumsUnit, on device: any Device) -> SumsResult {
        let (texts, width) = (unit.rows.rows, unit.rows.columns)
        let rows = unit.rows.values.map(Double.init)
        let count = SumsResult.count(columns: width)
        let products = [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.initialize(repeating: 0)
            let sums = Sums(base: buffer.baseAddress!)
            rows.withUnsafeBufferPointer { rows in
                let rows = Rows(base: rows.baseAddress!)
                device.projection.share(outputs: width) { outputs, _ in
                    // A few sums' rows at a time: what they read stays in the processor's cache.
                    for first in stride(from: outputs.lowerBound, to: outputs.upperBound, by: rowsTogether) {
                        let block = first..<min(first + rowsTogether, outputs.upperBound)
                        for text in 0..<texts {
                            let row = rows.base + text * width
                            for output in block {
                                let sum = sums.base + output * (output + 1) / 2
                                let factor = row[output]
                                for column in 0...output { sum[column] += factor * row[column] }
                            }
                        }
                    }
                }
            }
            initialized = count
        }
        return SumsResult(products: products)
    }

    private static let rowsTogether = 8

    // Each thread has rows of the sums to itself, and the texts' for reading.
    private struct Sums: @unchecked Sendable { let base: UnsafeMutablePointer<Double> }
    private struct Rows: @unchecked Sendable { let base: UnsafePointer<Double> }

    /// Why a result cannot be a unit's; nil where it can be. The sums of the columns and of their squares are taken
    /// again; that of a product is at most the root of those of the two squares (Cauchy and Schwarz).
    package static func flaw(in result: SumsResult, of unit: SumsUnit) -> String? {
        let width = unit.rows.columns
        let expected = SumsResult.count(columns: width)
        guard result.products.count == expected else {
            return "expected \(expected) products, found \(result.products.count)"
        }
        var (sums, squares) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
        for text in 0..<unit.rows.rows {
            for (column, value) in unit.rows[row: text].enumerated() {
                sums[column] += Double(value)
                squares[column] += Double(value) * Double(value)
            }
        }
        let lengths = squares.map { $0.squareRoot() }
        for row in 0..<width {
            let first = row * (row + 1) / 2
            guard result.products[first + row] == squares[row],
                row < width - 1 || Array(result.products[first...first + row]) == sums
            else { return "the sums of column \(row) are not those of the texts" }
            for column in 0..<row {
                let limit = 1.01 * lengths[row] * lengths[column]
                guard abs(result.products[first + column]) <= limit else {
                    return "a product of columns \(row) and \(column) beyond the \(limit) that the texts allow"
                }
            }
        }
        return nil
    }

    /// The sums of the same texts with A and B exchanged, to the bit: a product is what it is in either order.
    package var reversed: ActivationSums {
        var reversed = ActivationSums(dimensionA: dimensionB, dimensionB: dimensionA)
        let width = Self.columns(dimensionA: dimensionA, dimensionB: dimensionB)
        /// Where a column of theirs stands here.
        func place(_ column: Int) -> Int {
            column == width - 1 ? column : column < dimensionB ? column + dimensionA : column - dimensionB
        }
        var next = 0
        for row in 0..<width {
            for column in 0...row {
                reversed.products[next] = product(place(row), place(column))
                next += 1
            }
        }
        return reversed
    }

    // MARK: What they come to

    /// Texts that were summed.
    package var count: Double { products[products.count - 1] }

    private func product(_ row: Int, _ column: Int) -> Double {
        row >= column ? products[row * (row + 1) / 2 + column] : products[column * (column + 1) / 2 + row]
    }

    /// The mean of every column.
    var means: [Double] {
        let width = Self.columns(dimensionA: dimensionA, dimensionB: dimensionB)
        return (0..<width).map { product(width - 1, $0) / count }
    }

    /// The sums of products around `centre`, a number for each column: Σ(x−c)(x−c)ᵀ, Σ(x−c)(z−e)ᵀ and Σ(z−e)(z−e)ᵀ.
    func centred(around centre: [Double]) -> CentredSums {
        let last = Self.columns(dimensionA: dimensionA, dimensionB: dimensionB) - 1
        func part(_ rows: Range<Int>, _ columns: Range<Int>) -> DoubleMatrix {
            var matrix = DoubleMatrix(zeros: rows.count, columns.count)
            for (row, one) in rows.enumerated() {
                for (column, other) in columns.enumerated() {
                    let (mine, theirs) = (product(last, one), product(last, other))
                    matrix[row, column] =
                        product(one, other) - mine * centre[other] - centre[one] * theirs
                        + count * centre[one] * centre[other]
                }
            }
            return matrix
        }
        let (a, b) = (0..<dimensionA, dimensionA..<dimensionA + dimensionB)
        return CentredSums(xx: part(a, a), xz: part(a, b), zz: part(b, b))
    }
}

/// Sums of products around some centre.
struct CentredSums {
    /// [d_A, d_A], [d_A, d_B], [d_B, d_B].
    let xx: DoubleMatrix
    let xz: DoubleMatrix
    let zz: DoubleMatrix
}
