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
    /// RᵀR of rows with A's coordinates, B's and a 1: the lower triangle, row after row.
    package private(set) var products: [Double]

    /// No texts' sums.
    package init(dimensionA: Int, dimensionB: Int) {
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        products = [Double](repeating: 0, count: Self.count(dimensionA: dimensionA, dimensionB: dimensionB))
    }

    /// Columns of a text's row: A's coordinates, B's, and a 1.
    private static func columns(dimensionA: Int, dimensionB: Int) -> Int { dimensionA + dimensionB + 1 }

    /// How many products there are, a pair of columns once.
    package static func count(dimensionA: Int, dimensionB: Int) -> Int {
        let columns = columns(dimensionA: dimensionA, dimensionB: dimensionB)
        return columns * (columns + 1) / 2
    }

    /// Adds other texts' sums.
    /// - Precondition: they are of the same widths.
    package mutating func add(_ others: ActivationSums) {
        precondition(others.products.count == products.count, "sums of the same widths")
        for place in products.indices { products[place] += others.products[place] }
    }

    /// Adds a part of other texts' sums.
    /// - Precondition: it is of the same widths, and of a line from A to B.
    package mutating func add(_ result: SumsResult, of part: SumsPart) {
        precondition(result.products.count == part.count, "as many products as the part has")
        let one = dimensionA + dimensionB
        /// Where a site's column stands in a row.
        func place(_ column: Int, of site: Site) -> Int {
            let (width, before) = site.model == .a ? (dimensionA, 0) : (dimensionB, dimensionA)
            return column == width ? one : before + column
        }
        for (row, mine) in part.columns.enumerated() {
            let own = place(mine, of: part.first)
            // Of a site's own the others stand on the other side of the diagonal.
            for column in 0..<(part.isOwn ? min(part.width, mine + 1) : part.width) {
                let other = place(column, of: part.second)
                // The texts are counted once.
                if other == one, part.first.model == .b { continue }
                let (high, low) = (max(own, other), min(own, other))
                products[high * (high + 1) / 2 + low] += result.products[row * part.width + column]
            }
        }
    }

    // MARK: Units

    /// What a part's sums over some texts are made of.
    /// - Parameter activations: theirs at a site, [texts, the model's width].
    package static func unit(_ part: SumsPart, _ activations: (Site) -> FloatMatrix) -> SumsUnit {
        func columns(_ range: Range<Int>, of matrix: FloatMatrix) -> FloatMatrix {
            var values: [Float] = []
            values.reserveCapacity(matrix.rows * range.count)
            for text in 0..<matrix.rows {
                let row = matrix[row: text]
                values += row.dropFirst(range.lowerBound).prefix(range.count)
                if range.upperBound > matrix.columns { values.append(1) }
            }
            return FloatMatrix(rows: matrix.rows, columns: range.count, values: values)
        }
        let first = activations(part.first)
        return SumsUnit(
            first: columns(part.columns, of: first),
            second: columns(0..<part.width, of: part.isOwn ? first : activations(part.second)))
    }

    /// A unit's sums. Products of two float32 are exact in double, so each sum is rounded once a text, and how its rows
    /// are shared among threads changes nothing.
    package static func result(_ unit: SumsUnit, on device: any Device) -> SumsResult {
        let (texts, height, width) = (unit.first.rows, unit.first.columns, unit.second.columns)
        let (first, second) = (unit.first.values.map(Double.init), unit.second.values.map(Double.init))
        let products = [Double](unsafeUninitializedCapacity: unit.count) { buffer, initialized in
            buffer.initialize(repeating: 0)
            let sums = Sums(base: buffer.baseAddress!)
            first.withUnsafeBufferPointer { first in
                second.withUnsafeBufferPointer { second in
                    let rows = Rows(first: first.baseAddress, second: second.baseAddress)
                    device.projection.share(outputs: height) { outputs, _ in
                        guard let first = rows.first, let second = rows.second else { return }
                        // A few sums' rows at a time: what they read stays in the processor's cache.
                        for start in stride(from: outputs.lowerBound, to: outputs.upperBound, by: rowsTogether) {
                            let block = start..<min(start + rowsTogether, outputs.upperBound)
                            for text in 0..<texts {
                                let row = second + text * width
                                for output in block {
                                    let sum = sums.base + output * width
                                    let factor = first[text * height + output]
                                    for column in 0..<width { sum[column] += factor * row[column] }
                                }
                            }
                        }
                    }
                }
            }
            initialized = unit.count
        }
        return SumsResult(products: products)
    }

    private static let rowsTogether = 8

    // Each thread has rows of the sums to itself, and the texts' for reading; none where there are no texts.
    private struct Sums: @unchecked Sendable { let base: UnsafeMutablePointer<Double> }
    private struct Rows: @unchecked Sendable { let first, second: UnsafePointer<Double>? }

    /// Why a result cannot be a unit's; nil where it can be. Of a site's own the sums of the columns and of their squares
    /// are taken again; that of a product is at most the root of those of the two squares (Cauchy and Schwarz).
    package static func flaw(in result: SumsResult, of unit: SumsUnit, _ part: SumsPart) -> String? {
        guard result.products.count == unit.count else {
            return "expected \(unit.count) products, found \(result.products.count)"
        }
        let (first, second) = (ColumnSums(unit.first), ColumnSums(unit.second))
        let width = unit.second.columns
        let (lengths, others) = (first.squares.map { $0.squareRoot() }, second.squares.map { $0.squareRoot() })
        for row in 0..<unit.first.columns {
            let found = result.products[row * width..<(row + 1) * width]
            let mine = part.columns.lowerBound + row
            guard !part.isOwn || found[found.startIndex + mine] == first.squares[row] else {
                return "the squares of column \(mine) are not those of the texts"
            }
            guard !first.isOne[row] || found.elementsEqual(second.sums) else {
                return "the sums of the columns are not those of the texts"
            }
            for (column, product) in found.enumerated() {
                let limit = 1.01 * lengths[row] * others[column]
                guard abs(product) <= limit else {
                    return "a product of columns \(mine) and \(column) beyond the \(limit) that the texts allow"
                }
            }
        }
        return nil
    }

    /// Of each column the sum, that of the squares, and whether it is 1 throughout.
    private struct ColumnSums {
        private(set) var sums: [Double]
        private(set) var squares: [Double]
        private(set) var isOne: [Bool]

        init(_ matrix: FloatMatrix) {
            sums = [Double](repeating: 0, count: matrix.columns)
            squares = sums
            isOne = [Bool](repeating: true, count: matrix.columns)
            for text in 0..<matrix.rows {
                for (column, value) in matrix[row: text].enumerated() {
                    sums[column] += Double(value)
                    squares[column] += Double(value) * Double(value)
                    if value != 1 { isOne[column] = false }
                }
            }
        }
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
