import CKernels
import Devices

/// W's kernels. Operations on one thread are what a block of W is trained with; they serve one thread at a time.
extension Operations: ProjectionArithmetic, @unchecked Sendable {
    func predict(
        _ w: WeightView, x: UnsafePointer<Float>, rows: Int, less y: UnsafePointer<Float>?,
        into out: UnsafeMutablePointer<Float>
    ) {
        let complete = ck_predict(context, w.base, w.outputs, w.inputs, x, rows, y, out)
        precondition(complete, "no memory for \(rows) rows of \(w.inputs) activations")
    }

    func gradient(
        errors: UnsafePointer<Float>, x: UnsafePointer<Float>, rows: Int, outputs: Int, inputs: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        var shard = ck_shard(dense: nil, errors: errors, x: x, rows: rows)
        ck_gradient(context, &shard, outputs, inputs, out)
    }

    func step(_ weights: TrainedWeights, shards: UnsafeBufferPointer<GradientView>, adam: AdamStep) {
        var constants = ck_adam(
            gradient_scale: adam.gradientScale, first_weight: adam.firstWeight, beta2: adam.beta2,
            second_weight: adam.secondWeight, second_correction: adam.secondCorrection, epsilon: adam.epsilon,
            step_size: adam.stepSize)
        withUnsafeTemporaryAllocation(of: ck_shard.self, capacity: shards.count) { kernelShards in
            for (index, shard) in shards.enumerated() {
                kernelShards.initializeElement(at: index, to: shard.kernelShard)
            }
            ck_step(
                context, weights.w, weights.firstMoment, weights.secondMoment, weights.outputs, weights.inputs,
                kernelShards.baseAddress, kernelShards.count, &constants)
        }
    }

    func squaredCrossNorm(
        x: UnsafePointer<Float>, inputs: Int, y: UnsafePointer<Float>, outputs: Int, rows: Int
    ) -> Double {
        var norm = 0.0
        let complete = ck_cross_norm(context, x, inputs, y, outputs, rows, &norm)
        precondition(complete, "no memory for \(rows) rows of \(inputs) and \(outputs) activations")
        return norm
    }

    func squares(
        ofErrors errors: UnsafePointer<Float>, rows: Int, outputs: Int, into sums: UnsafeMutablePointer<Double>
    ) {
        ck_squares(errors, rows, outputs, sums)
    }

    func share(outputs: Int, _ body: (Range<Int>, any ProjectionArithmetic) -> Void) {
        body(0..<outputs, self)
    }

    /// Cuts `0 ..< outputs` into one range for each thread and calls `body` for all of them at the same time, with the
    /// number of the thread.
    func cut(outputs: Int, _ body: (Range<Int>, _ thread: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            var call = SharedBody(body: body)
            withUnsafeMutablePointer(to: &call) { call in
                ck_share(
                    context, outputs,
                    { argument, first, last, thread in
                        let call = argument!.assumingMemoryBound(to: SharedBody.self)
                        call.pointee.body(first..<last, Int(thread))
                    }, call)
            }
        }
    }
}

/// A closure as C hands it on.
private struct SharedBody {
    let body: (Range<Int>, Int) -> Void
}

extension GradientView {
    fileprivate var kernelShard: ck_shard {
        switch self {
        case .dense(let gradient): ck_shard(dense: gradient, errors: nil, x: nil, rows: 0)
        case .factors(let errors, let x, let rows): ck_shard(dense: nil, errors: errors, x: x, rows: rows)
        }
    }
}
