import Run

/// The arithmetic of the projection W, `[outputs][inputs]`: prediction, gradient, loss and Adam's step.
enum ReferenceProjection {
    /// E = X·Wᵀ − Y, `[rows][outputs]`, or X·Wᵀ without `y`: one chain over the inputs, then the target is subtracted.
    static func errors(w: [Vector], x: [Vector], y: [Vector]?) -> [Vector] {
        x.enumerated().map { row, x in
            let prediction = w.map { chain($0, x) }
            return y.map { y in zip(prediction, y[row]).map { $0 - $1 } } ?? prediction
        }
    }

    /// EᵀX, `[outputs][inputs]`, the gradient of ½ΣE²: of each element one chain over the rows.
    static func gradient(errors: [Vector], x: [Vector]) -> [Vector] {
        columns(errors).map { errors in columns(x).map { chain(errors, $0) } }
    }

    /// ΣE² in double: of each output over the rows, then over the outputs of a block of W, then over the blocks.
    static func squaredSum(errors: [Vector], blocks: OutputBlocks) -> Double {
        let outputs = columns(errors).map { $0.reduce(0.0) { $0 + Double($1) * Double($1) } }
        return (0..<blocks.count).reduce(0.0) { $0 + outputs[blocks[$1]].reduce(0, +) }
    }

    /// ‖YᵀX‖²_F / ‖X‖²_F / ‖Y‖²_F in double; 0 where either is all zeros. Of each element of YᵀX a chain over the
    /// rows, of each of its rows a chain over the squares, and these are added in order.
    static func similarity(x: [Vector], y: [Vector]) -> Double {
        func squares(_ rows: [Vector]) -> Double { rows.joined().reduce(0.0) { $0 + Double($1) * Double($1) } }
        guard squares(x) > 0, squares(y) > 0 else { return 0 }
        let total = columns(y).map { y in
            columns(x).reduce(0.0) { sum, x in
                let product = zip(y, x).reduce(0.0) { $0.addingProduct(Double($1.0), Double($1.1)) }
                return sum.addingProduct(product, product)
            }
        }.reduce(0, +)
        return total / squares(x) / squares(y)
    }

    /// The transpose.
    private static func columns(_ rows: [Vector]) -> [Vector] {
        (rows.first ?? []).indices.map { column in rows.map { $0[column] } }
    }
}

/// W in training: Adam (Kingma & Ba, arXiv:1412.6980) as `torch.optim.Adam` takes its steps, in float32.
struct ReferenceTraining {
    /// `[outputs * inputs]` each.
    var w, firstMoment, secondMoment: Vector
    /// Steps taken.
    var step = 0

    /// Takes a step down the gradients of a batch's shards, which are added in their order, the first one to nothing.
    ///
    /// - Parameter scale: what their sum is multiplied by: 2 / (batch rows · outputs) for the mean squared error.
    mutating func descend(
        _ shards: [Vector], scale: Double, rate: Double, beta1: Double, beta2: Double, epsilon: Double
    ) {
        step += 1
        let correction2 = Float((1 - power(beta2, step)).squareRoot())
        let size = Float(rate / (1 - power(beta1, step)))
        let sum = shards.dropFirst().reduce(shards[0], .+)
        for i in w.indices {
            let g = sum[i] * Float(scale)
            firstMoment[i] += (g - firstMoment[i]) * Float(1 - beta1)
            secondMoment[i] = secondMoment[i] * Float(beta2) + (g * g) * Float(1 - beta2)
            let denominator = secondMoment[i].squareRoot() / correction2 + Float(epsilon)
            w[i] -= (firstMoment[i] / denominator) * size
        }
    }

    /// By repeated squaring, in double.
    private func power(_ base: Double, _ exponent: Int) -> Double {
        guard exponent > 1 else { return exponent == 0 ? 1 : base }
        let root = power(base, exponent / 2)
        return exponent % 2 == 0 ? root * root : root * root * base
    }
}
