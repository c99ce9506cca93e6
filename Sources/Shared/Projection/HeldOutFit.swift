package import Devices
package import Run

/// How well W predicts B's activations of texts that it has not learned from.
package struct HeldOutFit: Hashable, Sendable {
    package let texts: Int
    /// Mean squared error per element, of W's predictions and of the mean over the texts that W learned from.
    package let loss: Double
    package let meanLoss: Double
    /// 1 − the ratio of the two; of each coordinate by itself, the mean over those that vary. Nil where nothing varies.
    package let r2: Double?
    package let coordinateR2: Double?

    /// - Parameters:
    ///   - x: A's activations, [texts, d_A]; at least one text.
    ///   - y: B's, [texts, d_B].
    ///   - moments: of the texts that W learned from.
    package init(
        _ w: FloatMatrix, x: FloatMatrix, y: FloatMatrix, moments: TargetMoments, on device: any Device
    ) throws(ProjectionError) {
        guard x.rows > 0 else { throw .emptyBatch }
        try y.expect(rows: x.rows, columns: w.rows, as: "activations of B")
        let predicted = try LinearProjection(w).project(rows: x, on: device)
        var errors = [Double](repeating: 0, count: w.rows)
        for row in 0..<x.rows {
            for (column, (found, wanted)) in zip(predicted[row: row], y[row: row]).enumerated() {
                let error = Double(found) - Double(wanted)
                errors[column] += error * error
            }
        }
        let spreads = TargetMoments.columnSums(of: y) { value, column in
            let difference = value - moments.means[column]
            return difference * difference
        }
        texts = x.rows
        let elements = Double(x.rows) * Double(w.rows)
        loss = errors.reduce(0, +) / elements
        meanLoss = spreads.reduce(0, +) / elements
        r2 = meanLoss > 0 ? 1 - loss / meanLoss : nil
        let varying = spreads.indices.filter { spreads[$0] > 0 }
        coordinateR2 =
            varying.isEmpty
            ? nil : varying.reduce(0) { $0 + (1 - errors[$1] / spreads[$1]) } / Double(varying.count)
    }
}
