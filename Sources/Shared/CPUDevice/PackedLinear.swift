import CKernels
import Devices
import Run
import Weights

/// One stored weight matrix, `[outputs, inputs]` row-major: a part of a ``PackedLinear``.
struct LinearPart {
    let outputs: Int
    let scalar: ScalarType
    /// The values, little-endian, at any alignment.
    let bytes: UnsafeRawBufferPointer
}

/// The weights of a linear layer without bias, y = x·wᵀ, packed once into panels of 32 outputs so that SIMD lanes
/// are different outputs. Values keep their stored type.
///
/// Several matrices over the same input (query, key and value; gate and up) can be packed as parts of one layer
/// and computed in one pass. Each part starts at a panel, so the output columns of part i start at `offset(i)`.
final class PackedLinear: @unchecked Sendable {  // the memory is written in init alone
    let inputs: Int
    let scalar: ScalarType
    /// What activations are rounded to before they meet these weights, where they are bfloat16.
    let computeType: ComputeType
    /// Outputs of each part.
    let outputs: [Int]
    private let memory: HostMemory

    /// Packs `parts`, each `[outputs, inputs]`. Parts of different types are all widened to float32.
    ///
    /// - Throws: ``NotFinite`` for a value that is infinite or not a number; `DeviceError` where memory is refused.
    init(inputs: Int, parts: [LinearPart], computeType: ComputeType, operations: Operations) throws {
        self.inputs = inputs
        self.computeType = computeType
        outputs = parts.map(\.outputs)
        let first = parts.first?.scalar ?? .float32
        scalar = parts.allSatisfy { $0.scalar == first } ? first : .float32
        try operations.reserve(inputs: inputs)
        let columns = outputs.reduce(0) { $0 + Self.wholePanels($1) }
        memory = try HostMemory(
            byteCount: ck_packed_bytes(scalar.kernelScalar, columns, inputs), purpose: "\(columns) × \(inputs) weights")
        for (index, part) in parts.enumerated() {
            precondition(part.bytes.count == part.outputs * inputs * part.scalar.byteCount)
            let found: Int64
            if part.scalar == scalar {
                found = operations.pack(
                    part.bytes, scalar, outputs: part.outputs, inputs: inputs, to: base(ofPart: index))
            } else {
                found = part.scalar.widened(part.bytes).withUnsafeBytes { wide in
                    operations.pack(wide, scalar, outputs: part.outputs, inputs: inputs, to: base(ofPart: index))
                }
            }
            if found >= 0 { throw NotFinite(part: index, index: Int(found)) }
        }
    }

    /// The column of the output at which part `part` starts; `offset(outputs.count)` is the width of them all.
    func offset(_ part: Int) -> Int { outputs[..<part].reduce(0) { $0 + Self.wholePanels($1) } }

    /// The weights of one output of the first part: `inputs` values into `row`. A tied embedding is read so.
    func copyRow(ofOutput output: Int, to row: UnsafeMutableBufferPointer<Float>) {
        precondition(output >= 0 && output < outputs[0] && row.count == inputs)
        ck_unpack_row(scalar.kernelScalar, memory.base, inputs, output, row.baseAddress)
    }

    var base: UnsafeRawPointer { UnsafeRawPointer(memory.base) }

    private func base(ofPart part: Int) -> UnsafeMutableRawPointer {
        memory.base + ck_packed_bytes(scalar.kernelScalar, offset(part), inputs)
    }

    private static func wholePanels(_ outputs: Int) -> Int {
        (outputs + Int(CK_PANEL) - 1) / Int(CK_PANEL) * Int(CK_PANEL)
    }
}

/// A weight that is infinite or not a number: the index of the part, and of the value in it.
struct NotFinite: Error, Equatable {
    let part: Int
    let index: Int
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
