import CWireMessages
import Run

/// The tensor frames of one received message, taken in the order in which its header describes them.
struct TensorFrames {
    private let frames: [UnsafeRawBufferPointer]
    /// Frames taken so far.
    private var taken = 0

    init(_ frames: [UnsafeRawBufferPointer]) throws(WireError) {
        guard frames.count < MessageLimits.frames else {
            throw WireError(expected: "at most \(MessageLimits.frames) frames", found: "\(frames.count + 1)")
        }
        self.frames = frames
    }

    /// The matrix that `header` describes, copied from the next frame. Any bits are allowed as elements.
    mutating func matrix(
        _ header: UnsafeMutablePointer<Wire__Matrix>?, _ name: String
    ) throws(WireError) -> FloatMatrix {
        let header = try Field.message(header, name)
        let side = 0...WireLimits.matrixSide
        let rows = try within(name) { () throws(WireError) in
            try Field.number(header.has_rows, header.rows, "rows", in: side)
        }
        let columns = try within(name) { () throws(WireError) in
            try Field.number(header.has_columns, header.columns, "columns", in: side)
        }
        let (count, countOverflow) = rows.multipliedReportingOverflow(by: columns)
        let (byteCount, byteOverflow) = count.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        guard !countOverflow, !byteOverflow, byteCount <= MessageLimits.tensorBytes else {
            throw WireError(
                field: name, expected: "a matrix of at most \(MessageLimits.tensorBytes) bytes",
                found: "\(rows) × \(columns) float32")
        }
        guard taken < frames.count else {
            throw WireError(field: name, expected: "tensor frame \(taken + 1)", found: "\(frames.count) tensor frames")
        }
        let frame = frames[taken]
        guard frame.count == byteCount else {
            throw WireError(
                field: name, expected: "\(byteCount) bytes for \(rows) × \(columns) float32", found: "\(frame.count)")
        }
        taken += 1
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: frame)
            initialized = count
        }
        return FloatMatrix(rows: rows, columns: columns, values: values)
    }

    /// Call it when the message is read: all frames must have been taken.
    func finish() throws(WireError) {
        guard taken == frames.count else {
            throw WireError(expected: "\(taken) tensor frames", found: "\(frames.count)")
        }
    }
}
