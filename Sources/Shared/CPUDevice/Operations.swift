import CKernels
import Devices
import Foundation
import ModelFolders
import Weights

/// The operations of a transformer, and of W, on this machine's CPU, all in one place.
///
/// Each row of a result depends on that row's inputs alone: see `CKernels.h` for the order of every sum. They serve one
/// call at a time.
final class Operations {
    let context: OpaquePointer
    private let threads: Int

    init(threads: Int, kernels: KernelChoice = .fastest) throws(DeviceError) {
        guard let context = ck_context_create(kernels.others.kernelPath, Int32(threads)) else {
            throw .threadsRefused(threads)
        }
        self.context = context
        self.threads = threads
        for product in KernelChoice.Product.allCases {
            for rowClass in KernelChoice.rowClasses.indices {
                ck_choose_linear(
                    context, product.kernelProduct, rowClass, kernels[product, rowClass].kernelPath)
            }
        }
    }

    deinit { ck_context_destroy(context) }

    /// Makes room for the activations of a layer with so many inputs, packed.
    func reserve(inputs: Int) throws(DeviceError) {
        if !ck_reserve_inputs(context, inputs) {
            throw .outOfMemory(bytes: 2048 * inputs, purpose: "packed activations of \(inputs) inputs")
        }
    }

    /// Packs parts of layers, all threads at all of them together.
    ///
    /// - Throws: ``UnusableWeights`` for the first part that cannot be; `DeviceError` where memory is refused.
    func pack(_ parts: [UnpackedPart]) throws {
        var stored = parts.map(\.stored)
        // The parts keep their files open.
        let isPacked = withExtendedLifetime(parts) { ck_pack(context, &stored, stored.count) }
        guard isPacked else {
            let panel = stored.map { Int(CK_PANEL) * $0.inputs * MemoryLayout<Float>.size }.max() ?? 0
            throw DeviceError.outOfMemory(bytes: threads * panel, purpose: "rows of weights that are being packed")
        }
        for (place, matrix) in stored.enumerated() {
            if matrix.error == CK_FILE_ENDS {
                throw UnusableWeights(part: place, cause: .unreadable("it is shorter than its header says"))
            }
            if matrix.error != 0 {
                let reason = String(cString: strerror(matrix.error))
                throw UnusableWeights(part: place, cause: .unreadable(reason))
            }
            if matrix.not_finite >= 0 {
                throw UnusableWeights(part: place, cause: .notFinite(index: Int(matrix.not_finite)))
            }
        }
    }

    /// output[r] = weights · input[r] for the first `rows` rows, or output[r] += that where `adding`.
    ///
    /// `input`: `[rows, weights.inputs]`. `parts` are the parts of the layer to compute; their columns start at
    /// column 0 of `output`, each part at a multiple of 32.
    func linear(
        _ weights: PackedLinear, parts: Range<Int>? = nil, input: Matrix, rows: Int, output: Matrix,
        adding: Bool = false
    ) {
        let parts = parts ?? weights.outputs.indices
        let (begin, end) = (weights.offset(parts.lowerBound), weights.offset(parts.upperBound))
        precondition(input.columns == weights.inputs && rows <= input.rows && rows <= output.rows)
        precondition(end - begin <= output.stride)
        let complete = ck_linear(
            context, weights.computeType.kernelCompute, weights.scalar.kernelScalar, weights.base, weights.inputs,
            begin / Int(CK_PANEL), end / Int(CK_PANEL), input.base, input.stride, rows, output.base, output.stride,
            adding)
        precondition(complete, "the weights were packed with other operations; these have no room for their inputs")
    }

    /// output[r] = input[r] / sqrt(mean(input[r]²) + epsilon) * weight (Zhang & Sennrich, arXiv:1910.07467).
    func rmsNorm(_ input: Matrix, weight: [Float], epsilon: Float, rows: Int, output: Matrix) {
        precondition(weight.count == input.columns && rows <= input.rows && rows <= output.rows)
        precondition(output.columns >= input.columns)
        ck_rms_norm(
            context, input.base, input.stride, weight, epsilon, rows, 1, input.columns, output.base, output.stride)
    }

    /// The same for each of `heads` heads of a row by itself, in place: `[rows, heads * weight.count]`.
    func rmsNorm(heads values: MatrixColumns, count heads: Int, weight: [Float], epsilon: Float, rows: Int) {
        precondition(rows <= values.matrix.rows && values.column + heads * weight.count <= values.matrix.stride)
        ck_rms_norm(
            context, values.base, values.matrix.stride, weight, epsilon, rows, heads, weight.count, values.base,
            values.matrix.stride)
    }

    /// output[r] = activation(gate[r]) * up[r] (Shazeer, arXiv:2002.05202); gate and up lie in one matrix.
    func gated(
        _ activation: ModelArithmetic.Activation, gate: MatrixColumns, up: MatrixColumns, rows: Int, output: Matrix
    ) {
        precondition(gate.matrix === up.matrix && rows <= gate.matrix.rows && rows <= output.rows)
        precondition(max(gate.column, up.column) + output.columns <= gate.matrix.stride)
        ck_gated(
            context, activation.kernelActivation, gate.base, up.base, gate.matrix.stride, rows, output.columns,
            output.base, output.stride)
    }

    /// output[r] += bias for each of `rows` rows.
    func add(bias: [Float], to output: MatrixColumns, rows: Int) {
        precondition(rows <= output.matrix.rows && output.column + bias.count <= output.matrix.stride)
        ck_add(context, bias, 0, rows, bias.count, output.base, output.matrix.stride)
    }

    /// output[r] += input[r].
    func add(_ input: Matrix, to output: Matrix, rows: Int) {
        precondition(rows <= input.rows && rows <= output.rows && input.columns == output.columns)
        ck_add(context, input.base, input.stride, rows, input.columns, output.base, output.stride)
    }

    /// values[r] = cap * tanh(values[r] / cap).
    func softCap(_ values: Matrix, cap: Float, rows: Int) {
        precondition(rows <= values.rows && cap > 0)
        ck_soft_cap(context, cap, rows, values.columns, values.base, values.stride)
    }

    /// The index of the largest of the first `count` values of a row, the first among equals.
    func argmax(_ row: UnsafeMutableBufferPointer<Float>) -> Int {
        precondition(!row.isEmpty)
        return ck_argmax(row.baseAddress, row.count)
    }

    /// The rotations of `positions`: of position p and frequency f, cosine and sine of the angle p·f, times `scale`.
    func rotaryTable(positions: [Int32], frequencies: [Float], scale: Float = 1) -> RotaryTable {
        var table = RotaryTable(rows: positions.count, half: frequencies.count)
        ck_rotary_table(
            context, positions, positions.count, frequencies, frequencies.count, scale, &table.cosine, &table.sine)
        return table
    }

    /// Rotates the batch's keys and stores them and the values in the sequences' caches.
    ///
    /// `keys` and `values` lie in one matrix, each `[rows, keyValueHeads * dimension]`.
    func storeKeysValues(
        _ sequences: [CachedRows], heads: AttentionHeads, keys: MatrixColumns, values: MatrixColumns, table: RotaryTable
    ) {
        precondition(keys.matrix === values.matrix && table.half * 2 == heads.dimension)
        ck_store_keys_values(
            context, heads.kernelHeads, sequences.map(\.kernelSequence), sequences.count, keys.base, values.base,
            keys.matrix.stride, table.cosine, table.sine)
    }

    /// Rotates queries, `[rows, heads * dimension]`, in place.
    func rotate(queries: MatrixColumns, heads: AttentionHeads, table: RotaryTable) {
        precondition(table.half * 2 == heads.dimension && table.rows <= queries.matrix.rows)
        ck_rotate_queries(
            context, heads.kernelHeads, queries.base, queries.matrix.stride, table.rows, table.cosine, table.sine)
    }

    /// Causal attention over the sequences' caches: the row at position p sees positions 0…p, or the last of them
    /// that the window holds.
    ///
    /// `queries` and `output`: `[rows, heads * dimension]`.
    func attention(
        _ sequences: [CachedRows], heads: AttentionHeads, scores: AttentionScores, queries: MatrixColumns,
        output: Matrix
    ) throws(DeviceError) {
        let complete = ck_attention(
            context, heads.kernelHeads, scores.kernelScores, sequences.map(\.kernelSequence), sequences.count,
            queries.base, queries.matrix.stride, output.base, output.stride)
        if !complete { throw .outOfMemory(bytes: 0, purpose: "attention scores") }
    }
}
