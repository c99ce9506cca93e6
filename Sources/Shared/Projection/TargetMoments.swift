package import Run

/// The mean and the variance of each of B's coordinates over the texts that W learns from: what there is to predict.
///
/// Each coordinate is summed by itself, in double, over the texts in their order: those of some of the columns are the
/// same as among all.
package struct TargetMoments: Hashable, Sendable {
    /// [outputs]
    package let means: [Double]
    package let variances: [Double]

    /// - Parameter y: B's activations of all texts, [texts, outputs].
    package init(_ y: FloatMatrix) {
        let means = Self.columnSums(of: y) { value, _ in value }.map { $0 / Double(y.rows) }
        self.means = means
        variances = Self.columnSums(of: y) { value, column in
            let difference = value - means[column]
            return difference * difference
        }.map { $0 / Double(y.rows) }
    }

    /// The mean squared error per element of predicting the mean, on these texts.
    package var loss: Double {
        var sum = 0.0
        for variance in variances { sum += variance }
        return sum / Double(variances.count)
    }

    /// What a coordinate's squared error is multiplied by to be in units of its variance; 0 where it never varies.
    package var weights: [Double] {
        variances.map { variance in
            let weight = 1 / variance
            return weight.isFinite ? weight : 0
        }
    }

    /// Of each column the sum over the rows, in their order, of what `term` makes of an element.
    static func columnSums(of y: FloatMatrix, _ term: (_ value: Double, _ column: Int) -> Double) -> [Double] {
        var sums = [Double](repeating: 0, count: y.columns)
        for row in 0..<y.rows {
            for (column, value) in y[row: row].enumerated() { sums[column] += term(Double(value), column) }
        }
        return sums
    }
}
