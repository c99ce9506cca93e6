import CKernels
import Devices
import Run
import Weights

/// One stored weight matrix, `[outputs, inputs]` row-major: a part of a ``PackedLinear``.
struct LinearPart {
    /// The values, little-endian.
    enum Values {
        /// At any alignment.
        case memory(UnsafeRawBufferPointer)
        case file(StoredTensor)
    }

    let outputs: Int
    let scalar: ScalarType
    let values: Values

    init(outputs: Int, scalar: ScalarType, bytes: UnsafeRawBufferPointer) {
        self.outputs = outputs
        self.scalar = scalar
        values = .memory(bytes)
    }

    /// The whole of a stored matrix.
    init(outputs: Int, tensor: StoredTensor) {
        self.outputs = outputs
        scalar = tensor.scalar
        values = .file(tensor)
    }

    fileprivate var widened: [Float] {
        switch values {
        case .memory(let bytes): return scalar.widened(bytes)
        case .file(let tensor):
            defer { tensor.releasePages() }
            return tensor.withBytes { scalar.widened($0) }
        }
    }
}

/// A part of a layer that has its memory there, and not yet its weights.
struct UnpackedPart {
    let part: LinearPart
    /// Its index among the layer's.
    let index: Int
    fileprivate let layer: PackedLinear

    var stored: ck_stored {
        var stored = ck_stored()
        stored.scalar = part.scalar.kernelScalar
        stored.outputs = part.outputs
        stored.inputs = layer.inputs
        switch part.values {
        case .memory(let bytes):
            precondition(bytes.count == part.outputs * layer.inputs * part.scalar.byteCount)
            stored.weights = bytes.baseAddress
        case .file(let tensor):
            stored.file = tensor.place.descriptor
            stored.offset = UInt64(tensor.place.offset)
        }
        stored.packed = layer.base(ofPart: index)
        return stored
    }
}

/// The weights of a linear layer without bias, y = x·wᵀ, packed once into panels of 32 outputs so that SIMD lanes
/// are different outputs. Values keep their stored type.
///
/// Several matrices over the same input (query, key and value; gate and up) can be packed as parts of one layer
/// and computed in one pass. Each part starts at a panel, so the output columns of part i start at `offset(i)`.
final class PackedLinear: @unchecked Sendable {  // the memory is written before anybody else has it
    let inputs: Int
    let scalar: ScalarType
    /// What activations are rounded to before they meet these weights, where they are bfloat16.
    let computeType: ComputeType
    /// Outputs of each part.
    let outputs: [Int]
    private let memory: HostMemory

    /// Packs `parts`, each `[outputs, inputs]`. Parts of different types are all widened to float32.
    ///
    /// - Throws: ``UnusableWeights``; `DeviceError` where memory is refused.
    convenience init(inputs: Int, parts: [LinearPart], computeType: ComputeType, operations: Operations) throws {
        try self.init(inputs: inputs, memoryFor: parts, computeType: computeType, operations: operations)
        let unpacked = try unpacked(parts, operations)
        do {
            try operations.pack(unpacked)
        } catch let error as UnusableWeights {
            throw UnusableWeights(part: unpacked[error.part].index, cause: error.cause)
        }
    }

    /// The layer without its weights: these are ``unpacked(_:_:)``, and packed before it is used.
    ///
    /// - Throws: `DeviceError` where memory is refused.
    init(
        inputs: Int, memoryFor parts: [LinearPart], computeType: ComputeType, operations: Operations
    ) throws(DeviceError) {
        self.inputs = inputs
        self.computeType = computeType
        outputs = parts.map(\.outputs)
        let first = parts.first?.scalar ?? .float32
        scalar = parts.allSatisfy { $0.scalar == first } ? first : .float32
        try operations.reserve(inputs: inputs)
        let columns = outputs.reduce(0) { $0 + Self.wholePanels($1) }
        memory = try HostMemory(
            byteCount: ck_packed_bytes(scalar.kernelScalar, columns, inputs), purpose: "\(columns) × \(inputs) weights")
    }

    /// The parts, for ``Operations/pack(_:)``, but for those that have to be widened, which are packed here.
    func unpacked(_ parts: [LinearPart], _ operations: Operations) throws -> [UnpackedPart] {
        var unpacked: [UnpackedPart] = []
        for (index, part) in parts.enumerated() {
            if part.scalar == scalar {
                unpacked.append(UnpackedPart(part: part, index: index, layer: self))
                continue
            }
            do {
                try part.widened.withUnsafeBytes { wide in
                    let widened = LinearPart(outputs: part.outputs, scalar: scalar, bytes: wide)
                    try operations.pack([UnpackedPart(part: widened, index: index, layer: self)])
                }
            } catch let error as UnusableWeights {
                throw UnusableWeights(part: index, cause: error.cause)
            }
        }
        return unpacked
    }

    /// The column of the output at which part `part` starts; `offset(outputs.count)` is the width of them all.
    func offset(_ part: Int) -> Int { outputs[..<part].reduce(0) { $0 + Self.wholePanels($1) } }

    /// The weights of one output of the first part: `inputs` values into `row`. A tied embedding is read so.
    func copyRow(ofOutput output: Int, to row: UnsafeMutableBufferPointer<Float>) {
        precondition(output >= 0 && output < outputs[0] && row.count == inputs)
        ck_unpack_row(scalar.kernelScalar, memory.base, inputs, output, row.baseAddress)
    }

    var base: UnsafeRawPointer { UnsafeRawPointer(memory.base) }

    fileprivate func base(ofPart part: Int) -> UnsafeMutableRawPointer {
        memory.base + ck_packed_bytes(scalar.kernelScalar, offset(part), inputs)
    }

    private static func wholePanels(_ outputs: Int) -> Int {
        (outputs + Int(CK_PANEL) - 1) / Int(CK_PANEL) * Int(CK_PANEL)
    }
}

/// Why a part cannot be packed.
struct UnusableWeights: Error, Equatable {
    enum Cause: Equatable {
        /// The value at this index is infinite or not a number.
        case notFinite(index: Int)
        /// Its file cannot be read, and why.
        case unreadable(String)
    }

    /// Its place among those that were to be packed.
    let part: Int
    let cause: Cause
}

extension ScalarType {
    var kernelScalar: ck_scalar {
        switch self {
        case .float32: CK_FLOAT32
        case .bfloat16: CK_BFLOAT16
        case .float16: CK_FLOAT16
        }
    }
}
