import CWireMessages
import Run

// What travels where W is trained by its rows.

extension TrainRowsUnit {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__TrainRowsUnit> {
        let message = writer.new(wire__train_rows_unit__init)
        (message.pointee.has_first_output, message.pointee.first_output) = writer.field(outputs.lowerBound)
        (message.pointee.has_outputs, message.pointee.outputs) = writer.field(outputs.count)
        (message.pointee.has_dimension_a, message.pointee.dimension_a) = writer.field(dimensionA)
        (message.pointee.has_dimension_b, message.pointee.dimension_b) = writer.field(dimensionB)
        (message.pointee.has_rows, message.pointee.rows) = writer.field(schedule.rowCount)
        (message.pointee.has_epochs, message.pointee.epochs) = writer.field(schedule.epochs)
        (message.pointee.has_batch, message.pointee.batch) = writer.field(schedule.batch)
        (message.pointee.has_shard_rows, message.pointee.shard_rows) = writer.field(schedule.shardRows)
        (message.pointee.has_seed, message.pointee.seed) = writer.field(schedule.seed)
        (message.pointee.has_learning_rate, message.pointee.learning_rate) = writer.field(learningRate)
        (message.pointee.has_initialization, message.pointee.initialization) = writer.field(initialization.code)
        return message
    }

    init(_ message: Wire__TrainRowsUnit) throws(WireError) {
        let rows = 1...WireLimits.trainingRows
        let dimensions = 1...WireLimits.dimensions
        let dimensionB = try Field.number(message.has_dimension_b, message.dimension_b, "dimension_b", in: dimensions)
        let first = try Field.number(
            message.has_first_output, message.first_output, "first_output", in: 0...dimensionB - 1)
        let count = try Field.number(message.has_outputs, message.outputs, "outputs", in: 1...dimensionB - first)
        self.init(
            outputs: first..<first + count,
            dimensionA: try Field.number(message.has_dimension_a, message.dimension_a, "dimension_a", in: dimensions),
            dimensionB: dimensionB,
            schedule: TrainingSchedule(
                rowCount: try Field.number(message.has_rows, message.rows, "rows", in: rows),
                epochs: try Field.number(message.has_epochs, message.epochs, "epochs", in: 1...WireLimits.epochs),
                batch: try Field.number(message.has_batch, message.batch, "batch", in: rows),
                shardRows: try Field.number(message.has_shard_rows, message.shard_rows, "shard_rows", in: rows),
                seed: try Field.value(message.has_seed, message.seed, "seed")),
            learningRate: try Field.interval(message.has_learning_rate, message.learning_rate, "learning_rate"),
            initialization: try Field.choice(message.has_initialization, message.initialization, "initialization"))
    }

    /// The grant's matrix that belongs to the unit.
    func targets(
        _ message: UnsafeMutablePointer<Wire__Matrix>?, _ tensors: inout TensorFrames
    ) throws(WireError) -> FloatMatrix {
        let targets = try tensors.matrix(message, "targets")
        guard (targets.rows, targets.columns) == (schedule.rowCount, outputs.count) else {
            throw WireError(
                field: "targets", expected: "\(schedule.rowCount) × \(outputs.count)",
                found: "\(targets.rows) × \(targets.columns)")
        }
        return targets
    }
}

extension ActivationPart {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__ActivationPart> {
        let message = writer.new(wire__activation_part__init)
        (message.pointee.has_first_row, message.pointee.first_row) = writer.field(firstRow)
        message.pointee.a = writer.matrix(a)
        return message
    }

    init(_ message: Wire__ActivationPart, _ tensors: inout TensorFrames) throws(WireError) {
        let a = try tensors.matrix(message.a, "a")
        // A matrix without columns has any number of rows in no bytes.
        guard a.rows <= MessageLimits.elements, a.columns > 0 else {
            throw WireError(
                field: "a", expected: "at most \(MessageLimits.elements) rows of at least one column",
                found: "\(a.rows) × \(a.columns)")
        }
        self.init(firstRow: try Field.number(message.has_first_row, message.first_row, "first_row"), a: a)
    }
}

extension TrainRowsResult {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__TrainRowsResult> {
        let message = writer.new(wire__train_rows_result__init)
        message.pointee.w = writer.matrix(w)
        (message.pointee.has_squared_error_sums, message.pointee.squared_error_sums) = writer.field(squaredErrorSums)
        return message
    }

    init(_ message: Wire__TrainRowsResult, _ tensors: inout TensorFrames) throws(WireError) {
        self.init(
            w: try tensors.matrix(message.w, "w"),
            squaredErrorSums: try Field.doubles(
                message.has_squared_error_sums, message.squared_error_sums, "squared_error_sums"))
    }
}

extension MessageWriter {
    /// Numbers as their bytes, little-endian.
    fileprivate func field(_ numbers: [Double]) -> (Presence, ProtobufCBinaryData) {
        (1, numbers.withUnsafeBytes { bytes($0) })
    }
}

extension Field {
    /// Numbers as their bytes, little-endian. Any bits are allowed.
    fileprivate static func doubles(
        _ present: Presence, _ bytes: ProtobufCBinaryData, _ name: String
    ) throws(WireError) -> [Double] {
        guard present != 0 else { throw missing(name) }
        let size = MemoryLayout<Double>.size
        guard bytes.len <= WireLimits.lossBytes, bytes.len % size == 0 else {
            throw WireError(
                field: name, expected: "at most \(WireLimits.lossBytes) bytes, \(size) for each number",
                found: "\(bytes.len) bytes")
        }
        guard bytes.len > 0, let data = bytes.data else { return [] }
        return [Double](unsafeUninitializedCapacity: bytes.len / size) { buffer, count in
            let source = UnsafeRawBufferPointer(start: data, count: bytes.len)
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
            count = buffer.count
        }
    }
}
