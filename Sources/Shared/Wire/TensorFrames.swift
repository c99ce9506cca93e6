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
        let frame = try frame(of: byteCount, "\(rows) × \(columns) float32", name)
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: frame)
            initialized = count
        }
        return FloatMatrix(rows: rows, columns: columns, values: values)
    }

    /// The numbers that `header` describes, copied from the next frame. Any bits are allowed.
    mutating func numbers(
        _ header: UnsafeMutablePointer<Wire__Numbers>?, _ name: String
    ) throws(WireError) -> [Double] {
        let header = try Field.message(header, name)
        let count = try within(name) { () throws(WireError) in
            try Field.number(header.has_count, header.count, "count", in: 0...WireLimits.doubles)
        }
        let frame = try frame(of: count * MemoryLayout<Double>.size, "\(count) float64", name)
        return [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: frame)
            initialized = count
        }
    }

    /// The next frame, which has to have so many bytes.
    private mutating func frame(
        of byteCount: Int, _ content: String, _ name: String
    ) throws(WireError) -> UnsafeRawBufferPointer {
        guard taken < frames.count else {
            throw WireError(field: name, expected: "tensor frame \(taken + 1)", found: "\(frames.count) tensor frames")
        }
        let frame = frames[taken]
        guard frame.count == byteCount else {
            throw WireError(field: name, expected: "\(byteCount) bytes for \(content)", found: "\(frame.count)")
        }
        taken += 1
        return frame
    }

    /// The matrices of a repeated field: at least one, and as many as a model has sites at the most.
    mutating func matrices(
        _ count: Int, _ headers: UnsafeMutablePointer<UnsafeMutablePointer<Wire__Matrix>?>?, _ name: String
    ) throws(WireError) -> [FloatMatrix] {
        guard (1...MessageLimits.sites).contains(count) else {
            throw count == 0
                ? Field.missing(name)
                : WireError(field: name, expected: "at most \(MessageLimits.sites) matrices", found: "\(count)")
        }
        var matrices: [FloatMatrix] = []
        for index in 0..<count { matrices.append(try matrix(headers?[index], "\(name)[\(index)]")) }
        return matrices
    }

    /// The messages of a repeated field, each of which takes at least one frame: so there are no more than frames.
    mutating func messages<Message, Value>(
        _ count: Int, _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ name: String,
        _ value: (Message, inout TensorFrames) throws(WireError) -> Value
    ) throws(WireError) -> [Value] {
        guard count <= MessageLimits.frames else {
            throw WireError(field: name, expected: "at most \(MessageLimits.frames) elements", found: "\(count)")
        }
        var values: [Value] = []
        for index in 0..<count {
            values.append(
                try within("\(name)[\(index)]") { () throws(WireError) in
                    try value(try Field.message(messages?[index], ""), &self)
                })
        }
        return values
    }

    /// Call it when the message is read: all frames must have been taken.
    func finish() throws(WireError) {
        guard taken == frames.count else {
            throw WireError(expected: "\(taken) tensor frames", found: "\(frames.count)")
        }
    }
}
