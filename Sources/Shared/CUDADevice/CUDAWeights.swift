import CCUDAKernels
import Devices
import ModelFolders
import Run
import Weights

/// A linear layer in the device's memory: its parts' rows, one after the other.
struct CUDALinear: Sendable {
    let weights: DeviceMemory
    let scalar: ScalarType
    let inputs: Int
    /// Elements from row to row.
    let stride: Int
    /// Where each part's rows begin, and where the last one's end.
    let rows: [Int]
    /// Of all rows, where the layer has biases.
    let bias: DeviceMemory?
    /// Whether inputs are rounded to bfloat16, and the products are the tensor cores'.
    let isNarrow: Bool

    func offset(_ part: Int) -> Int { rows[part] }
    var outputs: Int { rows[rows.count - 1] }
}

/// The weights of a model in the device's memory. Their names and shapes are ``ModelLayout``'s.
struct CUDAWeights: Sendable {
    struct Block: Sendable {
        let attentionNorm: DeviceMemory
        /// Parts key, value, query.
        let keyValueQuery: CUDALinear
        let keyNorm, queryNorm: DeviceMemory?
        let attentionOutput: CUDALinear
        let attentionOutputNorm: DeviceMemory?
        let feedForwardNorm: DeviceMemory
        /// Parts gate, up.
        let gateUp: CUDALinear
        let down: CUDALinear
        let feedForwardOutputNorm: DeviceMemory?
    }

    let embedding: CUDALinear
    let blocks: [Block]
    let finalNorm: DeviceMemory
    let head: CUDALinear

    /// Reads all tensors, while the device is used, and looks for values that are not finite.
    init(
        _ files: WeightFiles, _ shape: ModelConfiguration, computeType: ComputeType, _ context: CUDAContext,
        threads: Int
    )
        throws
    {
        let layout = ModelLayout(shape)
        try Self.check(layout, files, context)
        let reader = try Reader(files, shape, computeType: computeType, context, threads: threads)
        embedding = try reader.linear(layout.embedding)
        blocks = try layout.blocks.map { try Block(reader, $0) }
        finalNorm = try reader.norm(layout.finalNorm)
        head = try layout.head.map { try reader.linear($0) } ?? embedding
        try reader.checkFinite()
    }

    /// Refuses a model that does not fit, before any of it is read.
    private static func check(_ layout: ModelLayout, _ files: WeightFiles, _ context: CUDAContext) throws {
        var needed = 0
        for tensor in layout.tensors {
            let stored = try files.tensor(tensor.name, shape: tensor.shape)
            needed += tensor.shape.reduce(stored.scalar.byteCount, *)
        }
        let free = try context.driver.freeMemory()
        guard needed <= free else {
            throw DeviceError.tooLarge(needed: needed, free: free, what: "the model's weights")
        }
    }
}

extension CUDAWeights.Block {
    fileprivate init(_ reader: Reader, _ layout: ModelLayout.Block) throws {
        attentionNorm = try reader.norm(layout.attentionNorm)
        keyValueQuery = try reader.linear(layout.keyValueQuery)
        keyNorm = try layout.keyNorm.map(reader.norm)
        queryNorm = try layout.queryNorm.map(reader.norm)
        attentionOutput = try reader.linear(layout.attentionOutput)
        attentionOutputNorm = try layout.attentionOutputNorm.map(reader.norm)
        feedForwardNorm = try reader.norm(layout.feedForwardNorm)
        gateUp = try reader.linear(layout.gateUp)
        down = try reader.linear(layout.down)
        feedForwardOutputNorm = try layout.feedForwardOutputNorm.map(reader.norm)
    }
}

private final class Reader {
    private let files: WeightFiles
    private let shape: ModelConfiguration
    private let computeType: ComputeType
    private let context: CUDAContext
    private let uploader: Uploader
    /// Tensors that the device looks through, and where it writes the place of what it finds.
    private var examined: [(tensor: StoredTensor, first: DeviceMemory)] = []

    init(
        _ files: WeightFiles, _ shape: ModelConfiguration, computeType: ComputeType, _ context: CUDAContext,
        threads: Int
    ) throws {
        self.files = files
        self.shape = shape
        self.computeType = computeType
        self.context = context
        uploader = try Uploader(context, threads: threads)
    }

    private func floats(_ vector: ModelLayout.Vector) throws -> [Float] {
        try files.tensor(vector.name, shape: [vector.count]).floats()
    }

    /// What a norm multiplies by.
    func norm(_ vector: ModelLayout.Vector) throws -> DeviceMemory {
        let weight = try floats(vector)
        return try context.upload(
            shape.arithmetic.normsAddOne ? weight.map { 1 + $0 } : weight, purpose: "a norm's weights")
    }

    /// Parts of different types are widened to float32.
    func linear(_ layer: ModelLayout.Linear) throws -> CUDALinear {
        let tensors = try layer.weights.map { try files.tensor($0.name, shape: $0.shape) }
        let scalar = tensors.allSatisfy { $0.scalar == tensors[0].scalar } ? tensors[0].scalar : .float32
        let isNarrow = computeType == .bfloat16 && scalar == .bfloat16
        // Rows of the tensor cores' operands are whole steps.
        let step = isNarrow ? INPUT_STEP : 1
        let stride = (layer.inputs + step - 1) / step * step
        var rows = [0]
        for part in layer.parts { rows.append(rows[rows.count - 1] + part.outputs) }
        let memory = try context.allocate(
            rows[rows.count - 1] * stride * scalar.byteCount, purpose: "weights of \(layer.parts[0].name)")
        for (part, tensor) in tensors.enumerated() {
            let to = memory.address + UInt64(rows[part] * stride * scalar.byteCount)
            try copy(tensor, as: scalar, inputs: layer.inputs, stride: stride, to: to)
        }
        let biases = try layer.biases?.flatMap(floats)
        return CUDALinear(
            weights: memory, scalar: scalar, inputs: layer.inputs, stride: stride, rows: rows,
            bias: try biases.map { try context.upload($0, purpose: "biases") }, isNarrow: isNarrow)
    }

    private func copy(
        _ tensor: StoredTensor, as scalar: ScalarType, inputs: Int, stride: Int, to address: DeviceAddress
    ) throws {
        let rowBytes = (inputs * scalar.byteCount, stride * scalar.byteCount)
        func upload(_ bytes: UnsafeRawBufferPointer) throws(DeviceError) {
            try uploader.upload(
                bytes, rows: tensor.shape[0], rowBytes: rowBytes.0, strideBytes: rowBytes.1, to: address)
        }
        guard tensor.scalar == scalar else { return try tensor.floats().withUnsafeBytes(upload) }
        try tensor.withBytes(upload)
        tensor.releasePages()
        let first = try context.allocate(8, purpose: "the search for damaged weights")
        try context.fill(first, with: 0xff)
        try context.launch(
            .findNotFinite, LaunchShape(min(1024, (tensor.shape[0] * inputs + 4095) / 4096)),
            find_not_finite_arguments(
                values: address, first: first.address, count: UInt64(tensor.shape[0] * inputs), scalar: scalar.code,
                columns: Int32(inputs), stride: Int32(stride)))
        examined.append((tensor, first))
    }

    func checkFinite() throws {
        let found = try PinnedMemory(max(1, examined.count) * 8, in: context)
        for (index, tensor) in examined.enumerated() {
            try context.copy(8, from: tensor.first.address, to: found.base + 8 * index)
        }
        try context.wait()
        for (index, tensor) in examined.enumerated() {
            let place = found.base.load(fromByteOffset: 8 * index, as: UInt64.self)
            guard place != .max else { continue }
            throw WeightError.notFinite(path: tensor.tensor.path, tensor: tensor.tensor.name, index: Int(place))
        }
    }
}

extension ScalarType {
    /// As the kernels name it.
    var code: Int32 {
        switch self {
        case .float32: Int32(SCALAR_FLOAT32)
        case .bfloat16: Int32(SCALAR_BFLOAT16)
        case .float16: Int32(SCALAR_FLOAT16)
        }
    }
}
