/// The arithmetic of a projection W, `[outputs, inputs]` float32, on values in this process's memory.
///
/// X, `[rows, inputs]`, are activations of A, and E, `[rows, outputs]`, are errors; all matrices are row-major. Every
/// number is defined to the bit, so that all devices give the same: a chain of fused multiply-adds starts at 0 and
/// takes acc = fma(a, b, acc) in the stated order. Memory holds what the shapes say; `rows` and shapes are at least 1.
package protocol ProjectionArithmetic: Sendable {
    /// out[r, o] = chain over the inputs of w[o, i]·x[r, i], less y[r, o] where `y` is given. `y`, `out`:
    /// `[rows, outputs]`.
    func predict(
        _ w: WeightView, x: UnsafePointer<Float>, rows: Int, less y: UnsafePointer<Float>?,
        into out: UnsafeMutablePointer<Float>)

    /// EᵀX: out[o, i] = chain over the rows of errors[r, o]·x[r, i]. `out`: `[outputs, inputs]`.
    func gradient(
        errors: UnsafePointer<Float>, x: UnsafePointer<Float>, rows: Int, outputs: Int, inputs: Int,
        into out: UnsafeMutablePointer<Float>)

    /// Adds the shards' gradients in their order and takes a step of Adam with the sum: ``AdamStep`` has the formulas.
    /// - Parameter shards: at least one.
    func step(_ weights: TrainedWeights, shards: UnsafeBufferPointer<GradientView>, adam: AdamStep)

    /// sums[o] = the sum over the rows of errors[r, o]² in double, in their order. `sums`: `[outputs]`.
    func squares(
        ofErrors errors: UnsafePointer<Float>, rows: Int, outputs: Int, into sums: UnsafeMutablePointer<Double>)

    /// ‖YᵀX‖²_F in double. Each element is a chain over the rows, in double; each column of y a chain of its elements'
    /// squares over the columns of x; those are added in order.
    /// - Parameters:
    ///   - x: `[rows, inputs]`
    ///   - y: `[rows, outputs]`
    func squaredCrossNorm(
        x: UnsafePointer<Float>, inputs: Int, y: UnsafePointer<Float>, outputs: Int, rows: Int
    ) -> Double

    /// Cuts `0 ..< outputs` into ranges and calls `body` for each, on as many threads as the device has. The arithmetic
    /// that `body` gets is for its thread alone, and need not wait for the others.
    func share(outputs: Int, _ body: (Range<Int>, any ProjectionArithmetic) -> Void)
}

/// W where it lies, `[outputs, inputs]`, for as long as it is lent.
package struct WeightView: @unchecked Sendable {  // for reading, while it is lent
    package var base: UnsafePointer<Float>
    package var outputs: Int
    package var inputs: Int

    package init(base: UnsafePointer<Float>, outputs: Int, inputs: Int) {
        self.base = base
        self.outputs = outputs
        self.inputs = inputs
    }
}

/// W and Adam's two moments, each `[outputs, inputs]`, to be changed in place.
package struct TrainedWeights {
    package var w: UnsafeMutablePointer<Float>
    package var firstMoment: UnsafeMutablePointer<Float>
    package var secondMoment: UnsafeMutablePointer<Float>
    package var outputs: Int
    package var inputs: Int

    package init(
        w: UnsafeMutablePointer<Float>, firstMoment: UnsafeMutablePointer<Float>,
        secondMoment: UnsafeMutablePointer<Float>, outputs: Int, inputs: Int
    ) {
        self.w = w
        self.firstMoment = firstMoment
        self.secondMoment = secondMoment
        self.outputs = outputs
        self.inputs = inputs
    }
}

/// The gradient of one shard, where it lies.
package enum GradientView {
    /// `[outputs, inputs]`
    case dense(UnsafePointer<Float>)
    /// Its two factors, `[rows, outputs]` and `[rows, inputs]`: the gradient is their product, each element a chain
    /// over the rows.
    case factors(errors: UnsafePointer<Float>, x: UnsafePointer<Float>, rows: Int)
}

/// The constants of one step of Adam; those that need powers were computed once, in double, and rounded.
///
/// With s the sum of the shards' gradients, each line's operations rounded one by one:
///
///     g = s · gradientScale
///     m = m + (g − m) · firstWeight
///     v = v · beta2 + (g · g) · secondWeight
///     w = w − (m / (√v / secondCorrection + epsilon)) · stepSize
package struct AdamStep: Hashable, Sendable {
    package var gradientScale: Float
    /// 1 − β₁
    package var firstWeight: Float
    package var beta2: Float
    /// 1 − β₂
    package var secondWeight: Float
    /// √(1 − β₂^step)
    package var secondCorrection: Float
    package var epsilon: Float
    /// learning rate / (1 − β₁^step)
    package var stepSize: Float

    package init(
        gradientScale: Float, firstWeight: Float, beta2: Float, secondWeight: Float, secondCorrection: Float,
        epsilon: Float, stepSize: Float
    ) {
        self.gradientScale = gradientScale
        self.firstWeight = firstWeight
        self.beta2 = beta2
        self.secondWeight = secondWeight
        self.secondCorrection = secondCorrection
        self.epsilon = epsilon
        self.stepSize = stepSize
    }
}
