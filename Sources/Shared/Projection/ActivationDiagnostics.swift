package import Devices
package import Run

/// What the activations that W was trained on look like, and what its error is made of: few coordinates often decide
/// both the loss and the uncentred similarity.
///
/// All sums run in double, in the order of texts and coordinates.
package struct ActivationDiagnostics: Codable, Hashable, Sendable {
    /// Medians over the texts of ‖W a‖ and ‖b‖.
    package let mappedNorm: Double
    package let targetNorm: Double
    /// The share of B's variance, and of W's squared error, that lies in the so many coordinates with the most of it.
    package let varianceShares: [Share]
    package let errorShares: [Share]
    /// The squared error over B's variance, coordinate by coordinate, then averaged over those that vary: 1 is what
    /// predicting the mean gives.
    package let standardizedLoss: Double
    /// Mean squared errors per element: of W, and of predicting each coordinate's mean.
    package let loss: Double
    package let meanLoss: Double
    /// ‖YᵀX‖²_F / (‖X‖²_F ‖Y‖²_F), not centred (Ramesh & Li, appendix B.4).
    package let similarity: Double
    /// Linear centred kernel alignment (Kornblith et al., 2019): the same of centred activations, on a scale where equal
    /// spaces have 1.
    package let centredAlignment: Double

    package struct Share: Codable, Hashable, Sendable {
        package let coordinates: Int
        package let share: Double
    }

    /// - Parameters:
    ///   - x: A's activations, [texts, d_A]; at least one text.
    ///   - y: B's of the same texts, [texts, d_B].
    ///   - w: [d_B, d_A].
    package init(
        x: FloatMatrix, y: FloatMatrix, w: FloatMatrix, on device: any Device
    ) throws(ProjectionError) {
        try y.expect(rows: x.rows, columns: w.rows, as: "activations of B")
        let mapped = try LinearProjection(w).project(rows: x, on: device)
        mappedNorm = Self.medianNorm(mapped)
        targetNorm = Self.medianNorm(y)
        let variances = Self.columns(y.columns, y.rows) { row, place in Double(y.values[row * y.columns + place]) }
        let errors = (0..<y.columns).map { place in
            (0..<y.rows).reduce(0.0) { sum, row in
                let error = Double(y.values[row * y.columns + place]) - Double(mapped.values[row * y.columns + place])
                return sum + error * error
            }
        }
        varianceShares = Self.shares(variances)
        errorShares = Self.shares(errors)
        let varying = variances.indices.filter { variances[$0] > 0 }
        standardizedLoss =
            varying.isEmpty
            ? 0 : varying.reduce(0) { $0 + errors[$1] / variances[$1] } / Double(varying.count)
        let elements = Double(y.rows * y.columns)
        loss = errors.reduce(0, +) / elements
        meanLoss = variances.reduce(0, +) / elements
        similarity = try ActivationSimilarity.value(x: x, y: y, on: device)
        let (centredX, centredY) = (Self.centred(x), Self.centred(y))
        // Each is ‖AᵀB‖² / (‖A‖² ‖B‖²): the norms of A and B cancel.
        let own =
            try ActivationSimilarity.value(x: centredX, y: centredX, on: device)
            * ActivationSimilarity.value(x: centredY, y: centredY, on: device)
        let both = try ActivationSimilarity.value(x: centredX, y: centredY, on: device)
        centredAlignment = own > 0 ? both / own.squareRoot() : 0
    }

    /// Sums of squares around the mean, for each column.
    private static func columns(_ count: Int, _ rows: Int, _ value: (Int, Int) -> Double) -> [Double] {
        (0..<count).map { place in
            let mean = (0..<rows).reduce(0.0) { $0 + value($1, place) } / Double(rows)
            return (0..<rows).reduce(0.0) { $0 + (value($1, place) - mean) * (value($1, place) - mean) }
        }
    }

    private static func centred(_ matrix: FloatMatrix) -> FloatMatrix {
        var centred = matrix
        for place in 0..<matrix.columns {
            let sum = (0..<matrix.rows).reduce(0.0) { $0 + Double(matrix.values[$1 * matrix.columns + place]) }
            let mean = sum / Double(max(matrix.rows, 1))
            for row in 0..<matrix.rows {
                centred.values[row * matrix.columns + place] = Float(
                    Double(matrix.values[row * matrix.columns + place]) - mean)
            }
        }
        return centred
    }

    private static func medianNorm(_ matrix: FloatMatrix) -> Double {
        let norms = (0..<matrix.rows).map { row in
            matrix[row: row].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        }.sorted()
        guard !norms.isEmpty else { return 0 }
        let middle = norms.count / 2
        return norms.count % 2 == 1 ? norms[middle] : (norms[middle - 1] + norms[middle]) / 2
    }

    /// Of the largest 1, 3 and 10 of these.
    private static func shares(_ amounts: [Double]) -> [Share] {
        let total = amounts.reduce(0, +)
        let sorted = amounts.sorted(by: >)
        return [1, 3, 10].map {
            Share(coordinates: $0, share: total > 0 ? sorted.prefix($0).reduce(0, +) / total : 0)
        }
    }
}
