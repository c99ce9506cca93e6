import CCUDAKernels
import Devices
import ReferenceDevice
import Run

/// What a device computes, before anything depends on it: the linear kernels on fixed numbers, against their definition.
struct SelfTest {
    private let context: CUDAContext
    private static let (inputs, outputs, rows) = (256, 40, 300)

    init(_ context: CUDAContext) { self.context = context }

    /// How the device's tensor cores sum; nil where that is not known and need not be.
    /// - Throws: where that is none of the ways that are known, or a row's bits depend on the rows beside it.
    func sums(allowingUnknown: Bool) throws(DeviceError) -> BFloat16Sums? {
        var random = NamedGenerator(seed: 1, purpose: "self-test")
        func matrix(_ rows: Int) -> [[Float]] {
            (0..<rows).map { _ in
                (0..<Self.inputs).map { _ in
                    // Exponents differ by much, so that what is cut shows.
                    let scale = Float(sign: .plus, exponent: random.index(below: 24) - 12, significand: 1)
                    return Float(bitPattern: Float(random.normal() * Double(scale)).bitPattern & 0xffff_0000)
                }
            }
        }
        let (weights, inputs) = (matrix(Self.outputs), matrix(Self.rows))
        let found = try products(weights, inputs, LinearKernel.portable)
        for sums in [BFloat16Sums.tensorCores9, .tensorCores8] {
            let expected = inputs.flatMap { row in weights.map { sums.sum(row, $0).bitPattern } }
            guard found.allSatisfy({ $0 == Array(expected.prefix($0.count)) }) else { continue }
            // Kernels of compute capability 9.0 are faster, and used where they compute the same.
            if context.hasHopper {
                let found = try products(weights, inputs, LinearKernel.hopper)
                let isRight = found.allSatisfy { $0 == Array(expected.prefix($0.count)) }
                try context.use { () throws(DeviceError) in context.use(hopper: isRight) }
            }
            return sums
        }
        let longest = found.max { $0.count < $1.count } ?? []
        guard found.allSatisfy({ $0 == Array(longest.prefix($0.count)) }) else {
            throw .unusable(
                "on this GPU (compute capability \(context.architecture)) a row's result depends on the rows beside it: "
                    + "it is not used")
        }
        guard allowingUnknown else {
            throw .unusable(
                "the tensor cores of this GPU (compute capability \(context.architecture)) do not sum in a way that is "
                    + "known, so its results could not be repeated elsewhere: it is not used without "
                    + "--allow-unproven-device")
        }
        return nil
    }

    /// Bits of `weights · input` of each row, or of the first rows, by each kernel.
    private func products(
        _ weights: [[Float]], _ inputs: [[Float]], _ kernels: [LinearKernel]
    ) throws(DeviceError) -> [[UInt32]] {
        func narrow(_ rows: [[Float]]) -> [UInt16] { rows.flatMap { $0.map { UInt16($0.bitPattern >> 16) } } }
        return try context.use { () throws(DeviceError) in
            let w = try context.upload(narrow(weights), purpose: "the self-test")
            let x = try context.upload(narrow(inputs), purpose: "the self-test")
            let found = try PinnedMemory(inputs.count * weights.count * 4, in: context)
            var all: [[UInt32]] = []
            for kernel in kernels {
                let rows = kernel.rows <= 64 ? kernel.rows - 1 : inputs.count
                let count = rows * weights.count
                let output = try context.zeros(count * 4, purpose: "the self-test")
                try context.launch(
                    linear_arguments(
                        weights: w.address, input: x.address, output: output.address, bias: 0, rows: Int32(rows),
                        inputs: Int32(Self.inputs), outputs: Int32(weights.count), stride: Int32(weights.count),
                        accumulate: 0), with: kernel)
                try context.copy(count * 4, from: output.address, to: found.base)
                try context.wait()
                all.append(
                    Array(UnsafeBufferPointer(start: found.base.assumingMemoryBound(to: UInt32.self), count: count)))
            }
            return all
        }
    }
}
