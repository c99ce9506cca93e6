import ModelFolders
import Weights

extension ReferenceModel {
    /// Reads the weights that the configuration asks for.
    ///
    /// - Parameter roundsInputs: whether the compute type is bfloat16.
    /// - Throws: `WeightError` for a tensor that is missing, of another shape, or not finite.
    init(_ files: WeightFiles, _ configuration: ModelConfiguration, roundsInputs: Bool) throws {
        let layout = ModelLayout(configuration)
        let reader = Reader(files: files, configuration: configuration, roundsInputs: roundsInputs)
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
    let roundsInputs: Bool

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
        let rounds = roundsInputs && tensors.allSatisfy { $0.scalar == .bfloat16 }
        return try tensors.enumerated().map { part, tensor in
            Linear(try tensor.matrix(), bias: biases?[part], roundsInputs: rounds)
        }
    }

    private func vector(_ layout: ModelLayout.Vector) throws -> Vector {
        try files.tensor(layout.name, shape: [layout.count]).vector()
    }
}

extension StoredTensor {
    /// `[rows][columns]`
    fileprivate func matrix() throws(WeightError) -> [Vector] {
        let (values, columns) = (try vector(), shape[1])
        return (0..<shape[0]).map { Vector(values[$0 * columns..<($0 + 1) * columns]) }
    }

    /// The values, row-major, widened to float32, which is exact.
    fileprivate func vector() throws(WeightError) -> Vector {
        let values = withBytes { bytes in
            (0..<bytes.count / scalar.byteCount).map { index in
                scalar == .float32
                    ? Float(bitPattern: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
                    : widened(bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            }
        }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(path: path, tensor: name, index: index)
        }
        return values
    }

    private func widened(_ bits: UInt16) -> Float {
        // A bfloat16 is the upper half of a float32.
        if scalar == .bfloat16 { return Float(bitPattern: UInt32(bits) << 16) }
        // A float16 has 5 bits of exponent, whose bias is 15, and 10 of fraction; without an exponent it is subnormal.
        let (exponent, fraction) = (Int(bits >> 10 & 31), Float(bits & 1023) / 1024)
        let magnitude =
            switch exponent {
            case 0: Float(sign: .plus, exponent: -14, significand: fraction)
            case 31: Float.infinity
            default: Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
            }
        return bits >> 15 == 0 ? magnitude : -magnitude
    }
}
