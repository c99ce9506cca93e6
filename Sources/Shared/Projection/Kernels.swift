import CKernels
import Dispatch
import Foundation

/// The instruction sets that the kernels are compiled for. All give the same bits; see `CKernelsProjection.h`.
package enum InstructionSet: CaseIterable, Sendable {
    case portable
    case avx2
    case avx512

    /// Those that this processor has, the fastest last.
    package static let supported = allCases.filter { projection_isa_supported($0.cValue) }

    /// The fastest that this processor has.
    package static let best = supported.last ?? .portable

    fileprivate var cValue: projection_isa {
        switch self {
        case .portable: projection_portable
        case .avx2: projection_avx2
        case .avx512: projection_avx512
        }
    }
}

/// How a kernel is carried out. Nothing here changes a bit of its result.
package struct Execution: Sendable {
    /// Threads that share the rows of W.
    package var threads: Int
    package var instructionSet: InstructionSet

    /// Asked for once: the system answers from a file.
    private static let processorCount = ProcessInfo.processInfo.activeProcessorCount

    /// - Parameter threads: nil takes one for each processor.
    package init(threads: Int? = nil, instructionSet: InstructionSet = .best) {
        let threads = threads ?? Self.processorCount
        precondition(threads > 0, "at least one thread")
        self.threads = threads
        self.instructionSet = instructionSet
    }

    var isa: projection_isa { instructionSet.cValue }

    /// Cuts `0 ..< outputs` into one range for each thread and runs `body` on all of them at the same time.
    ///
    /// Ranges begin at multiples of 8 outputs, what the kernels take at a time.
    func forEachRange(of outputs: Int, _ body: (_ first: Int, _ last: Int) -> Void) {
        let blocks = (outputs + 7) / 8
        let parts = min(threads, blocks)
        guard parts > 1 else { return body(0, outputs) }
        withoutActuallyEscaping(body) { escaping in
            nonisolated(unsafe) let body = escaping
            DispatchQueue.concurrentPerform(iterations: parts) { part in
                body(blocks * part / parts * 8, min(blocks * (part + 1) / parts * 8, outputs))
            }
        }
    }
}

/// The arithmetic of a projection W, [outputs, inputs] float32, on memory that the caller has checked the size of.
enum Kernels {
    /// X·Wᵀ − Y, [rows, outputs]; X·Wᵀ where `y` is nil. Each prediction is a chain of fused multiply-adds over
    /// the inputs, from 0; the target is subtracted last.
    static func residuals(
        w: WeightView, x: [Float], rows: Int, y: [Float]?, execution: Execution
    ) -> [Float] {
        let (outputs, inputs) = (w.outputs, w.inputs)
        let packed = [Float](unsafeUninitializedCapacity: projection_packed_count(rows, inputs)) { buffer, count in
            x.withUnsafeBufferPointer { projection_pack_rows($0.baseAddress!, rows, inputs, buffer.baseAddress!) }
            count = buffer.count
        }
        return [Float](unsafeUninitializedCapacity: rows * outputs) { buffer, count in
            nonisolated(unsafe) let out = buffer.baseAddress!
            packed.withUnsafeBufferPointer { packed in
                withOptionalPointer(y) { y in
                    execution.forEachRange(of: outputs) { first, last in
                        projection_predict(
                            execution.isa, w.base, outputs, inputs, first, last, packed.baseAddress!, rows, y, out)
                    }
                }
            }
            count = rows * outputs
        }
    }

    /// EᵀX, [outputs, inputs], for E [rows, outputs] and X [rows, inputs]: chains over the rows, from 0.
    static func gradient(
        errors: [Float], x: [Float], rows: Int, outputs: Int, inputs: Int, execution: Execution
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: outputs * inputs) { buffer, count in
            nonisolated(unsafe) let g = buffer.baseAddress!
            errors.withUnsafeBufferPointer { errors in
                x.withUnsafeBufferPointer { x in
                    execution.forEachRange(of: outputs) { first, last in
                        var shard = projection_shard(
                            dense: nil, errors: errors.baseAddress!, x: x.baseAddress!, rows: rows)
                        projection_gradient(execution.isa, &shard, outputs, inputs, first, last, g)
                    }
                }
            }
            count = outputs * inputs
        }
    }

    /// Σ e² in double, in order.
    static func squaredSum(_ values: [Float]) -> Double {
        values.withUnsafeBufferPointer { $0.isEmpty ? 0 : projection_squared_sum($0.baseAddress!, $0.count) }
    }

    static func allFinite(_ values: [Float]) -> Bool {
        values.withUnsafeBufferPointer { $0.isEmpty || projection_all_finite($0.baseAddress!, $0.count) }
    }

    static func checksum(_ values: [Float]) -> UInt64 {
        values.withUnsafeBufferPointer { checksum($0) }
    }

    static func checksum(_ values: UnsafeBufferPointer<Float>) -> UInt64 {
        values.isEmpty ? 0 : projection_checksum(values.baseAddress!, values.count)
    }

    private static func withOptionalPointer(_ values: [Float]?, _ body: (UnsafePointer<Float>?) -> Void) {
        if let values {
            values.withUnsafeBufferPointer { body($0.baseAddress) }
        } else {
            body(nil)
        }
    }
}
