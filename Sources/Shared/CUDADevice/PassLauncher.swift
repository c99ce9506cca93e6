import CCUDAKernels
import Devices
import ModelFolders

/// The launches of a pass, for a model of one shape.
struct PassLauncher {
    private let shape: ModelConfiguration
    private let workspace: CUDAWorkspace
    private let context: CUDAContext
    private let frequencies: DeviceMemory
    private let epsilon: Float

    /// While the device is used.
    init(_ shape: ModelConfiguration, _ workspace: CUDAWorkspace, _ context: CUDAContext) throws(DeviceError) {
        self.shape = shape
        self.workspace = workspace
        self.context = context
        frequencies = try context.upload(
            shape.rotary.frequencies(headDimension: shape.headDimension), purpose: "rotary frequencies")
        epsilon = Float(shape.rmsNormEpsilon)
    }

    /// A block of the model, in a pass.
    struct Block {
        let weights: CUDAWeights.Block
        /// In a page, in floats.
        let offset: Int
        let window: Int?
        let tiles: PassLayout.Tiles
    }

    private var keyWidth: Int { shape.keyValueHeadCount * shape.headDimension }
    private var queryWidth: Int { shape.headCount * shape.headDimension }
    private var half: Int { shape.headDimension / 2 }
    /// Blocks of the attention kernel that share a group of queries' heads.
    private var partsOfGroup: Int {
        (shape.headCount / shape.keyValueHeadCount + ATTENTION_QUERIES - 1) / ATTENTION_QUERIES
    }

    func embed(_ embedding: CUDALinear, _ layout: PassLayout, _ base: DeviceAddress) throws(DeviceError) {
        // transformers rounds the scale to the type of the weights, which is float32 where arithmetic is.
        let scale = shape.arithmetic.scalesEmbedding ? Float(Double(shape.hiddenSize).squareRoot()) : 1
        try context.launch(
            .embed, LaunchShape(layout.rowCount),
            embed_arguments(
                embedding: embedding.weights.address, tokens: layout.tokens.address(from: base),
                residual: workspace.residual.address, scalar: embedding.scalar.code, stride: Int32(embedding.stride),
                columns: Int32(shape.hiddenSize), scale: scale))
    }

    func rotaryTable(_ layout: PassLayout, _ base: DeviceAddress) throws(DeviceError) {
        try context.launch(
            .rotaryTable, LaunchShape(layout.rowCount, threads: Self.threads(half)),
            rotary_arguments(
                frequencies: frequencies.address, position: layout.position.address(from: base),
                cosine: workspace.cosine.address, sine: workspace.sine.address, half: Int32(half),
                scale: shape.rotary.attentionFactor))
    }

    // MARK: Attention

    func attend(
        _ block: Block, _ layout: PassLayout, _ base: DeviceAddress, _ residual: DeviceMemory
    ) throws(DeviceError) {
        let (rows, layer) = (layout.rowCount, block.weights.keyValueQuery)
        let width = layer.outputs
        try norm(residual, block.weights.attentionNorm, rows: rows, for: layer)
        try linear(layer, of: workspace.normed, rows: rows, to: workspace.keyValueQuery.address, stride: width)
        try normKeys(block, rows: rows, stride: width)
        // Where each sequence has one row, who reads the keys stores this one first.
        let stores = layout.hasOneRowEach && partsOfGroup == 1
        if !stores { try store(block, layout, base, stride: width) }
        let queries = workspace.keyValueQuery.address + UInt64(layer.offset(2) * 4)
        try read(
            block, queries, stride: width, tableRow: 0, stores: stores, rows: rows, layout, base, residual)
    }

    /// The keys and values of a block's rows, and no more.
    func storeAlone(
        _ block: Block, _ layout: PassLayout, _ base: DeviceAddress, _ residual: DeviceMemory
    ) throws(DeviceError) {
        let (rows, layer) = (layout.rowCount, block.weights.keyValueQuery)
        try norm(residual, block.weights.attentionNorm, rows: rows, for: layer)
        try linear(
            layer, parts: 0..<2, of: workspace.normed, rows: rows, to: workspace.keyValueQuery.address,
            stride: layer.offset(2))
        try normKeys(block, rows: rows, stride: layer.offset(2))
        try store(block, layout, base, stride: layer.offset(2))
    }

    /// What the last tokens' queries read; their keys and values are stored.
    func attendLast(
        _ block: Block, _ layout: PassLayout, _ base: DeviceAddress, _ residual: DeviceMemory
    ) throws(DeviceError) {
        let (rows, layer) = (layout.lastRowCount, block.weights.keyValueQuery)
        try norm(residual, block.weights.attentionNorm, rows: rows, for: layer)
        try linear(
            layer, parts: 2..<3, of: workspace.normed, rows: rows, to: workspace.keyValueQuery.address,
            stride: queryWidth)
        try read(
            block, workspace.keyValueQuery.address, stride: queryWidth, tableRow: layout.lastRow.address(from: base),
            stores: false, rows: rows, layout, base, residual)
    }

    func gather(
        _ layout: PassLayout, _ base: DeviceAddress, from: DeviceMemory, to: DeviceMemory
    ) throws(DeviceError) {
        try copyRows(layout.lastRow.address(from: base), count: layout.lastRowCount, from: from, to: to)
    }

    private func copyRows(
        _ rows: DeviceAddress, count: Int, from: DeviceMemory, to: DeviceMemory
    ) throws(DeviceError) {
        try context.launch(
            .copyRows, LaunchShape(count),
            copy_rows_arguments(from: from.address, row: rows, to: to.address, columns: Int32(shape.hiddenSize)))
    }

    private func normKeys(_ block: Block, rows: Int, stride: Int) throws(DeviceError) {
        guard let norm = block.weights.keyNorm else { return }
        try headNorm(workspace.keyValueQuery.address, norm, heads: shape.keyValueHeadCount, rows: rows, stride: stride)
    }

    private func store(_ block: Block, _ layout: PassLayout, _ base: DeviceAddress, stride: Int) throws(DeviceError) {
        try context.launch(
            .store, LaunchShape(layout.rowCount, shape.keyValueHeadCount, threads: Self.threads(shape.headDimension)),
            store_arguments(
                keyValue: workspace.keyValueQuery.address, cosine: workspace.cosine.address,
                sine: workspace.sine.address, position: layout.position.address(from: base),
                sequence: layout.sequence.address(from: base), pages: layout.pages.address(from: base),
                stride: Int32(stride), kvHeads: Int32(shape.keyValueHeadCount), dimension: Int32(shape.headDimension),
                pagesPerSequence: Int32(layout.pagesPerSequence), offset: Int64(block.offset)))
    }

    /// Norms the queries, rotates them, reads the values with them and adds what comes out to the stream.
    private func read(
        _ block: Block, _ queries: DeviceAddress, stride: Int, tableRow: DeviceAddress, stores: Bool, rows: Int,
        _ layout: PassLayout, _ base: DeviceAddress, _ residual: DeviceMemory
    ) throws(DeviceError) {
        if let norm = block.weights.queryNorm {
            try headNorm(queries, norm, heads: shape.headCount, rows: rows, stride: stride)
        }
        try attention(block, queries, stride: stride, tableRow: tableRow, stores: stores, layout, base)
        try add(
            block.weights.attentionOutput, of: workspace.attended, norm: block.weights.attentionOutputNorm, rows: rows,
            to: residual)
    }

    /// Bytes of shared memory that a block of the attention kernel asks for, without its scores, and those of its scores.
    private func sharedBytes(_ tiles: PassLayout.Tiles) -> (fixed: Int, scores: Int) {
        let queryFloats = ATTENTION_QUERIES * ((shape.headDimension + 3) / 4 * 4)
        let pieceFloats = ATTENTION_PIECES * ATTENTION_POSITIONS * shape.headDimension
        return ((queryFloats + pieceFloats) * 4, (tiles.queries + 3) / 4 * 4 * tiles.span * 4)
    }

    /// Whether the scores of tiles lie in shared memory: else memory is allocated for them while a pass is launched.
    func holdsScores(_ tiles: PassLayout.Tiles) -> Bool {
        let (fixed, scores) = sharedBytes(tiles)
        return fixed + scores <= context.sharedMemory - 1024
    }

    private func attention(
        _ block: Block, _ queries: DeviceAddress, stride: Int, tableRow: DeviceAddress, stores: Bool,
        _ layout: PassLayout, _ base: DeviceAddress
    ) throws(DeviceError) {
        let (d, tiles, most): (Int, PassLayout.Tiles, Int) = (shape.headDimension, block.tiles, ATTENTION_QUERIES)
        let (fixed, scores) = sharedBytes(tiles)
        let fits = holdsScores(tiles)
        let parts = partsOfGroup
        // What does not fit there lies in global memory, of some tiles at a time.
        let blocks = shape.keyValueHeadCount * parts
        let bytesOfTile = blocks * most * tiles.span * 4
        let tilesAtOnce = fits ? tiles.count : max(1, min(tiles.count, (256 << 20) / bytesOfTile))
        let scratch =
            fits ? nil : try context.allocate(tilesAtOnce * bytesOfTile, purpose: "scores of long sequences")
        let kernel: Kernel =
            !fits ? .attentionLong : tiles.count * blocks <= context.processors ? .attentionFewBlocks : .attention
        let layer = block.weights.attentionOutput
        for begin in Swift.stride(from: 0, to: tiles.count, by: tilesAtOnce) {
            func table(_ place: PassTables.Place) -> DeviceAddress { place.address(from: base) + UInt64(begin * 4) }
            try context.launch(
                kernel,
                LaunchShape(
                    min(tilesAtOnce, tiles.count - begin), shape.keyValueHeadCount, parts,
                    sharedBytes: fixed + (fits ? scores : 0)),
                attention_arguments(
                    queries: queries, keyValue: stores ? workspace.keyValueQuery.address : 0,
                    cosine: workspace.cosine.address, sine: workspace.sine.address, tableRow: tableRow,
                    pages: layout.pages.address(from: base), tileRow: table(tiles.firstRow),
                    tileRows: table(tiles.rowCount), tileSequence: table(tiles.sequence),
                    tilePosition: table(tiles.position), wide: workspace.attended.wide(for: layer),
                    narrow: workspace.attended.narrow(for: layer), scores: scratch?.address ?? 0,
                    queryStride: Int32(stride), keyValueStride: Int32(stride),
                    wideStride: Int32(workspace.attended.columns),
                    narrowStride: Int32(workspace.attended.narrowColumns), heads: Int32(shape.headCount),
                    kvHeads: Int32(shape.keyValueHeadCount), dimension: Int32(d),
                    pagesPerSequence: Int32(layout.pagesPerSequence), offset: Int64(block.offset),
                    span: Int32(tiles.span), window: Int32(block.window ?? 0),
                    scale: 1 / Float(shape.arithmetic.attentionDivisor).squareRoot(),
                    softCap: Float(shape.arithmetic.attentionSoftCap ?? 0)))
        }
    }

    // MARK: The feed-forward network

    func feedForward(_ block: Block, _ residual: DeviceMemory, rows: Int) throws(DeviceError) {
        let (weights, columns) = (block.weights, shape.feedForwardSize)
        try norm(residual, weights.feedForwardNorm, rows: rows, for: weights.gateUp)
        try linear(
            weights.gateUp, of: workspace.normed, rows: rows, to: workspace.gateUp.address, stride: 2 * columns)
        let activation = shape.arithmetic.activation == .silu ? ACTIVATION_SILU : ACTIVATION_GELU_TANH
        try context.launch(
            .gate, LaunchShape(rows, (columns + 1023) / 1024, threads: Self.threads(columns)),
            gate_arguments(
                gateUp: workspace.gateUp.address, wide: workspace.activated.wide(for: weights.down),
                narrow: workspace.activated.narrow(for: weights.down), columns: Int32(columns),
                narrowStride: Int32(workspace.activated.narrowColumns), activation: Int32(activation)))
        try add(weights.down, of: workspace.activated, norm: weights.feedForwardOutputNorm, rows: rows, to: residual)
    }

    // MARK: After the last block

    /// Logits of rows, and what is made of them: probabilities, greedy tokens.
    func head(
        _ head: PassLayout.Head, _ weights: CUDAWeights, _ base: DeviceAddress, _ residual: DeviceMemory,
        _ results: PassResults
    ) throws(DeviceError) {
        let count = head.count
        try copyRows(head.row.address(from: base), count: count, from: residual, to: workspace.headResidual)
        let normed = workspace.headNormed
        try context.launch(
            .rmsNorm, LaunchShape(count, threads: Self.threads(shape.hiddenSize, most: 1024)),
            norm_arguments(
                workspace.headResidual.address, weights.finalNorm, columns: shape.hiddenSize, epsilon: epsilon,
                wide: normed.wide.address, narrow: normed.narrow.address, narrowStride: normed.narrowColumns))
        try linear(
            weights.head, of: normed, rows: count, to: workspace.logits.address, stride: shape.vocabularySize)
        if let cap = shape.arithmetic.logitSoftCap {
            try context.launch(
                .softCap, LaunchShape(count, (shape.vocabularySize + 1023) / 1024),
                soft_cap_arguments(
                    values: workspace.logits.address, columns: Int32(shape.vocabularySize), cap: Float(cap)))
        }
        if head.sums > 0 {
            try context.launch(
                .softmaxSums, LaunchShape(head.sums),
                softmax_arguments(
                    logits: workspace.logits.address + UInt64(head.logits * shape.vocabularySize * 4),
                    sums: workspace.softmaxSums.address, columns: Int32(shape.vocabularySize)))
            try context.launch(
                .pick, LaunchShape((head.picks + 255) / 256),
                pick_arguments(
                    logits: workspace.logits.address, row: head.pickRow.address(from: base),
                    column: head.pickColumn.address(from: base), values: results.address(ofPick: head.firstPick),
                    columns: Int32(shape.vocabularySize), count: Int32(head.picks)))
        }
        guard head.givesTokens else { return }
        let arguments = argmax_arguments(
            logits: workspace.logits.address, parts: workspace.bestOfParts.address, tokens: workspace.tokens.address,
            columns: Int32(shape.vocabularySize))
        try context.launch(.argmaxParts, LaunchShape(count, ARGMAX_PARTS), arguments)
        try context.launch(.argmax, LaunchShape(count, threads: 32), arguments)
    }

    // MARK: Sites

    /// Reads and then writes the stream at a site.
    func touch(
        _ touch: PassLayout.Touch?, _ base: DeviceAddress, _ residual: DeviceMemory, _ results: PassResults
    ) throws(DeviceError) {
        guard let touch else { return }
        if touch.reads > 0 {
            try context.launch(
                .copyRows, LaunchShape(touch.reads),
                copy_rows_arguments(
                    from: residual.address, row: touch.readRow.address(from: base),
                    to: results.address(ofReading: touch.firstReading), columns: Int32(shape.hiddenSize)))
        }
        guard touch.writes > 0 else { return }
        try context.launch(
            .inject, LaunchShape(touch.writes),
            inject_arguments(
                residual: residual.address, row: touch.writeRow.address(from: base),
                operation: touch.operation.address(from: base), count: touch.count.address(from: base),
                vectors: touch.vectors.address(from: base), columns: Int32(shape.hiddenSize)))
    }

    // MARK: Norms and linear layers

    private func norm(
        _ input: DeviceMemory, _ weight: DeviceMemory, rows: Int, for layer: CUDALinear
    ) throws(DeviceError) {
        try context.launch(
            .rmsNorm, LaunchShape(rows, threads: Self.threads(shape.hiddenSize, most: 1024)),
            norm_arguments(
                input.address, weight, columns: shape.hiddenSize, epsilon: epsilon,
                wide: workspace.normed.wide(for: layer), narrow: workspace.normed.narrow(for: layer),
                narrowStride: workspace.normed.narrowColumns))
    }

    /// Each head by itself, in place.
    private func headNorm(
        _ heads: DeviceAddress, _ weight: DeviceMemory, heads count: Int, rows: Int, stride: Int
    ) throws(DeviceError) {
        var arguments = norm_arguments(
            heads, weight, columns: shape.headDimension, epsilon: epsilon, wide: heads)
        (arguments.inputStride, arguments.wideStride) = (Int32(stride), Int32(stride))
        try context.launch(.rmsNorm, LaunchShape(rows, count, threads: Self.threads(shape.headDimension)), arguments)
    }

    /// stream += layer(input), or += norm(layer(input)) where a block has a norm there.
    private func add(
        _ layer: CUDALinear, of input: Activations, norm: DeviceMemory?, rows: Int, to residual: DeviceMemory
    ) throws(DeviceError) {
        let hidden = shape.hiddenSize
        guard let norm else {
            return try linear(layer, of: input, rows: rows, to: residual.address, stride: hidden, accumulate: true)
        }
        try linear(layer, of: input, rows: rows, to: workspace.blockOutput.address, stride: hidden)
        try context.launch(
            .rmsNorm, LaunchShape(rows, threads: Self.threads(hidden, most: 1024)),
            norm_arguments(
                workspace.blockOutput.address, norm, columns: hidden, epsilon: epsilon, added: residual.address))
    }

    /// output = layer(input), of some parts of the layer or of all; or output += layer(input).
    private func linear(
        _ layer: CUDALinear, parts: Range<Int>? = nil, of input: Activations, rows: Int, to output: DeviceAddress,
        stride: Int, accumulate: Bool = false
    ) throws(DeviceError) {
        let parts = parts ?? 0..<layer.rows.count - 1
        let first = layer.rows[parts.lowerBound]
        let outputs = layer.rows[parts.upperBound] - first
        let weights = layer.weights.address + UInt64(first * layer.stride * layer.scalar.byteCount)
        let bias = layer.bias.map { $0.address + UInt64(first * 4) } ?? 0
        if layer.isNarrow {
            try context.launch(
                linear_arguments(
                    weights: weights, input: input.narrow.address, output: output, bias: bias, rows: Int32(rows),
                    inputs: Int32(layer.stride), outputs: Int32(outputs), stride: Int32(stride),
                    accumulate: accumulate ? 1 : 0))
        } else {
            try context.launch(
                .linearWide, LaunchShape((outputs + 63) / 64, (rows + 63) / 64),
                linear_wide_arguments(
                    weights: weights, input: input.wide.address, output: output, bias: bias, rows: Int32(rows),
                    inputs: Int32(layer.inputs), outputs: Int32(outputs), scalar: layer.scalar.code,
                    weightStride: Int32(layer.stride), inputStride: Int32(input.columns), stride: Int32(stride),
                    accumulate: accumulate ? 1 : 0))
        }
    }

    /// Whole warps for so many elements.
    private static func threads(_ elements: Int, most: Int = 256) -> Int { min(most, (elements + 31) / 32 * 32) }
}

extension norm_arguments {
    fileprivate init(
        _ input: DeviceAddress, _ weight: DeviceMemory, columns: Int, epsilon: Float, wide: DeviceAddress = 0,
        narrow: DeviceAddress = 0, narrowStride: Int = 0, added: DeviceAddress = 0
    ) {
        self.init(
            input: input, weight: weight.address, wide: wide, narrow: narrow, added: added, inputStride: Int32(columns),
            wideStride: Int32(columns), narrowStride: Int32(narrowStride), addedStride: Int32(columns),
            columns: Int32(columns), epsilon: epsilon)
    }
}
