import Devices

/// The arithmetic of the projection W, `[outputs, inputs]`.
struct ReferenceProjection: ProjectionArithmetic {
    /// X·Wᵀ − Y: a prediction is one chain over the inputs, from which the target is subtracted.
    func predict(
        _ w: WeightView, x: UnsafePointer<Float>, rows: Int, less y: UnsafePointer<Float>?,
        into out: UnsafeMutablePointer<Float>
    ) {
        let weights = matrix(w.base, w.outputs, w.inputs)
        for (r, x) in matrix(x, rows, w.inputs).enumerated() {
            for (o, weights) in weights.enumerated() {
                let prediction = chain(weights, x)
                out[r * w.outputs + o] = y.map { prediction - $0[r * w.outputs + o] } ?? prediction
            }
        }
    }

    /// EᵀX, the gradient of ½ΣE²: of each element one chain over the rows.
    func gradient(
        errors: UnsafePointer<Float>, x: UnsafePointer<Float>, rows: Int, outputs: Int, inputs: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        for (i, value) in product(errors, x, rows, outputs, inputs).enumerated() { out[i] = value }
    }

    /// Adam (Kingma & Ba, arXiv:1412.6980) as `torch.optim.Adam` takes its steps, with the sum of the shards'
    /// gradients, added in their order, the first one to nothing.
    func step(_ weights: TrainedWeights, shards: UnsafeBufferPointer<GradientView>, adam: AdamStep) {
        let (outputs, inputs) = (weights.outputs, weights.inputs)
        let gradients = shards.map { shard in
            switch shard {
            case .dense(let gradient): Vector(UnsafeBufferPointer(start: gradient, count: outputs * inputs))
            case .factors(let errors, let x, let rows): product(errors, x, rows, outputs, inputs)
            }
        }
        for (i, sum) in gradients.dropFirst().reduce(gradients[0], .+).enumerated() {
            let g = sum * adam.gradientScale
            let m = weights.firstMoment[i] + (g - weights.firstMoment[i]) * adam.firstWeight
            let v = weights.secondMoment[i] * adam.beta2 + (g * g) * adam.secondWeight
            weights.firstMoment[i] = m
            weights.secondMoment[i] = v
            weights.w[i] -= (m / (v.squareRoot() / adam.secondCorrection + adam.epsilon)) * adam.stepSize
        }
    }

    /// Of each output the sum of its squared errors over the rows, in double.
    func squares(
        ofErrors errors: UnsafePointer<Float>, rows: Int, outputs: Int, into sums: UnsafeMutablePointer<Double>
    ) {
        for (o, errors) in columns(errors, rows, outputs).enumerated() {
            sums[o] = errors.reduce(0.0) { $0 + Double($1) * Double($1) }
        }
    }

    /// ‖YᵀX‖²_F in double: of each element of YᵀX a chain over the rows, of each of its rows a chain over the squares,
    /// and these are added in order.
    func squaredCrossNorm(
        x: UnsafePointer<Float>, inputs: Int, y: UnsafePointer<Float>, outputs: Int, rows: Int
    ) -> Double {
        let x = columns(x, rows, inputs)
        return columns(y, rows, outputs).reduce(0.0) { total, y in
            total
                + x.reduce(0.0) { sum, x in
                    let element = zip(y, x).reduce(0.0) { $0.addingProduct(Double($1.0), Double($1.1)) }
                    return sum.addingProduct(element, element)
                }
        }
    }

    func share(outputs: Int, _ body: (Range<Int>, any ProjectionArithmetic) -> Void) { body(0..<outputs, self) }

    /// EᵀX, `[outputs * inputs]`
    private func product(
        _ errors: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ rows: Int, _ outputs: Int, _ inputs: Int
    ) -> Vector {
        let x = columns(x, rows, inputs)
        return columns(errors, rows, outputs).flatMap { errors in x.map { chain(errors, $0) } }
    }

    /// `[rows][columns]`
    private func matrix(_ values: UnsafePointer<Float>, _ rows: Int, _ columns: Int) -> [Vector] {
        (0..<rows).map { row in (0..<columns).map { values[row * columns + $0] } }
    }

    /// The transpose, `[columns][rows]`.
    private func columns(_ values: UnsafePointer<Float>, _ rows: Int, _ columns: Int) -> [Vector] {
        (0..<columns).map { column in (0..<rows).map { values[$0 * columns + column] } }
    }
}
