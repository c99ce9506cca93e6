package import Devices
package import Run

/// The sum of a shard's squared errors, in an order that blocks of W's rows can follow apart: each output over the
/// shard's rows, the outputs over their block, the blocks over W.
package enum SquaredErrors {
    /// Of a whole shard's errors, [rows, d_B].
    package static func sum(_ errors: [Float], rows: Int, blocks: OutputBlocks, on device: any Device) -> Double {
        sum(of: outputs(errors, rows: rows, count: blocks.dimensionB, on: device), blocks: blocks)
    }

    /// Of each output of a shard's errors, [rows, d_B]: [d_B].
    static func outputs(_ errors: [Float], rows: Int, count: Int, on device: any Device) -> [Double] {
        [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
            errors.withUnsafeBufferPointer {
                device.projection.squares(
                    ofErrors: $0.baseAddress!, rows: rows, outputs: count, into: buffer.baseAddress!)
            }
            initialized = count
        }
    }

    /// Of all outputs, from the sums of each.
    /// - Parameter weights: of each output, where they do not count alike.
    static func sum(of outputs: [Double], blocks: OutputBlocks, weights: [Double]? = nil) -> Double {
        outputs.withUnsafeBufferPointer { sums in
            var total = 0.0
            for block in 0..<blocks.count {
                total += sum(ofBlock: sums[blocks[block]], weights: weights?[blocks[block]])
            }
            return total
        }
    }

    /// Of one block, from its outputs' sums.
    /// - Parameter weights: of each of them, where they do not count alike.
    static func sum(ofBlock outputs: Slice<UnsafeBufferPointer<Double>>, weights: ArraySlice<Double>? = nil) -> Double {
        var total = 0.0
        if let weights {
            for (sum, weight) in zip(outputs, weights) { total += sum * weight }
        } else {
            for sum in outputs { total += sum }
        }
        return total
    }
}

/// The same sum with each output in units of its variance, so that a few large coordinates do not decide it.
package enum StandardisedErrors {
    /// Of a shard.
    /// - Parameter moments: of the texts that W learns from.
    package static func sum(of result: TrainResult, moments: TargetMoments, blocks: OutputBlocks, on device: any Device)
        -> Double
    {
        let outputs =
            switch result.gradient {
            case .dense: result.outputErrors
            case .factor(let errors):
                SquaredErrors.outputs(errors.values, rows: errors.rows, count: errors.columns, on: device)
            }
        return SquaredErrors.sum(of: outputs, blocks: blocks, weights: moments.weights)
    }
}
