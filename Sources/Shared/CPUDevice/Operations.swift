import CKernels

/// The operations of a transformer on this machine's CPU, all in one place.
///
/// Each row of a result depends on that row's inputs alone: see `CKernels.h` for the order of every sum. A device
/// serves one call at a time; whoever shares one between tasks puts a lock around it.
package final class CPUDevice {
    /// More threads than this are refused.
    package static let maximumThreads = 256

    package let description: DeviceDescription
    /// Threads that take part in an operation, the caller's among them.
    package let threads: Int
    private let context: OpaquePointer

    /// Starts `threads` - 1 threads, which sleep while there is nothing to do.
    ///
    /// - Parameters:
    ///   - kernels: the path to run, or nil for the fastest that this CPU supports.
    ///   - computeType: what linear layers round activations to.
    package init(
        threads: Int, kernels: KernelPath? = nil, computeType: ComputeType = .float32
    ) throws(TensorError) {
        let path = kernels ?? .best
        guard threads >= 1, threads <= Self.maximumThreads else { throw .unusableThreadCount(threads) }
        guard path.isSupported else { throw .unsupportedKernels(path) }
        guard let context = ck_context_create(path.kernelPath, Int32(threads)) else { throw .threadsRefused(threads) }
        self.context = context
        self.threads = threads
        description = DeviceDescription(kernels: path, computeType: computeType)
    }

    deinit { ck_context_destroy(context) }

    /// Makes room for the activations of a layer with so many inputs, where they are rounded.
    func reserve(inputs: Int) throws(TensorError) {
        guard description.computeType == .bfloat16 else { return }
        if !ck_reserve_inputs(context, inputs) {
            throw .outOfMemory(bytes: 1024 * inputs, purpose: "rounded activations of \(inputs) inputs")
        }
    }

    func pack(
        _ bytes: UnsafeRawBufferPointer, _ scalar: ScalarType, outputs: Int, inputs: Int,
        to packed: UnsafeMutableRawPointer
    ) -> Int64 {
        ck_pack(context, scalar.kernelScalar, bytes.baseAddress, outputs, inputs, packed)
    }

    /// output[r] = weights · input[r] for the first `rows` rows, or output[r] += that where `adding`.
    ///
    /// `input`: `[rows, weights.inputs]`. `parts` are the parts of the layer to compute; their columns start at
    /// column 0 of `output`, each part at a multiple of 32.
    package func linear(
        _ weights: PackedLinear, parts: Range<Int>? = nil, input: Matrix, rows: Int, output: Matrix,
        adding: Bool = false
    ) {
        let parts = parts ?? weights.outputs.indices
        let (begin, end) = (weights.offset(parts.lowerBound), weights.offset(parts.upperBound))
        precondition(input.columns == weights.inputs && rows <= input.rows && rows <= output.rows)
        precondition(end - begin <= output.stride)
        let complete = ck_linear(
            context, description.computeType.kernelCompute, weights.scalar.kernelScalar, weights.base, weights.inputs,
            begin / Int(CK_PANEL),
            end / Int(CK_PANEL), input.base, input.stride, rows, output.base, output.stride, adding)
        precondition(complete, "the weights were packed for another device, which has no room for their inputs")
    }

    /// output[r] = input[r] / sqrt(mean(input[r]²) + epsilon) * weight (Zhang & Sennrich, arXiv:1910.07467).
    package func rmsNorm(_ input: Matrix, weight: [Float], epsilon: Float, rows: Int, output: Matrix) {
        precondition(weight.count == input.columns && rows <= input.rows && rows <= output.rows)
        precondition(output.columns >= input.columns)
        ck_rms_norm(
            context, input.base, input.stride, weight, epsilon, rows, 1, input.columns, output.base, output.stride)
    }

    /// The same for each of `heads` heads of a row by itself, in place: `[rows, heads * weight.count]`.
    package func rmsNorm(heads values: MatrixColumns, count heads: Int, weight: [Float], epsilon: Float, rows: Int) {
        precondition(rows <= values.matrix.rows && values.column + heads * weight.count <= values.matrix.stride)
        ck_rms_norm(
            context, values.base, values.matrix.stride, weight, epsilon, rows, heads, weight.count, values.base,
            values.matrix.stride)
    }

    /// output[r] = activation(gate[r]) * up[r] (Shazeer, arXiv:2002.05202); gate and up lie in one matrix.
    package func gated(
        _ activation: Activation, gate: MatrixColumns, up: MatrixColumns, rows: Int, output: Matrix
    ) {
        precondition(gate.matrix === up.matrix && rows <= gate.matrix.rows && rows <= output.rows)
        precondition(max(gate.column, up.column) + output.columns <= gate.matrix.stride)
        ck_gated(
            context, activation.kernelActivation, gate.base, up.base, gate.matrix.stride, rows, output.columns,
            output.base, output.stride)
    }

    /// output[r] += bias for each of `rows` rows.
    package func add(bias: [Float], to output: MatrixColumns, rows: Int) {
        precondition(rows <= output.matrix.rows && output.column + bias.count <= output.matrix.stride)
        ck_add(context, bias, 0, rows, bias.count, output.base, output.matrix.stride)
    }

    /// output[r] += input[r].
    package func add(_ input: Matrix, to output: Matrix, rows: Int) {
        precondition(rows <= input.rows && rows <= output.rows && input.columns == output.columns)
        ck_add(context, input.base, input.stride, rows, input.columns, output.base, output.stride)
    }

    /// values[r] = cap * tanh(values[r] / cap).
    package func softCap(_ values: Matrix, cap: Float, rows: Int) {
        precondition(rows <= values.rows && cap > 0)
        ck_soft_cap(context, cap, rows, values.columns, values.base, values.stride)
    }

    /// The index of the largest of the first `count` values of a row, the first among equals.
    package func argmax(_ row: UnsafeMutableBufferPointer<Float>) -> Int {
        precondition(!row.isEmpty)
        return ck_argmax(row.baseAddress, row.count)
    }

    /// The rotations of `positions`: of position p and frequency f, cosine and sine of the angle p·f, times `scale`.
    package func rotaryTable(positions: [Int32], frequencies: [Float], scale: Float = 1) -> RotaryTable {
        var table = RotaryTable(rows: positions.count, half: frequencies.count)
        ck_rotary_table(
            context, positions, positions.count, frequencies, frequencies.count, scale, &table.cosine, &table.sine)
        return table
    }

    /// Rotates the batch's keys and stores them and the values in the sequences' caches.
    ///
    /// `keys` and `values` lie in one matrix, each `[rows, keyValueHeads * dimension]`.
    package func storeKeysValues(
        _ sequences: [CachedRows], heads: AttentionHeads, keys: MatrixColumns, values: MatrixColumns, table: RotaryTable
    ) {
        precondition(keys.matrix === values.matrix && table.half * 2 == heads.dimension)
        ck_store_keys_values(
            context, heads.kernelHeads, sequences.map(\.kernelSequence), sequences.count, keys.base, values.base,
            keys.matrix.stride, table.cosine, table.sine)
    }

    /// Rotates queries, `[rows, heads * dimension]`, in place.
    package func rotate(queries: MatrixColumns, heads: AttentionHeads, table: RotaryTable) {
        precondition(table.half * 2 == heads.dimension && table.rows <= queries.matrix.rows)
        ck_rotate_queries(
            context, heads.kernelHeads, queries.base, queries.matrix.stride, table.rows, table.cosine, table.sine)
    }

    /// Causal attention over the sequences' caches: the row at position p sees positions 0…p, or the last of them
    /// that the window holds.
    ///
    /// `queries` and `output`: `[rows, heads * dimension]`.
    package func attention(
        _ sequences: [CachedRows], heads: AttentionHeads, scores: AttentionScores, queries: MatrixColumns,
        output: Matrix
    ) throws(TensorError) {
        let complete = ck_attention(
            context, heads.kernelHeads, scores.kernelScores, sequences.map(\.kernelSequence), sequences.count,
            queries.base, queries.matrix.stride, output.base, output.stride)
        if !complete { throw .outOfMemory(bytes: 0, purpose: "attention scores") }
    }
}

/// Cosine and sine of each row's rotary angles, `[rows, half]` each.
package struct RotaryTable: Sendable {
    package let rows: Int
    package let half: Int
    var cosine: [Float]
    var sine: [Float]

    init(rows: Int, half: Int) {
        self.rows = rows
        self.half = half
        cosine = [Float](repeating: 0, count: rows * half)
        sine = cosine
    }

    /// The table of some of the rows, in the order given.
    package func selecting(_ chosen: [Int]) -> RotaryTable {
        var table = RotaryTable(rows: chosen.count, half: half)
        for (row, source) in chosen.enumerated() {
            for i in 0..<half {
                table.cosine[row * half + i] = cosine[source * half + i]
                table.sine[row * half + i] = sine[source * half + i]
            }
        }
        return table
    }
}

/// Consecutive rows of a batch that belong to one sequence, and that sequence's cache in one block.
package struct CachedRows {
    let firstRow: Int
    let rowCount: Int
    let start: Int
    let store: KeyValueStore

    /// Rows `firstRow ..< firstRow + rowCount` stand at positions `start`, `start + 1`, … of the sequence.
    package init(firstRow: Int, rowCount: Int, start: Int, store: KeyValueStore) {
        precondition(start >= store.first && start + rowCount <= store.end)
        self.firstRow = firstRow
        self.rowCount = rowCount
        self.start = start
        self.store = store
    }

    /// The last of these rows alone, as row `row` of another batch.
    package func lastRow(at row: Int) -> CachedRows {
        CachedRows(firstRow: row, rowCount: 1, start: start + rowCount - 1, store: store)
    }

    /// The kernels count positions from the first one that is held: which rows see which depends on distances alone.
    var kernelSequence: ck_sequence {
        ck_sequence(
            first_row: firstRow, row_count: rowCount, start: start - store.first, capacity: store.capacity,
            keys: store.keys,
            values: store.values)
    }
}
