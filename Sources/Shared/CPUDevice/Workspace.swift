import Devices
import ModelFolders

/// The run state of a pass: buffers for `rows` rows of activations, reused from pass to pass.
struct Workspace {
    /// Rows that the head computes at once: its output is the widest of all.
    static let headRows = 64

    /// The residual stream, `[rows, hidden]`
    let residual: Matrix
    /// The residual stream of the last tokens alone, in the last block, `[rows, hidden]`
    let lastResidual: Matrix
    /// What a norm gave, `[rows, hidden]`
    let normed: Matrix
    /// The normed last tokens, `[rows, hidden]`
    let lastNormed: Matrix
    /// Keys, values and queries side by side, each from a multiple of 32 on
    let keyValueQuery: Matrix
    /// The queries of the last tokens, `[rows, heads * d]`
    let lastQueries: Matrix
    /// What the heads read, `[rows, heads * d]`
    let attended: Matrix
    /// Gate and up side by side, each from a multiple of 32 on
    let gateUp: Matrix
    /// `[rows, feedForward]`
    let activated: Matrix
    /// What attention or feed-forward network gave, where that is normed before it is added, `[rows, hidden]`;
    /// one row else
    let blockOutput: Matrix
    /// `[headRows, vocabulary]`
    let logits: Matrix

    init(_ shape: ModelConfiguration, rowLimit rows: Int) throws(DeviceError) {
        let queryWidth = shape.headCount * shape.headDimension
        let keyWidth = shape.keyValueHeadCount * shape.headDimension
        // A part of a fused layer takes at most 31 columns more than its outputs.
        residual = try Matrix(rows: rows, columns: shape.hiddenSize)
        lastResidual = try Matrix(rows: rows, columns: shape.hiddenSize)
        normed = try Matrix(rows: rows, columns: shape.hiddenSize)
        lastNormed = try Matrix(rows: rows, columns: shape.hiddenSize)
        keyValueQuery = try Matrix(rows: rows, columns: 2 * (keyWidth + 31) + queryWidth + 31)
        lastQueries = try Matrix(rows: rows, columns: queryWidth)
        attended = try Matrix(rows: rows, columns: queryWidth)
        gateUp = try Matrix(rows: rows, columns: 2 * (shape.feedForwardSize + 31))
        activated = try Matrix(rows: rows, columns: shape.feedForwardSize)
        blockOutput = try Matrix(rows: shape.arithmetic.outputNorms ? rows : 1, columns: shape.hiddenSize)
        logits = try Matrix(rows: min(rows, Self.headRows), columns: shape.vocabularySize)
    }
}
