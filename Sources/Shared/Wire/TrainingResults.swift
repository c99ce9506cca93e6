import CWireMessages
import Run

// What extraction and training come to.

extension ExtractResult {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__ExtractResult> {
        let message = writer.new(wire__extract_result__init)
        (message.pointee.n_a, message.pointee.a) = writer.matrices(a)
        (message.pointee.n_b, message.pointee.b) = writer.matrices(b)
        return message
    }

    init(_ message: Wire__ExtractResult, _ tensors: inout TensorFrames) throws(WireError) {
        let a = try tensors.matrices(message.n_a, message.a, "a")
        let b = try tensors.matrices(message.n_b, message.b, "b")
        for (name, matrices) in [("a", a), ("b", b)] {
            for (place, matrix) in matrices.enumerated() { try matrix.require(rows: a[0].rows, "\(name)[\(place)]") }
        }
        self.init(a: a, b: b)
    }
}

extension TrainResult {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__TrainResult> {
        let message = writer.new(wire__train_result__init)
        (message.pointee.has_squared_error_sum, message.pointee.squared_error_sum) = writer.field(squaredErrorSum)
        switch gradient {
        case .dense(let matrix):
            message.pointee.gradient_case = WIRE__TRAIN_RESULT__GRADIENT_DENSE
            message.pointee.dense = writer.matrix(matrix)
            (message.pointee.has_output_errors, message.pointee.output_errors) = writer.field(outputErrors)
        case .factor(let matrix):
            message.pointee.gradient_case = WIRE__TRAIN_RESULT__GRADIENT_FACTOR
            message.pointee.factor = writer.matrix(matrix)
        }
        return message
    }

    init(_ message: Wire__TrainResult, _ tensors: inout TensorFrames) throws(WireError) {
        // A training that diverges has an infinite loss or none at all; saying so is not the wire's business.
        let sum = try Field.value(message.has_squared_error_sum, message.squared_error_sum, "squared_error_sum")
        switch message.gradient_case {
        case WIRE__TRAIN_RESULT__GRADIENT_DENSE:
            let matrix = try tensors.matrix(message.dense, "dense")
            let outputErrors = try Field.doubles(message.has_output_errors, message.output_errors, "output_errors")
            guard outputErrors.count == matrix.rows else {
                throw WireError(
                    field: "output_errors", expected: "\(matrix.rows) numbers", found: "\(outputErrors.count)")
            }
            self.init(squaredErrorSum: sum, gradient: .dense(matrix), outputErrors: outputErrors)
        case WIRE__TRAIN_RESULT__GRADIENT_FACTOR:
            self.init(squaredErrorSum: sum, gradient: .factor(try tensors.matrix(message.factor, "factor")))
        default:
            throw WireError(field: "gradient", expected: "dense or factor", found: "neither")
        }
    }
}

extension TrainOutputsResult {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__TrainOutputsResult> {
        let message = writer.new(wire__train_outputs_result__init)
        message.pointee.w = writer.matrix(w)
        (message.pointee.has_squared_error_sums, message.pointee.squared_error_sums) = writer.field(squaredErrorSums)
        (message.pointee.has_standardised_error_sums, message.pointee.standardised_error_sums) = writer.field(
            standardisedErrorSums)
        return message
    }

    init(_ message: Wire__TrainOutputsResult, _ tensors: inout TensorFrames) throws(WireError) {
        self.init(
            w: try tensors.matrix(message.w, "w"),
            squaredErrorSums: try Field.doubles(
                message.has_squared_error_sums, message.squared_error_sums, "squared_error_sums"),
            standardisedErrorSums: try Field.doubles(
                message.has_standardised_error_sums, message.standardised_error_sums, "standardised_error_sums"))
    }
}

extension SumsResult {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__SumsResult> {
        let message = writer.new(wire__sums_result__init)
        message.pointee.products = writer.numbers(products)
        return message
    }

    init(_ message: Wire__SumsResult, _ tensors: inout TensorFrames) throws(WireError) {
        self.init(products: try tensors.numbers(message.products, "products"))
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
