import ElementaryFunctions
import JSON

extension RotaryConfiguration {
    /// Reads both shapes: `rope_theta` beside `rope_scaling`, and `rope_parameters` (transformers 5). Where a file has
    /// both, they must say the same, each in its way.
    init(_ config: ConfigurationField, maximumPositions: Int) throws(ModelFolderError) {
        var readings: [RotaryConfiguration] = []
        for name in ["rope_parameters", "rope_scaling"] {
            guard let fields = try config.object(name), try !fields.members().isEmpty else { continue }
            readings.append(try RotaryConfiguration(fields, beside: config, maximumPositions: maximumPositions))
        }
        guard let first = readings.first else {
            self.init(theta: try config.positiveNumber("rope_theta") ?? Self.standardTheta, scaling: .none)
            return
        }
        guard readings.allSatisfy({ $0 == first }) else {
            throw .unsupportedField(
                path: config.file, field: "rope_scaling", found: "other than rope_parameters",
                supported: "one of the two, or both alike")
        }
        self = first
    }

    /// The base where none is given.
    private static let standardTheta = 10_000.0

    /// - Parameters:
    ///   - fields: `rope_scaling` or `rope_parameters`.
    ///   - config: what stands beside it.
    private init(
        _ fields: ConfigurationField, beside config: ConfigurationField, maximumPositions: Int
    ) throws(ModelFolderError) {
        let beside = try config.positiveNumber("rope_theta")
        theta = try fields.positiveNumber("rope_theta") ?? beside ?? Self.standardTheta
        let oldName = try fields.string("type")
        let type = try fields.string("rope_type") ?? oldName ?? "default"
        let factor: [String] = ["factor"]
        let allowed: [String]
        // The pretraining length stands beside the parameters, or among them, or is that of the model.
        let limits = 1...ModelConfiguration.Limits.positions
        let outer = try config.integer("original_max_position_embeddings", in: limits)
        let inner = try fields.integer("original_max_position_embeddings", in: limits)
        let original = outer ?? inner ?? maximumPositions
        switch type {
        case "default":
            allowed = []
            self.scaling = .none
        case "linear":
            allowed = factor
            self.scaling = .linear(factor: try fields.requiredPositiveNumber("factor"))
        case "dynamic":
            allowed = factor
            self.scaling = .dynamic(
                factor: try fields.requiredPositiveNumber("factor"), originalPositions: maximumPositions)
        case "llama3":
            allowed = factor + ["low_freq_factor", "high_freq_factor"]
            self.scaling = try Self.llama3(fields, original: original)
        case "yarn":
            allowed =
                factor + ["attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate"]
            self.scaling = .yarn(try Yarn(fields, original: original, maximumPositions: maximumPositions))
        default:
            throw .unsupportedField(
                path: config.file, field: fields.path(of: "rope_type"), found: JSONValue.string(type).summary,
                supported: "default, linear, dynamic, llama3 or yarn")
        }
        try Self.check(fields, type, own: allowed)
    }

    /// Refuses parameters that a type does not have, as `short_factor` or `mrope_section` would be.
    private static func check(_ fields: ConfigurationField, _ type: String, own: [String]) throws(ModelFolderError) {
        if let kept = try fields.positiveNumber("partial_rotary_factor"), kept != 1 {
            throw .unsupportedField(
                path: fields.file, field: fields.path(of: "partial_rotary_factor"), found: "\(kept)", supported: "1")
        }
        let shared = [
            "type", "rope_type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings",
        ]
        for (name, field) in try fields.members().sorted(by: { $0.name < $1.name }) where field.value != .null {
            guard shared.contains(name) || own.contains(name) else {
                throw .unknownField(
                    path: fields.file, field: fields.path(of: name),
                    found: "\(field.value.summary) beside rope_type \"\(type)\"")
            }
        }
    }

    private static func llama3(_ fields: ConfigurationField, original: Int) throws(ModelFolderError) -> Scaling {
        let low = try fields.requiredPositiveNumber("low_freq_factor")
        let high = try fields.requiredPositiveNumber("high_freq_factor")
        guard high > low else {
            throw .invalidField(
                path: fields.file, field: fields.path(of: "high_freq_factor"),
                expected: "more than low_freq_factor (\(low))", found: "\(high)")
        }
        return .llama3(
            factor: try fields.requiredPositiveNumber("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
            originalPositions: original)
    }
}

extension RotaryConfiguration.Yarn {
    fileprivate init(_ fields: ConfigurationField, original: Int, maximumPositions: Int) throws(ModelFolderError) {
        originalPositions = original
        factor = try fields.positiveNumber("factor") ?? Double(maximumPositions) / Double(original)
        betaFast = try fields.positiveNumber("beta_fast") ?? 32
        betaSlow = try fields.positiveNumber("beta_slow") ?? 1
        truncate = try fields.bool("truncate") ?? true
        let mscale = try fields.positiveNumber("mscale")
        let mscaleAllDim = try fields.positiveNumber("mscale_all_dim")
        let given = try fields.positiveNumber("attention_factor")

        let factor = factor
        func magnitude(_ scale: Double) -> Double { factor <= 1 ? 1 : 0.1 * scale * naturalLogarithm(factor) + 1 }
        if let given {
            attentionFactor = given
        } else if let mscale, let mscaleAllDim {
            attentionFactor = magnitude(mscale) / magnitude(mscaleAllDim)
        } else {
            attentionFactor = magnitude(1)
        }
    }
}
