import ModelFolders
import Run
import Weights

/// The weights of a model, packed for the device.
///
/// Their names and shapes are ``ModelLayout``'s. Embedding and head are one matrix where they are tied.
struct ModelWeights: Sendable {
    struct Block: Sendable {
        /// `[hidden]`
        let attentionNorm: [Float]
        /// Parts key, value, query: `[kvHeads * d | kvHeads * d | heads * d, hidden]`
        let keyValueQuery: BiasedLinear
        /// Of a head's key and of its query, where they are normed, `[d]`
        let keyNorm, queryNorm: [Float]?
        /// `[hidden, heads * d]`
        let attentionOutput: BiasedLinear
        /// Of the attention's output, where that is normed, `[hidden]`
        let attentionOutputNorm: [Float]?
        /// `[hidden]`
        let feedForwardNorm: [Float]
        /// Parts gate, up: `[feedForward | feedForward, hidden]`
        let gateUp: BiasedLinear
        /// `[hidden, feedForward]`
        let down: BiasedLinear
        /// Of the feed-forward network's output, where that is normed, `[hidden]`
        let feedForwardOutputNorm: [Float]?
    }

    /// `[vocabulary, hidden]`: an embedding is an output's row.
    let embedding: PackedLinear
    let blocks: [Block]
    /// `[hidden]`
    let finalNorm: [Float]
    /// `[vocabulary, hidden]`
    let head: PackedLinear

    /// Reads and packs all tensors, the large ones together at the end: from their files, a panel at a time, so that no
    /// more than a panel a thread is held twice.
    init(
        _ files: WeightFiles, _ shape: ModelConfiguration, computeType: ComputeType, operations: Operations
    ) throws {
        let layout = ModelLayout(shape)
        let reader = Reader(
            files: files, computeType: computeType, operations: operations, normsAddOne: shape.arithmetic.normsAddOne)
        embedding = try reader.packed(layout.embedding)
        blocks = try layout.blocks.map { try Block(reader, $0) }
        finalNorm = try reader.norm(layout.finalNorm)
        head = try layout.head.map { try reader.packed($0) } ?? embedding
        try reader.packWaiting()
    }

    fileprivate final class Reader {
        private let files: WeightFiles
        private let computeType: ComputeType
        private let operations: Operations
        private let normsAddOne: Bool
        /// What has memory and is to be packed, with the tensors that hold the bytes.
        private var waiting: [(part: UnpackedPart, tensor: StoredTensor)] = []

        init(files: WeightFiles, computeType: ComputeType, operations: Operations, normsAddOne: Bool) {
            self.files = files
            self.computeType = computeType
            self.operations = operations
            self.normsAddOne = normsAddOne
        }

        private func vector(_ vector: ModelLayout.Vector) throws -> [Float] {
            let tensor = try files.tensor(vector.name, shape: [vector.count])
            let values = try tensor.floats()
            tensor.releasePages()
            return values
        }

        /// What a norm multiplies by.
        func norm(_ norm: ModelLayout.Vector) throws -> [Float] {
            let weight = try vector(norm)
            return normsAddOne ? weight.map { 1 + $0 } : weight
        }

        func linear(_ layer: ModelLayout.Linear) throws -> BiasedLinear {
            BiasedLinear(weights: try packed(layer), biases: try layer.biases?.map(vector))
        }

        func packed(_ layer: ModelLayout.Linear) throws -> PackedLinear {
            let tensors = try layer.weights.map { try files.tensor($0.name, shape: $0.shape) }
            let parts = zip(layer.parts, tensors).map { LinearPart(outputs: $0.outputs, tensor: $1) }
            let packed = try PackedLinear(
                inputs: layer.inputs, memoryFor: parts, computeType: computeType, operations: operations)
            waiting += try Self.naming(tensors) { try packed.unpacked(parts, operations) }.map {
                ($0, tensors[$0.index])
            }
            return packed
        }

        /// Packs the layers that ``packed(_:)`` returned.
        func packWaiting() throws {
            try Self.naming(waiting.map(\.tensor)) { try operations.pack(waiting.map(\.part)) }
            waiting = []
        }

        /// Says of what cannot be packed which tensor it is.
        private static func naming<R>(_ tensors: [StoredTensor], _ body: () throws -> R) throws -> R {
            do {
                return try body()
            } catch let error as UnusableWeights {
                let tensor = tensors[error.part]
                switch error.cause {
                case .notFinite(let index):
                    throw WeightError.notFinite(path: tensor.path, tensor: tensor.name, index: index)
                case .unreadable(let reason): throw WeightError.unreadable(path: tensor.path, reason: reason)
                }
            }
        }
    }
}

/// A linear layer with the biases of its parts, where it has any.
struct BiasedLinear: Sendable {
    let weights: PackedLinear
    /// Of each part, `[outputs]`
    let biases: [[Float]]?
}

extension ModelWeights.Block {
    fileprivate init(_ reader: ModelWeights.Reader, _ layout: ModelLayout.Block) throws {
        attentionNorm = try reader.norm(layout.attentionNorm)
        keyValueQuery = try reader.linear(layout.keyValueQuery)
        keyNorm = try layout.keyNorm.map(reader.norm)
        queryNorm = try layout.queryNorm.map(reader.norm)
        attentionOutput = try reader.linear(layout.attentionOutput)
        attentionOutputNorm = try layout.attentionOutputNorm.map(reader.norm)
        feedForwardNorm = try reader.norm(layout.feedForwardNorm)
        gateUp = try reader.linear(layout.gateUp)
        down = try reader.linear(layout.down)
        feedForwardOutputNorm = try layout.feedForwardOutputNorm.map(reader.norm)
    }
}
