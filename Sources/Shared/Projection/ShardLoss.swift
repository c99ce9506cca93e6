package import Devices
package import Run

/// The loss and gradient of one shard's rows: what a worker computes at a training step.
///
/// With X the rows' activations of A, [rows, d_A], and Y those of B, [rows, d_B], the error is E = X·Wᵀ − Y and
/// the gradient of ½ΣE² is EᵀX. The result is a function of W, X and Y, bit for bit: see `ProjectionArithmetic`
/// for the order of every sum.
package enum ShardLoss {
    /// - Parameters:
    ///   - w: [d_B, d_A].
    ///   - x: [rows, d_A], in the order in which the shard's rows are summed.
    ///   - y: [rows, d_B].
    ///   - dense: whether the gradient is given as a matrix, [d_B, d_A], or as its factor E, [rows, d_B].
    /// - Throws: ``ProjectionError/shape(operand:expected:found:)`` where they do not fit together;
    ///   ``ProjectionError/notFinite(operand:)`` where the error overflows.
    package static func result(
        w: FloatMatrix, x: FloatMatrix, y: FloatMatrix, dense: Bool, on device: any Device
    ) throws(ProjectionError) -> TrainResult {
        guard w.values.count > 0 else { throw .emptyBatch }
        let results = w.withWeights { w in
            Result { () throws(ProjectionError) in
                try Self.results(w: w, shards: [Shard(x: x, y: y)], dense: dense, on: device)
            }
        }
        return try results.get()[0]
    }

    /// A shard's rows: X, [rows, d_A], and Y, [rows, d_B].
    struct Shard {
        var x: FloatMatrix
        var y: FloatMatrix
    }

    /// The shards' results, in their order. All are predicted in one pass over W; a prediction is a chain of its own,
    /// so none depends on what else is predicted with it.
    static func results(
        w: WeightView, shards: [Shard], dense: Bool, on device: any Device
    ) throws(ProjectionError) -> [TrainResult] {
        var (x, y): ([Float], [Float]) = ([], [])
        var rows = 0
        for shard in shards {
            guard shard.x.rows > 0 else { throw .emptyBatch }
            try shard.x.expect(rows: shard.x.rows, columns: w.inputs, as: "activations of A")
            try shard.y.expect(rows: shard.x.rows, columns: w.outputs, as: "activations of B")
            x += shard.x.values
            y += shard.y.values
            rows += shard.x.rows
        }
        guard rows > 0 else { return [] }
        let errors = device.projection.residuals(w: w, x: x, rows: rows, y: y)
        var first = 0
        var results: [TrainResult] = []
        for shard in shards {
            let values = Array(errors[first * w.outputs..<(first + shard.x.rows) * w.outputs])
            first += shard.x.rows
            results.append(try result(errors: values, x: shard.x, w: w, dense: dense, on: device))
        }
        return results
    }

    private static func result(
        errors: [Float], x: FloatMatrix, w: WeightView, dense: Bool, on device: any Device
    ) throws(ProjectionError) -> TrainResult {
        let blocks = OutputBlocks(dimensionA: w.inputs, dimensionB: w.outputs)
        let outputErrors = SquaredErrors.outputs(errors, rows: x.rows, count: w.outputs, on: device)
        let squaredErrorSum = SquaredErrors.sum(of: outputErrors, blocks: blocks)
        guard squaredErrorSum.isFinite else { throw .notFinite(operand: "error of the projection") }
        guard dense else {
            let factor = FloatMatrix(rows: x.rows, columns: w.outputs, values: errors)
            return TrainResult(squaredErrorSum: squaredErrorSum, gradient: .factor(factor))
        }
        let gradient = device.projection.gradient(
            errors: errors, x: x.values, rows: x.rows, outputs: w.outputs, inputs: w.inputs)
        return TrainResult(
            squaredErrorSum: squaredErrorSum,
            gradient: .dense(FloatMatrix(rows: w.outputs, columns: w.inputs, values: gradient)),
            outputErrors: outputErrors)
    }
}

extension FloatMatrix {
    /// Lends the values of a W that is not empty to `body`, in place.
    func withWeights<R>(_ body: (WeightView) throws -> R) rethrows -> R {
        try values.withUnsafeBufferPointer {
            try body(WeightView(base: $0.baseAddress!, outputs: rows, inputs: columns))
        }
    }

    /// Throws unless the matrix has this shape.
    func expect(rows: Int, columns: Int, as operand: @autoclosure () -> String) throws(ProjectionError) {
        guard self.rows == rows, self.columns == columns else {
            throw .shape(
                operand: operand(), expected: "\(rows) × \(columns)", found: "\(self.rows) × \(self.columns)")
        }
    }
}
