import Devices
import ModelFolders
import Run

/// The arithmetic of a model over one batch of rows, block by block.
final class ForwardPass {
    let heads: AttentionHeads
    private let configuration: ModelConfiguration
    private let weights: ModelWeights
    private let workspace: Workspace
    private let operations: Operations
    private let frequencies: [Float]
    private let epsilon: Float
    private let activation: ModelArithmetic.Activation
    /// What the embedding is multiplied by, if by anything.
    private let embeddingScale: Float?
    /// Of each block.
    private let scores: [AttentionScores]
    /// Blocks computed so far, over all passes.
    private(set) var blocksComputed = 0

    init(
        configuration: ModelConfiguration, weights: ModelWeights, workspace: Workspace, operations: Operations
    ) {
        self.configuration = configuration
        self.weights = weights
        self.workspace = workspace
        self.operations = operations
        heads = AttentionHeads(
            heads: configuration.headCount, keyValueHeads: configuration.keyValueHeadCount,
            dimension: configuration.headDimension)
        frequencies = configuration.rotary.frequencies(headDimension: configuration.headDimension)
        epsilon = Float(configuration.rmsNormEpsilon)
        let arithmetic = configuration.arithmetic
        activation = arithmetic.activation
        // transformers rounds the scale to the type of the weights, which is float32 where arithmetic is.
        embeddingScale = arithmetic.scalesEmbedding ? Float(Double(configuration.hiddenSize).squareRoot()) : nil
        scores = arithmetic.windows.map { window in
            AttentionScores(
                scale: 1 / Float(arithmetic.attentionDivisor).squareRoot(),
                softCap: arithmetic.attentionSoftCap.map { Float($0) }, window: window)
        }
    }

    /// Computes `depth` blocks over `parts`, one of each sequence, and what the steps ask of those tokens.
    ///
    /// In the last block only the last tokens go on after their keys and values are stored, where nothing else is read.
    func run(
        _ parts: [PassRows], of steps: [SequenceStep], _ caches: [CPUCache], depth: Int,
        outputs: inout [SequenceOutput]
    ) throws(DeviceError) {
        embed(parts, of: steps)
        var stream = Stream(matrix: workspace.residual, parts: parts)
        let narrows = PassRows.narrows(parts, of: steps, depth: depth)
        touch(stream, at: .embedding, of: steps, outputs: &outputs)

        let starts = parts.map { steps[$0.step].cache.length + $0.tokens.lowerBound }
        var positions: [Int32] = []
        for (part, start) in zip(parts, starts) { positions += (0..<part.tokens.count).map { Int32(start + $0) } }
        let table = operations.rotaryTable(
            positions: depth > 0 ? positions : [], frequencies: frequencies,
            scale: configuration.rotary.attentionFactor)
        for index in 0..<depth {
            let cached = zip(parts, starts).map { part, start in
                CachedRows(
                    firstRow: part.firstRow, rowCount: part.tokens.count, start: start,
                    store: caches[part.step].blocks[index])
            }
            let block = weights.blocks[index]
            blocksComputed += 1
            if index == depth - 1 && narrows {
                guard try attendLast(block, scores[index], &stream, parts, cached, table) else { return }
            } else {
                try attend(block, scores[index], stream, cached, table)
            }
            feedForward(block, stream)
            touch(stream, at: ActivationSite(afterBlocks: index + 1), of: steps, outputs: &outputs)
        }
        if depth == configuration.blockCount { computeHead(stream, of: steps, outputs: &outputs) }
    }

    /// The residual stream as it goes through the blocks.
    private struct Stream {
        let matrix: Matrix
        let parts: [PassRows]
        let rowCount: Int
        /// The steps that end in this pass, and the rows of their last tokens.
        let lastRows: [(step: Int, row: Int)]

        init(matrix: Matrix, parts: [PassRows]) {
            self.matrix = matrix
            self.parts = parts
            rowCount = parts.reduce(0) { $0 + $1.tokens.count }
            lastRows = parts.filter(\.isLast).map { ($0.step, $0.lastRow) }
        }
    }

    private func embed(_ parts: [PassRows], of steps: [SequenceStep]) {
        for part in parts {
            for (offset, token) in steps[part.step].tokens[part.tokens].enumerated() {
                let row = workspace.residual.row(part.firstRow + offset)
                weights.embedding.copyRow(ofOutput: Int(token), to: row)
                if let embeddingScale { for i in row.indices { row[i] *= embeddingScale } }
            }
        }
    }

    /// Reads and then writes the stream at a site.
    private func touch(
        _ stream: Stream, at site: ActivationSite, of steps: [SequenceStep], outputs: inout [SequenceOutput]
    ) {
        for part in stream.parts {
            let (index, step) = (part.step, steps[part.step])
            if outputs[index].activations.isEmpty {
                outputs[index].activations = Array(repeating: [], count: step.readings.count)
            }
            for (slot, wanted) in step.readings.enumerated() where wanted == site {
                for row in part.rows(of: step.readTokens) {
                    outputs[index].activations[slot] += stream.matrix.values(ofRow: row)
                }
            }
            for injection in step.injections where injection.site == site {
                for (row, vector) in part.written(injection.vectors, at: step.tokens(writtenBy: injection)) {
                    injection.operation.apply(vector, to: stream.matrix.row(row))
                }
            }
        }
    }

    // MARK: A block: x += attention(norm(x)); x += feedForward(norm(x))

    private func attend(
        _ block: ModelWeights.Block, _ scores: AttentionScores, _ stream: Stream, _ cached: [CachedRows],
        _ table: RotaryTable
    ) throws(DeviceError) {
        let (rows, fused) = (stream.rowCount, workspace.keyValueQuery)
        operations.rmsNorm(
            stream.matrix, weight: block.attentionNorm, epsilon: epsilon, rows: rows, output: workspace.normed)
        compute(block.keyValueQuery, input: workspace.normed, rows: rows, output: fused)
        store(block, cached, table)
        let queries = MatrixColumns(fused, from: block.keyValueQuery.weights.offset(2))
        try attend(block, scores, queries, stream, cached, table)
    }

    /// Attention where nothing but the last tokens is needed afterwards: `stream` becomes these rows alone.
    /// Returns whether there are any.
    private func attendLast(
        _ block: ModelWeights.Block, _ scores: AttentionScores, _ stream: inout Stream, _ parts: [PassRows],
        _ cached: [CachedRows], _ table: RotaryTable
    ) throws(DeviceError) -> Bool {
        operations.rmsNorm(
            stream.matrix, weight: block.attentionNorm, epsilon: epsilon, rows: stream.rowCount,
            output: workspace.normed)
        compute(
            block.keyValueQuery, parts: 0..<2, input: workspace.normed, rows: stream.rowCount,
            output: workspace.keyValueQuery)
        store(block, cached, table)

        let chosen = stream.lastRows
        guard !chosen.isEmpty else { return false }
        for (row, last) in chosen.enumerated() {
            workspace.lastResidual.copyRow(last.row, of: stream.matrix, to: row)
            workspace.lastNormed.copyRow(last.row, of: workspace.normed, to: row)
        }
        stream = Stream(matrix: workspace.lastResidual, parts: PassRows.last(of: parts))

        compute(
            block.keyValueQuery, parts: 2..<3, input: workspace.lastNormed, rows: stream.rowCount,
            output: workspace.lastQueries)
        let ending = zip(parts, cached).filter { $0.0.isLast }
        let last = ending.enumerated().map { row, part in part.1.lastRow(at: row) }
        try attend(
            block, scores, MatrixColumns(workspace.lastQueries), stream, last, table.selecting(chosen.map(\.row)))
        return true
    }

    /// Norms and rotates the queries, reads the values with them and adds what comes out to the stream.
    private func attend(
        _ block: ModelWeights.Block, _ scores: AttentionScores, _ queries: MatrixColumns, _ stream: Stream,
        _ cached: [CachedRows], _ table: RotaryTable
    ) throws(DeviceError) {
        let rows = stream.rowCount
        if let norm = block.queryNorm {
            operations.rmsNorm(heads: queries, count: heads.heads, weight: norm, epsilon: epsilon, rows: rows)
        }
        operations.rotate(queries: queries, heads: heads, table: table)
        try operations.attention(cached, heads: heads, scores: scores, queries: queries, output: workspace.attended)
        add(block.attentionOutput, of: workspace.attended, norm: block.attentionOutputNorm, to: stream)
    }

    private func store(_ block: ModelWeights.Block, _ cached: [CachedRows], _ table: RotaryTable) {
        let keys = MatrixColumns(workspace.keyValueQuery)
        if let norm = block.keyNorm {
            operations.rmsNorm(
                heads: keys, count: heads.keyValueHeads, weight: norm, epsilon: epsilon, rows: table.rows)
        }
        operations.storeKeysValues(
            cached, heads: heads, keys: keys,
            values: MatrixColumns(workspace.keyValueQuery, from: block.keyValueQuery.weights.offset(1)), table: table)
    }

    private func feedForward(_ block: ModelWeights.Block, _ stream: Stream) {
        let (rows, fused) = (stream.rowCount, workspace.gateUp)
        operations.rmsNorm(
            stream.matrix, weight: block.feedForwardNorm, epsilon: epsilon, rows: rows, output: workspace.normed)
        compute(block.gateUp, input: workspace.normed, rows: rows, output: fused)
        operations.gated(
            activation, gate: MatrixColumns(fused), up: MatrixColumns(fused, from: block.gateUp.weights.offset(1)),
            rows: rows, output: workspace.activated)
        add(block.down, of: workspace.activated, norm: block.feedForwardOutputNorm, to: stream)
    }

    /// output[r] = layer(input[r]), of some parts of the layer or of all.
    private func compute(
        _ layer: BiasedLinear, parts: Range<Int>? = nil, input: Matrix, rows: Int, output: Matrix, adding: Bool = false
    ) {
        operations.linear(layer.weights, parts: parts, input: input, rows: rows, output: output, adding: adding)
        guard let biases = layer.biases else { return }
        let parts = parts ?? biases.indices
        for part in parts {
            let column = layer.weights.offset(part) - layer.weights.offset(parts.lowerBound)
            operations.add(bias: biases[part], to: MatrixColumns(output, from: column), rows: rows)
        }
    }

    /// stream += layer(input), or += norm(layer(input)) where a block has a norm there.
    private func add(_ layer: BiasedLinear, of input: Matrix, norm: [Float]?, to stream: Stream) {
        let rows = stream.rowCount
        guard let norm else {
            return compute(layer, input: input, rows: rows, output: stream.matrix, adding: true)
        }
        compute(layer, input: input, rows: rows, output: workspace.blockOutput)
        operations.rmsNorm(workspace.blockOutput, weight: norm, epsilon: epsilon, rows: rows, output: workspace.normed)
        operations.add(workspace.normed, to: stream.matrix, rows: rows)
    }

    // MARK: After the last block

    private func computeHead(_ stream: Stream, of steps: [SequenceStep], outputs: inout [SequenceOutput]) {
        let wanted = PassRows.heads(of: stream.parts, steps)
        for begin in stride(from: 0, to: wanted.count, by: workspace.logits.rows) {
            let group = wanted[begin..<min(begin + workspace.logits.rows, wanted.count)]
            // The rows are gathered in `lastNormed`, which nobody reads any more, and normed into `normed`.
            for (row, head) in group.enumerated() {
                workspace.lastNormed.copyRow(head.row, of: stream.matrix, to: row)
            }
            operations.rmsNorm(
                workspace.lastNormed, weight: weights.finalNorm, epsilon: epsilon, rows: group.count,
                output: workspace.normed)
            operations.linear(weights.head, input: workspace.normed, rows: group.count, output: workspace.logits)
            if let cap = configuration.arithmetic.logitSoftCap {
                operations.softCap(workspace.logits, cap: Float(cap), rows: group.count)
            }
            takeHeads(group, of: steps, outputs: &outputs)
        }
    }

    /// What was asked of rows whose logits are there.
    private func takeHeads(
        _ group: ArraySlice<PassRows.Head>, of steps: [SequenceStep], outputs: inout [SequenceOutput]
    ) {
        var asked: [(row: Int, head: PassRows.Head, followers: [Int32])] = []
        for (row, head) in group.enumerated() {
            let index = head.step
            if steps[index].readsFinalNorm { outputs[index].finalNorm = workspace.normed.values(ofRow: row) }
            switch steps[index].head {
            case .none: break
            case .logits: outputs[index].logits = workspace.logits.values(ofRow: row)
            case .greedyToken:
                outputs[index].greedyToken = Int32(operations.argmax(workspace.logits.row(row)))
            case .logProbabilities(let followers): asked.append((row, head, followers[head.place]))
            }
        }
        guard let first = asked.first?.row, let last = asked.last?.row else { return }
        let sums = operations.softmaxSums(
            UnsafePointer(workspace.logits.base + first * workspace.logits.stride), stride: workspace.logits.stride,
            rows: last - first + 1, columns: workspace.logits.columns)
        for (row, head, followers) in asked {
            let (softmax, logits) = (SoftmaxSum(sums[row - first]), workspace.logits.row(row))
            outputs[head.step].logProbabilities.append(
                followers.map { softmax.logProbability(ofLogit: logits[Int($0)]) })
        }
    }
}

extension InjectionOperation {
    /// Combines the vector with `stream`, b.
    func apply(_ vector: [Float], to stream: UnsafeMutableBufferPointer<Float>) {
        let count = min(vector.count, stream.count)
        for i in 0..<count {
            let a = vector[vector.count - count + i]
            let place = stream.count - count + i
            switch self {
            case .replace: stream[place] = a
            case .sum: stream[place] = stream[place] + a
            case .mean: stream[place] = (stream[place] + a) / 2
            }
        }
    }
}
