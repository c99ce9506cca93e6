import Devices

/// The settings of Adam (Kingma & Ba, 2015), with the meaning they have in `torch.optim.Adam`; no weight decay.
package struct Adam: Hashable, Sendable {
    package var learningRate: Double
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double

    package init(learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    /// The constants of one step: powers are taken in double, then rounded once.
    /// - Parameters:
    ///   - step: 1 for the first.
    ///   - gradientScale: what the summed gradient is multiplied by.
    func constants(step: Int, gradientScale: Double) -> AdamStep {
        AdamStep(
            gradientScale: Float(gradientScale),
            firstWeight: Float(1 - beta1),
            beta2: Float(beta2),
            secondWeight: Float(1 - beta2),
            secondCorrection: Float((1 - Self.power(beta2, step)).squareRoot()),
            epsilon: Float(epsilon),
            stepSize: Float(learningRate / (1 - Self.power(beta1, step))))
    }

    /// `base` to the power `exponent` by repeated squaring: a C library's `pow` differs between machines.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var square = base
        var remaining = exponent
        while remaining > 0 {
            if remaining & 1 == 1 { result *= square }
            square *= square
            remaining >>= 1
        }
        return result
    }
}
