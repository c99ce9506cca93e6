import Foundation

/// Rotary position embedding (Su et al., arXiv:2104.09864): the base, and how frequencies are stretched to
/// contexts beyond the trained one.
package struct RotaryConfiguration: Hashable, Sendable {
    package enum Scaling: Hashable, Sendable {
        case none
        /// Positions are divided by `factor` (Chen et al., arXiv:2306.15595).
        case linear(factor: Double)
        /// Low frequencies are divided by `factor`, high ones kept, those between blended (Llama 3.1;
        /// transformers, `_compute_llama3_parameters`).
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalPositions: Int)
    }

    /// The base θ: pair i of a head of d coordinates turns by θ^(-2i/d) a position.
    package let theta: Double
    package let scaling: Scaling

    package init(theta: Double, scaling: Scaling) {
        self.theta = theta
        self.scaling = scaling
    }

    /// The angle per position of each pair of coordinates, in radians, `[headDimension / 2]`.
    package func frequencies(headDimension: Int) -> [Float] {
        (0..<headDimension / 2).map { pair in
            // As in transformers, the exponent and the frequency are float32 values.
            let exponent = Float(2 * pair) / Float(headDimension)
            let frequency = 1 / Float(pow(theta, Double(exponent)))
            switch scaling {
            case .none:
                return frequency
            case .linear(let factor):
                return frequency / Float(factor)
            case .llama3(let factor, let low, let high, let original):
                let wavelength = 2 * Float.pi / frequency
                if wavelength < Float(original) / Float(high) { return frequency }
                if wavelength > Float(original) / Float(low) { return frequency / Float(factor) }
                let smooth = (Float(original) / wavelength - Float(low)) / Float(high - low)
                return (1 - smooth) * frequency / Float(factor) + smooth * frequency
            }
        }
    }
}

extension RotaryConfiguration {
    /// Reads both shapes: `rope_theta` beside `rope_scaling`, and `rope_parameters` (transformers 5).
    init(_ config: JSONFields) throws(ModelFolderError) {
        let scaling = try config.object("rope_scaling")
        let parameters = try config.object("rope_parameters")
        if let scaling, let parameters, scaling.fields != parameters.fields {
            throw .unsupportedField(
                path: config.path, field: "rope_scaling", found: "other than rope_parameters",
                supported: "one of the two, or both alike")
        }
        let fields = parameters ?? scaling
        let own = try fields?.positiveNumber("rope_theta")
        let beside = try config.positiveNumber("rope_theta")
        theta = own ?? beside ?? 10_000
        guard let fields else {
            self.scaling = .none
            return
        }
        if let kept = try fields.positiveNumber("partial_rotary_factor"), kept != 1 {
            throw .unsupportedField(
                path: config.path, field: fields.prefix + "partial_rotary_factor", found: "\(kept)", supported: "1")
        }
        let oldName = try fields.string("type")
        let type = try fields.string("rope_type") ?? oldName ?? "default"
        switch type {
        case "default":
            self.scaling = .none
        case "linear":
            self.scaling = .linear(factor: try fields.requiredPositiveNumber("factor"))
        case "llama3":
            let low = try fields.requiredPositiveNumber("low_freq_factor")
            let high = try fields.requiredPositiveNumber("high_freq_factor")
            guard high > low else {
                throw .invalidField(
                    path: config.path, field: fields.prefix + "high_freq_factor",
                    expected: "more than low_freq_factor (\(low))", found: "\(high)")
            }
            self.scaling = .llama3(
                factor: try fields.requiredPositiveNumber("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
                originalPositions: try fields.requiredInteger(
                    "original_max_position_embeddings", in: 1...ModelConfiguration.Limits.positions))
        default:
            throw .unsupportedField(
                path: config.path, field: fields.prefix + "rope_type", found: JSONValue.string(type).shown,
                supported: "default, linear or llama3")
        }
    }
}
