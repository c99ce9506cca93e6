import CCUDAKernels
import Devices
import ModelFolders

/// What goes into a linear layer: rows as float32, or rounded to bfloat16 and filled up with zeros to whole steps.
struct Activations: Sendable {
    let wide: DeviceMemory
    let narrow: DeviceMemory
    let columns: Int
    let narrowColumns: Int

    /// While the device is used.
    init(_ context: CUDAContext, rows: Int, columns: Int) throws(DeviceError) {
        let step = INPUT_STEP
        self.columns = columns
        narrowColumns = (columns + step - 1) / step * step
        wide = try context.zeros(rows * columns * 4, purpose: "activations")
        narrow = try context.zeros(rows * narrowColumns * 2, purpose: "activations")
    }

    /// The address to write to for a layer that reads it so, else null.
    func wide(for layer: CUDALinear) -> DeviceAddress { layer.isNarrow ? 0 : wide.address }
    func narrow(for layer: CUDALinear) -> DeviceAddress { layer.isNarrow ? narrow.address : 0 }
}

/// The memory of a pass.
struct CUDAWorkspace: Sendable {
    /// Rows whose logits are computed together.
    static let headRows = 64

    /// The residual stream, `[rows, hidden]`, and that of last tokens alone.
    let residual, lastResidual: DeviceMemory
    let normed: Activations
    /// `[rows, (2 kvHeads + heads) d]`
    let keyValueQuery: DeviceMemory
    let attended: Activations
    /// `[rows, 2 feedForward]`
    let gateUp: DeviceMemory
    let activated: Activations
    /// A block's output before its norm, where it has one, `[rows, hidden]`
    let blockOutput: DeviceMemory
    /// `[rows, d / 2]`
    let cosine, sine: DeviceMemory
    /// `[headRows, hidden]`, `[headRows, hidden]`, `[headRows, vocabulary]`, `[headRows, ARGMAX_PARTS]` and `[headRows]`
    let headResidual: DeviceMemory
    let headNormed: Activations
    let logits: DeviceMemory
    let bestOfParts: DeviceMemory
    let tokens: DeviceMemory
    /// `[headRows]`
    let softmaxSums: DeviceMemory

    /// While the device is used.
    init(_ shape: ModelConfiguration, rows: Int, _ context: CUDAContext) throws(DeviceError) {
        func floats(_ rows: Int, _ columns: Int) throws(DeviceError) -> DeviceMemory {
            try context.allocate(rows * columns * 4, purpose: "a pass of \(rows) rows")
        }
        let (hidden, d) = (shape.hiddenSize, shape.headDimension)
        residual = try floats(rows, hidden)
        lastResidual = try floats(rows, hidden)
        normed = try Activations(context, rows: rows, columns: hidden)
        keyValueQuery = try floats(rows, (2 * shape.keyValueHeadCount + shape.headCount) * d)
        attended = try Activations(context, rows: rows, columns: shape.headCount * d)
        gateUp = try floats(rows, 2 * shape.feedForwardSize)
        activated = try Activations(context, rows: rows, columns: shape.feedForwardSize)
        blockOutput = try floats(shape.arithmetic.outputNorms ? rows : 1, hidden)
        cosine = try floats(rows, d / 2)
        sine = try floats(rows, d / 2)
        headResidual = try floats(Self.headRows, hidden)
        headNormed = try Activations(context, rows: Self.headRows, columns: hidden)
        logits = try floats(Self.headRows, shape.vocabularySize)
        bestOfParts = try floats(Self.headRows, 2 * ARGMAX_PARTS)
        tokens = try floats(Self.headRows, 1)
        softmaxSums = try floats(Self.headRows, MemoryLayout<softmax_sum>.stride / 4)
    }
}
