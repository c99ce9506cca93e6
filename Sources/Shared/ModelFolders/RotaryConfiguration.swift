import ElementaryFunctions

/// Rotary position embedding (Su et al., arXiv:2104.09864): the base, and how frequencies are stretched to
/// contexts beyond the trained one.
package struct RotaryConfiguration: Hashable, Sendable {
    package enum Scaling: Hashable, Sendable {
        case none
        /// Positions are divided by `factor` (Chen et al., arXiv:2306.15595).
        case linear(factor: Double)
        /// The base grows with the length of the text, once that exceeds `originalPositions`, the model's
        /// `max_position_embeddings`. Up to there, which is where a context ends here, it is the base as given.
        case dynamic(factor: Double, originalPositions: Int)
        /// Low frequencies are divided by `factor`, high ones kept, those between blended (Llama 3.1;
        /// transformers, `_compute_llama3_parameters`).
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalPositions: Int)
        case yarn(Yarn)
    }

    /// As llama3, but blended along the coordinates, and with all rotations scaled (Peng et al., arXiv:2309.00071;
    /// transformers, `_compute_yarn_parameters`).
    package struct Yarn: Hashable, Sendable {
        package let factor: Double
        /// Cosine and sine are multiplied by it.
        package let attentionFactor: Double
        /// Coordinates that turn more often than `betaFast` times within the original positions keep their frequency,
        /// those that turn less often than `betaSlow` times have it divided.
        package let betaFast: Double
        package let betaSlow: Double
        package let originalPositions: Int
        /// Whether the bounds of the blend are rounded to whole coordinates.
        package let truncate: Bool

        package init(
            factor: Double, attentionFactor: Double, betaFast: Double = 32, betaSlow: Double = 1,
            originalPositions: Int, truncate: Bool = true
        ) {
            self.factor = factor
            self.attentionFactor = attentionFactor
            self.betaFast = betaFast
            self.betaSlow = betaSlow
            self.originalPositions = originalPositions
            self.truncate = truncate
        }
    }

    /// The base θ: pair i of a head of d coordinates turns by θ^(-2i/d) a position.
    package let theta: Double
    package let scaling: Scaling

    package init(theta: Double, scaling: Scaling) {
        self.theta = theta
        self.scaling = scaling
    }

    /// What cosine and sine of every angle are multiplied by.
    package var attentionFactor: Float {
        if case .yarn(let yarn) = scaling { Float(yarn.attentionFactor) } else { 1 }
    }

    /// The angle per position of each pair of coordinates, in radians, `[headDimension / 2]`.
    package func frequencies(headDimension: Int) -> [Float] {
        // As in transformers, the exponent and the frequency are float32 values.
        let plain = (0..<headDimension / 2).map { pair in
            1 / Float(power(theta, Double(Float(2 * pair) / Float(headDimension))))
        }
        switch scaling {
        // The frequencies of a dynamic base within the original positions, where it is the base as given.
        case .none, .dynamic: return plain
        case .linear(let factor): return plain.map { $0 / Float(factor) }
        case .llama3(let factor, let low, let high, let original):
            return plain.map { frequency in
                let wavelength = 2 * Float.pi / frequency
                if wavelength < Float(original) / Float(high) { return frequency }
                if wavelength > Float(original) / Float(low) { return frequency / Float(factor) }
                let smooth = (Float(original) / wavelength - Float(low)) / Float(high - low)
                return (1 - smooth) * frequency / Float(factor) + smooth * frequency
            }
        case .yarn(let yarn):
            let (first, last) = yarn.blend(theta: theta, headDimension: headDimension)
            return plain.enumerated().map { pair, frequency in
                let ramp = min(max((Float(pair) - Float(first)) / Float(last - first), 0), 1)
                let stretched = 1 / (Float(yarn.factor) * (1 / frequency))
                return stretched * ramp + frequency * (1 - ramp)
            }
        }
    }
}

extension RotaryConfiguration.Yarn {
    /// The pairs of coordinates between which frequencies are blended.
    fileprivate func blend(theta: Double, headDimension: Int) -> (first: Double, last: Double) {
        /// The pair that turns so often within the original positions.
        func pair(turning turns: Double) -> Double {
            Double(headDimension) * naturalLogarithm(Double(originalPositions) / (turns * 2 * .pi))
                / (2 * naturalLogarithm(theta))
        }
        var (first, last) = (pair(turning: betaFast), pair(turning: betaSlow))
        if truncate { (first, last) = (first.rounded(.down), last.rounded(.up)) }
        (first, last) = (max(first, 0), min(last, Double(headDimension - 1)))
        return first == last ? (first, last + 0.001) : (first, last)
    }
}
