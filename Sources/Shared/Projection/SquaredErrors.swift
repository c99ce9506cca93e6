package import Devices
package import Run

/// The sum of a shard's squared errors, in an order that blocks of W's rows can follow apart: each output over the
/// shard's rows, the outputs over their block, the blocks over W.
package enum SquaredErrors {
    /// Of a whole shard's errors, [rows, d_B].
    package static func sum(_ errors: [Float], rows: Int, blocks: OutputBlocks, on device: any Device) -> Double {
        let outputs = blocks.dimensionB
        let sums = [Double](unsafeUninitializedCapacity: outputs) { buffer, count in
            errors.withUnsafeBufferPointer {
                device.projection.squares(
                    ofErrors: $0.baseAddress!, rows: rows, outputs: outputs, into: buffer.baseAddress!)
            }
            count = outputs
        }
        return sums.withUnsafeBufferPointer { sums in
            var total = 0.0
            for block in 0..<blocks.count { total += sum(ofBlock: sums[blocks[block]]) }
            return total
        }
    }

    /// Of one block, from its outputs' sums.
    static func sum(ofBlock outputs: Slice<UnsafeBufferPointer<Double>>) -> Double {
        var total = 0.0
        for sum in outputs { total += sum }
        return total
    }
}
