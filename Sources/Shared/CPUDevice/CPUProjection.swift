import CKernels
import Devices

/// W's arithmetic on all of the device's threads.
struct CPUProjection: ProjectionArithmetic {
    let device: CPUDevice

    func predict(
        _ w: WeightView, x: UnsafePointer<Float>, rows: Int, less y: UnsafePointer<Float>?,
        into out: UnsafeMutablePointer<Float>
    ) {
        device.withOperations { $0.predict(w, x: x, rows: rows, less: y, into: out) }
    }

    func gradient(
        errors: UnsafePointer<Float>, x: UnsafePointer<Float>, rows: Int, outputs: Int, inputs: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        device.withOperations {
            $0.gradient(errors: errors, x: x, rows: rows, outputs: outputs, inputs: inputs, into: out)
        }
    }

    func step(_ weights: TrainedWeights, shards: UnsafeBufferPointer<GradientView>, adam: AdamStep) {
        device.withOperations { $0.step(weights, shards: shards, adam: adam) }
    }

    func squares(
        ofErrors errors: UnsafePointer<Float>, rows: Int, outputs: Int, into sums: UnsafeMutablePointer<Double>
    ) {
        ck_squares(errors, rows, outputs, sums)
    }

    func squaredCrossNorm(
        x: UnsafePointer<Float>, inputs: Int, y: UnsafePointer<Float>, outputs: Int, rows: Int
    ) -> Double {
        device.withOperations { $0.squaredCrossNorm(x: x, inputs: inputs, y: y, outputs: outputs, rows: rows) }
    }

    func share(outputs: Int, _ body: (Range<Int>, any ProjectionArithmetic) -> Void) {
        device.withOperations { operations in
            operations.cut(outputs: outputs) { range, thread in body(range, device.threadArithmetic[thread]) }
        }
    }
}
