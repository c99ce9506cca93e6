package import Devices
package import Run

/// How well a map predicts B's activations of texts that it has not learned from.
package struct HeldOutFit: Hashable, Sendable {
    package let texts: Int
    /// Mean squared error per element, of the predictions and of the mean over the texts that W learned from.
    package let loss: Double
    package let meanLoss: Double
    /// 1 − the ratio of the two; of each coordinate by itself, the mean over those that vary. Nil where nothing varies.
    package let r2: Double?
    package let coordinateR2: Double?
    /// Mean squared error per element, each in units of its variance over the texts that W learned from; 0 for those that
    /// never vary.
    package let standardisedLoss: Double
    /// Between predictions and B's activations, the mean over the texts.
    package let cosine: Double

    /// What a W predicts.
    /// - Parameters:
    ///   - x: A's activations, [texts, d_A]; at least one text.
    ///   - y: B's, [texts, d_B].
    ///   - moments: of the texts that W learned from.
    package init(
        _ w: FloatMatrix, x: FloatMatrix, y: FloatMatrix, moments: TargetMoments, on device: any Device
    ) throws(ProjectionError) {
        try self.init(predicted: try LinearProjection(w).project(rows: x, on: device), y: y, moments: moments)
    }

    /// The mean over the texts that a W would learn from, predicted for all.
    package init(meanOf moments: TargetMoments, y: FloatMatrix) throws(ProjectionError) {
        let row = moments.means.map(Float.init)
        try self.init(
            predicted: FloatMatrix(
                rows: y.rows, columns: row.count, values: (0..<y.rows).flatMap { _ in row }),
            y: y, moments: moments)
    }

    /// - Parameter predicted: [texts, d_B]; at least one text.
    package init(predicted: FloatMatrix, y: FloatMatrix, moments: TargetMoments) throws(ProjectionError) {
        guard y.rows > 0 else { throw .emptyBatch }
        try y.expect(rows: predicted.rows, columns: predicted.columns, as: "activations of B")
        var errors = [Double](repeating: 0, count: y.columns)
        var cosines = 0.0
        for row in 0..<y.rows {
            var (product, own, wantedSquares) = (0.0, 0.0, 0.0)
            for (column, (found, wanted)) in zip(predicted[row: row], y[row: row]).enumerated() {
                let (found, wanted) = (Double(found), Double(wanted))
                errors[column] += (found - wanted) * (found - wanted)
                product += found * wanted
                own += found * found
                wantedSquares += wanted * wanted
            }
            let lengths = (own * wantedSquares).squareRoot()
            cosines += lengths > 0 ? product / lengths : 0
        }
        let spreads = TargetMoments.columnSums(of: y) { value, column in
            let difference = value - moments.means[column]
            return difference * difference
        }
        texts = y.rows
        let elements = Double(y.rows) * Double(y.columns)
        loss = errors.reduce(0, +) / elements
        meanLoss = spreads.reduce(0, +) / elements
        r2 = meanLoss > 0 ? 1 - loss / meanLoss : nil
        let varying = spreads.indices.filter { spreads[$0] > 0 }
        coordinateR2 =
            varying.isEmpty
            ? nil : varying.reduce(0) { $0 + (1 - errors[$1] / spreads[$1]) } / Double(varying.count)
        standardisedLoss = zip(errors, moments.weights).reduce(0) { $0 + $1.0 * $1.1 } / elements
        cosine = cosines / Double(y.rows)
    }
}
