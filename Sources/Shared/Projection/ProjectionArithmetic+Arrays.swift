import Devices

/// W's arithmetic on arrays, whose counts the caller has checked.
extension ProjectionArithmetic {
    /// X·Wᵀ − Y, [rows, outputs]; X·Wᵀ where `y` is nil.
    func residuals(w: WeightView, x: [Float], rows: Int, y: [Float]?) -> [Float] {
        [Float](unsafeUninitializedCapacity: rows * w.outputs) { buffer, count in
            x.withUnsafeBufferPointer { x in
                withOptionalPointer(y) { y in
                    predict(w, x: x.baseAddress!, rows: rows, less: y, into: buffer.baseAddress!)
                }
            }
            count = rows * w.outputs
        }
    }

    /// EᵀX, [outputs, inputs], for E [rows, outputs] and X [rows, inputs].
    func gradient(errors: [Float], x: [Float], rows: Int, outputs: Int, inputs: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: outputs * inputs) { buffer, count in
            errors.withUnsafeBufferPointer { errors in
                x.withUnsafeBufferPointer { x in
                    gradient(
                        errors: errors.baseAddress!, x: x.baseAddress!, rows: rows, outputs: outputs, inputs: inputs,
                        into: buffer.baseAddress!)
                }
            }
            count = outputs * inputs
        }
    }

    private func withOptionalPointer(_ values: [Float]?, _ body: (UnsafePointer<Float>?) -> Void) {
        if let values {
            values.withUnsafeBufferPointer { body($0.baseAddress) }
        } else {
            body(nil)
        }
    }
}
