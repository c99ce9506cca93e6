import CKernels
import Devices
import Foundation
import Run
import Weights

/// Finds out which kernels are fastest on this processor. An instruction set's name does not say it: there are
/// processors whose instruction for products of bfloat16 does less work a second than fused multiply-adds do.
enum KernelMeasurement {
    /// Runs of each, of which the fastest counts: what else the machine does makes others longer.
    private static let runs = 3
    /// A later path is taken where it is no slower than this; one before it has to be faster by more.
    private static let tolerance = 1.03

    /// Measures `paths`, the expected order of speed last, on the calling thread's processor time: some tens of
    /// milliseconds.
    static func choice(among paths: [KernelPath]) throws -> KernelChoice {
        var best: [KernelChoice.Product: [KernelPath]] = [:]
        // The kernels of float16 and bfloat16 weights differ in how they widen a weight alone.
        for product in [KernelChoice.Product.float32, .bfloat16, .rounded] {
            // Where activations are not rounded there is no instruction of its own.
            let candidates = paths.filter { product == .rounded || $0 != .avx512bf16 }
            best[product] = try fastest(of: candidates, at: product)
        }
        best[.float16] = best[.bfloat16]
        // Attention's products are those of float32, and many.
        let others = best[.float32]?.last ?? .best
        return KernelChoice(others: others) { best[$0]?[$1] ?? others }
    }

    /// The fastest path for every class of rows.
    private static func fastest(of paths: [KernelPath], at product: KernelChoice.Product) throws -> [KernelPath] {
        let layers = try paths.map { try MeasuredLayer(product, on: $0) }
        return try KernelChoice.rowClasses.indices.map { rowClass in
            var times = [Double](repeating: .infinity, count: paths.count)
            // In turn, so that a change of the processor's clock meets all alike.
            for _ in 0..<runs {
                for (place, layer) in layers.enumerated() {
                    times[place] = min(times[place], try layer.seconds(rows: ck_rows_of_class(rowClass)))
                }
            }
            let least = times.min() ?? 0
            return zip(paths, times).reversed().first { $1 <= least * tolerance }?.0 ?? .best
        }
    }
}

/// A layer of some megabytes, so that few rows find their weights where they would find a model's, and its rows.
private struct MeasuredLayer {
    private static let inputs = 2048
    /// Of its two parts; many rows, whose time is arithmetic, are measured on the first alone.
    private static let outputs = [256, 768]
    private static let mostRows = ck_rows_of_class(Int(CK_ROW_CLASSES) - 1)
    /// From so many rows on arithmetic takes longer than reading the weights.
    private static let manyRows = 9

    private let operations: Operations
    private let weights: PackedLinear
    private let input: Matrix
    private let output: Matrix

    init(_ product: KernelChoice.Product, on path: KernelPath) throws {
        operations = try Operations(threads: 1, kernels: KernelChoice(path))
        let scalar: ScalarType = product == .float32 ? .float32 : .bfloat16
        // Finite in either type; a value's speed does not depend on it.
        let stored = [UInt16](repeating: 0x3c00, count: Self.outputs.max()! * Self.inputs * scalar.byteCount / 2)
        weights = try stored.withUnsafeBytes { [operations] bytes in
            try PackedLinear(
                inputs: Self.inputs,
                parts: Self.outputs.map { outputs in
                    LinearPart(
                        outputs: outputs, scalar: scalar,
                        bytes: UnsafeRawBufferPointer(rebasing: bytes[..<(outputs * Self.inputs * scalar.byteCount)]))
                }, computeType: product == .rounded ? .bfloat16 : .float32, operations: operations)
        }
        input = try Matrix(rows: Self.mostRows, columns: Self.inputs)
        output = try Matrix(rows: Self.mostRows, columns: Self.outputs.reduce(0, +))
        for row in 0..<input.rows { input.row(row).update(repeating: 0.5) }
    }

    /// Processor time of one pass.
    func seconds(rows: Int) throws -> Double {
        let start = Self.processorSeconds
        operations.linear(
            weights, parts: rows >= Self.manyRows ? 0..<1 : 0..<2, input: input, rows: rows, output: output)
        return Self.processorSeconds - start
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
