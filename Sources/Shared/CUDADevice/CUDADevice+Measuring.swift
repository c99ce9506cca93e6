import CCUDAKernels
package import Devices

extension CUDADevice {
    /// Seconds of a product of bfloat16 weights `[outputs, inputs]` with so many rows, the mean of many in a row over
    /// several matrices, so that none lies in a cache when it is read.
    package func seconds(ofLinear outputs: Int, _ inputs: Int, rows: Int) throws(DeviceError) -> Double {
        try context.use { () throws(DeviceError) in
            let bytes = outputs * inputs * 2
            var matrices: [DeviceMemory] = []
            for _ in 0..<(bytes < 1 << 20 ? 2 : (256 << 20) / bytes + 1) {
                matrices.append(try context.zeros(bytes, purpose: "a measurement"))
            }
            let input = try context.zeros(rows * inputs * 2, purpose: "a measurement")
            let output = try context.zeros(rows * outputs * 4, purpose: "a measurement")
            func run(_ count: Int) throws(DeviceError) {
                for index in 0..<count {
                    try context.launch(
                        linear_arguments(
                            weights: matrices[index % matrices.count].address, input: input.address,
                            output: output.address, bias: 0, rows: Int32(rows), inputs: Int32(inputs),
                            outputs: Int32(outputs), stride: Int32(outputs), accumulate: 0))
                }
            }
            let (begin, end) = (try context.driver.event(), try context.driver.event())
            try run(3)
            try context.record(begin)
            let count = 30
            try run(count)
            try context.record(end)
            try context.wait()
            return try context.driver.seconds(from: begin, to: end) / Double(count)
        }
    }
}
