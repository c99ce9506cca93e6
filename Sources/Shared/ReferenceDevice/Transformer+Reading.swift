import ModelFolders
import Run
import Weights

extension Transformer {
    /// Reads the weights that the configuration asks for.
    ///
    /// - Throws: `WeightError` for a tensor that is missing, of another shape, or not finite.
    init(
        _ files: WeightFiles, _ configuration: ModelConfiguration, computeType: ComputeType, sums: BFloat16Sums
    ) throws {
        let layout = ModelLayout(configuration)
        let reader = Reader(
            files: files, configuration: configuration, sums: computeType == .bfloat16 ? sums : nil)
        self.configuration = configuration
        frequencies = configuration.rotary.frequencies(headDimension: configuration.headDimension)
        embedding = try reader.matrix(layout.embedding)
        blocks = try layout.blocks.enumerated().map { try reader.block($1, $0) }
        finalNorm = try reader.norm(layout.finalNorm)
        head = try reader.linears(layout.head ?? layout.embedding)[0]
    }
}

private struct Reader {
    let files: WeightFiles
    let configuration: ModelConfiguration
    /// Where the compute type is bfloat16.
    let sums: BFloat16Sums?

    func block(_ layout: ModelLayout.Block, _ index: Int) throws -> Block {
        let arithmetic = configuration.arithmetic
        let keyValueQuery = try linears(layout.keyValueQuery)
        let gateUp = try linears(layout.gateUp)
        let attention = Attention(
            heads: configuration.headCount, keyValueHeads: configuration.keyValueHeadCount,
            scale: 1 / Float(arithmetic.attentionDivisor).squareRoot(),
            softCap: arithmetic.attentionSoftCap.map { Float($0) }, window: arithmetic.windows[index])
        let activation: @Sendable (Float) -> Float =
            switch arithmetic.activation {
            case .silu: silu
            case .geluTanh: geluTanh
            }
        return Block(
            attentionNorm: try norm(layout.attentionNorm),
            query: keyValueQuery[2], key: keyValueQuery[0], value: keyValueQuery[1],
            queryNorm: try layout.queryNorm.map(norm), keyNorm: try layout.keyNorm.map(norm),
            attention: attention,
            attentionOutput: try linears(layout.attentionOutput)[0],
            attentionOutputNorm: try layout.attentionOutputNorm.map(norm),
            feedForwardNorm: try norm(layout.feedForwardNorm),
            gate: gateUp[0], up: gateUp[1], down: try linears(layout.down)[0],
            activation: activation,
            feedForwardOutputNorm: try layout.feedForwardOutputNorm.map(norm))
    }

    func matrix(_ layout: ModelLayout.Linear) throws -> [Vector] {
        let weight = layout.weights[0]
        return try files.tensor(weight.name, shape: weight.shape).matrix()
    }

    /// Some families store what is added to 1.
    func norm(_ layout: ModelLayout.Vector) throws -> RMSNorm {
        let weight = try vector(layout)
        return RMSNorm(
            weight: configuration.arithmetic.normsAddOne ? weight.map { 1 + $0 } : weight,
            epsilon: Float(configuration.rmsNormEpsilon))
    }

    /// The parts of a layer. Parts that read the same input count as one layer: they meet rounded inputs where all of
    /// them are stored as bfloat16, else none does.
    func linears(_ layout: ModelLayout.Linear) throws -> [Linear] {
        let tensors = try layout.weights.map { try files.tensor($0.name, shape: $0.shape) }
        let biases = try layout.biases?.map(vector)
        let sums = tensors.allSatisfy { $0.scalar == .bfloat16 } ? sums : nil
        return try tensors.enumerated().map { part, tensor in
            Linear(try tensor.matrix(), bias: biases?[part], sums: sums)
        }
    }

    private func vector(_ layout: ModelLayout.Vector) throws -> Vector {
        try files.tensor(layout.name, shape: [layout.count]).floats()
    }
}

extension StoredTensor {
    /// `[rows][columns]`, widened to float32, which is exact.
    fileprivate func matrix() throws(WeightError) -> [Vector] {
        let (values, columns) = (try floats(), shape[1])
        return (0..<shape[0]).map { Vector(values[$0 * columns..<($0 + 1) * columns]) }
    }
}
