package import Run

/// A map from A's activations to B's in closed form, W·x + b, made of sums over texts alone.
package struct ClosedForm: Hashable, Sendable {
    /// W and, as its last column, b: [d_B, d_A + 1].
    package let matrix: FloatMatrix
    /// λ, in units of the mean sum of squares of A's coordinates; nil where there is none.
    package var ridge: Double?
    /// Directions of B's space that it reaches; nil where it may reach all.
    package var rank: Int?

    /// The λ's that are tried.
    static let ridges = [
        1e-8, 3e-8, 1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30, 100,
    ]
    /// Coordinates of a space at most: what LAPACK takes room for is counted in 32 bits.
    package static let widest = 1 << 14
    /// So much of the smallest error may a map of a smaller rank have.
    static let tolerance = 1.01

    /// Whether the library that it takes can be used.
    /// - Throws: ``ProjectionError/noLinearAlgebra(reason:)``.
    package static func check() throws(ProjectionError) { _ = try LinearAlgebra.load() }
}

/// The maps in closed form of one line's sums.
///
/// λ and the rank are chosen where it counts: on texts that the map has not seen. Then the map is made of all texts.
package struct ClosedForms {
    private let algebra: LinearAlgebra
    private let means: [Double]
    private let sums: CentredSums
    /// Of A's centred activations: all maps with a penalty come of this one factorisation.
    private let spread: (values: [Double], vectors: DoubleMatrix)
    private let chosen: (ridge: Double, rank: Int)

    /// - Parameters:
    ///   - learned: the sums of most of the texts.
    ///   - chosenOn: those of the others, on which λ and the rank are chosen.
    /// - Throws: ``ProjectionError`` where the sums are no numbers, or the library cannot be used.
    package init(learned: ActivationSums, chosenOn others: ActivationSums) throws(ProjectionError) {
        algebra = try LinearAlgebra.load()
        chosen = try Self.choice(learned, others, algebra)
        var all = learned
        all.add(others)
        means = all.means
        sums = all.centred(around: means)
        spread = try algebra.eigenvectors(of: sums.xx)
    }

    /// About the bytes that it takes at most to make a line's maps of its sums: those that they learn from, those that λ and
    /// the rank are chosen on, and all; the first two around the mean; what comes of them.
    package static func bytes(dimensionA: Int, dimensionB: Int) -> Int {
        let (a, b) = (dimensionA, dimensionB)
        let numbers =
            3 * ActivationSums.count(dimensionA: a, dimensionB: b) + 2 * (a * a + a * b + b * b)
            + 4 * max(a, b) * max(a, b) + 2 * a * b
        return numbers * MemoryLayout<Double>.size
    }

    /// The map of one kind.
    package func map(_ fit: ProjectionFit) throws(ProjectionError) -> ClosedForm {
        switch fit {
        case .adam: preconditionFailure("no closed form")
        case .ridge: return try affine(ridgeMap, ridge: chosen.ridge)
        case .reducedRank:
            let map = ridgeMap
            let kept = try Self.directions(of: map, sums.xx, algebra).prefix(rows: chosen.rank)
            let reduced = algebra.product(kept, algebra.product(kept, map), transposing: .first)
            return try affine(reduced, ridge: chosen.ridge, rank: chosen.rank)
        case .procrustes:
            let (rotation, sum) = try algebra.orthogonalFactor(of: sums.xz.transposed)
            let scale = sum / sums.xx.trace
            return try affine(rotation.scalingRows(by: [Double](repeating: scale, count: rotation.rows)))
        case .whitened:
            let inverseA = root(spread, inverse: true)
            let spreadB = try algebra.eigenvectors(of: sums.zz)
            let inverseB = root(spreadB, inverse: true)
            let whitened = algebra.product(inverseB, algebra.product(sums.xz, inverseA, transposing: .first))
            let (rotation, _) = try algebra.orthogonalFactor(of: whitened)
            return try affine(
                algebra.product(algebra.product(root(spreadB, inverse: false), rotation), inverseA))
        }
    }

    /// Ridge's W, [d_B, d_A].
    private var ridgeMap: DoubleMatrix {
        Self.ridgeMap(
            spread, cross: algebra.product(spread.vectors, sums.xz), Self.penalty(chosen.ridge, sums.xx), algebra)
    }

    /// With the bias that maps A's mean to B's.
    private func affine(
        _ map: DoubleMatrix, ridge: Double? = nil, rank: Int? = nil
    ) throws(ProjectionError) -> ClosedForm {
        var values: [Float] = []
        values.reserveCapacity(map.rows * (map.columns + 1))
        for row in 0..<map.rows {
            var bias = means[map.columns + row]
            for column in 0..<map.columns {
                bias -= map[row, column] * means[column]
                values.append(Float(map[row, column]))
            }
            values.append(Float(bias))
        }
        guard Values.areFinite(values) else { throw .notFinite(operand: "the activations' sums") }
        return ClosedForm(
            matrix: FloatMatrix(rows: map.rows, columns: map.columns + 1, values: values), ridge: ridge, rank: rank)
    }

    /// The symmetric square root of a matrix, or its inverse; directions in which nothing varies have none.
    private func root(_ spread: (values: [Double], vectors: DoubleMatrix), inverse: Bool) -> DoubleMatrix {
        let least = (spread.values.last ?? 0) * Double(spread.values.count) * Double.ulpOfOne
        let factors = spread.values.map { value in
            value <= least ? 0 : inverse ? 1 / value.squareRoot() : value.squareRoot()
        }
        return algebra.product(
            spread.vectors, spread.vectors.scalingRows(by: factors), transposing: .first)
    }

    // MARK: The choice

    /// Chooses λ, and with it the rank.
    private static func choice(
        _ learned: ActivationSums, _ others: ActivationSums, _ algebra: LinearAlgebra
    ) throws(ProjectionError) -> (ridge: Double, rank: Int) {
        let means = learned.means
        let (own, held) = (learned.centred(around: means), others.centred(around: means))
        let spread = try algebra.eigenvectors(of: own.xx)
        // In the coordinates of A's own directions W is diagonal times `cross`, and so is its error on the others.
        let cross = algebra.product(spread.vectors, own.xz)
        let heldCross = algebra.product(spread.vectors, held.xz)
        let rotated = algebra.product(spread.vectors, held.xx)
        let heldSpread = algebra.product(rotated, spread.vectors, transposing: .second)
        let overlap = algebra.product(cross, cross, transposing: .second)
        let width = cross.rows
        let linear = (0..<width).map { row in
            (0..<cross.columns).reduce(0.0) { $0 + cross[row, $1] * heldCross[row, $1] }
        }
        var best: (ridge: Double, error: Double) = (ClosedForm.ridges[0], .infinity)
        for ridge in ClosedForm.ridges {
            let factors = shrinkage(spread.values, penalty(ridge, own.xx))
            var error = 0.0
            for row in 0..<width {
                error -= 2 * factors[row] * linear[row]
                for column in 0..<width {
                    error += factors[row] * factors[column] * heldSpread[row, column] * overlap[row, column]
                }
            }
            if error < best.error { best = (ridge, error) }
        }
        let map = ridgeMap(spread, cross: cross, penalty(best.ridge, own.xx), algebra)
        return (best.ridge, try rank(of: map, own, held, algebra))
    }

    /// The smallest rank that costs next to nothing on the others.
    private static func rank(
        of map: DoubleMatrix, _ own: CentredSums, _ held: CentredSums, _ algebra: LinearAlgebra
    ) throws(ProjectionError) -> Int {
        let directions = try directions(of: map, own.xx, algebra)
        let kept = algebra.product(directions, map)
        let targets = algebra.product(directions, held.xz, transposing: .second)
        let fitted = algebra.product(kept, held.xx)
        var error = held.zz.trace
        let errors = (0..<kept.rows).map { row in
            for column in 0..<kept.columns {
                error += kept[row, column] * (fitted[row, column] - 2 * targets[row, column])
            }
            return error
        }
        let most = ClosedForm.tolerance * (errors.min() ?? 0)
        // Beyond as many as A has coordinates there are none.
        return 1 + (errors.firstIndex { $0 <= most } ?? min(map.rows, map.columns) - 1)
    }

    /// The directions of B's space that a map's values vary in, the strongest first: rows, as many as either space has
    /// coordinates.
    private static func directions(
        of map: DoubleMatrix, _ xx: DoubleMatrix, _ algebra: LinearAlgebra
    ) throws(ProjectionError) -> DoubleMatrix {
        let covariance = algebra.product(algebra.product(map, xx), map, transposing: .second)
        let vectors = try algebra.eigenvectors(of: covariance).vectors
        var strongest = DoubleMatrix(zeros: min(map.rows, map.columns), map.rows)
        for row in 0..<strongest.rows {
            for column in 0..<map.rows { strongest[row, column] = vectors[map.rows - 1 - row, column] }
        }
        return strongest
    }

    // MARK: Ridge

    private static func penalty(_ ridge: Double, _ xx: DoubleMatrix) -> Double {
        ridge * xx.trace / Double(xx.rows)
    }

    /// 1 / (Λ + λ); 0 where neither is there.
    private static func shrinkage(_ values: [Double], _ penalty: Double) -> [Double] {
        values.map { value in
            let sum = max(0, value) + penalty
            return sum > 0 ? 1 / sum : 0
        }
    }

    /// W = (VᵀDVXᵀZ)ᵀ with D = 1 / (Λ + λ).
    /// - Parameter cross: V XᵀZ.
    private static func ridgeMap(
        _ spread: (values: [Double], vectors: DoubleMatrix), cross: DoubleMatrix, _ penalty: Double,
        _ algebra: LinearAlgebra
    ) -> DoubleMatrix {
        algebra.product(
            cross.scalingRows(by: shrinkage(spread.values, penalty)), spread.vectors, transposing: .first)
    }
}
