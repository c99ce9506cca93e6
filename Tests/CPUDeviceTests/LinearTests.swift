import Foundation
import Run
import TestSupport
import Testing
import Weights

@testable import CPUDevice

/// The definition of a linear layer: one accumulator, acc = fma(x[k], w[k], acc) for k = 0, 1, …, from 0.
struct LinearTests {
    private static func defined(_ x: [Float], _ w: [Float], rows: Int, outputs: Int, inputs: Int) -> [Float] {
        var result = [Float](repeating: 0, count: rows * outputs)
        x.withUnsafeBufferPointer { x in
            w.withUnsafeBufferPointer { w in
                for index in result.indices {
                    let (row, output) = (index / outputs * inputs, index % outputs * inputs)
                    var accumulator: Float = 0
                    for k in 0..<inputs { accumulator.addProduct(x[row + k], w[output + k]) }
                    result[index] = accumulator
                }
            }
        }
        return result
    }

    private struct Shape: Sendable {
        let outputs: Int
        let inputs: Int
        let rows: [Int]
    }

    /// Rows, outputs and inputs at and beside the sizes of tiles, panels, row groups and input blocks.
    private static let shapes = [
        Shape(outputs: 1, inputs: 1, rows: [1, 2, 13]), Shape(outputs: 5, inputs: 3, rows: [1, 3, 49]),
        Shape(outputs: 31, inputs: 64, rows: [1, 2, 12]), Shape(outputs: 32, inputs: 33, rows: [1, 4, 13, 101]),
        Shape(outputs: 97, inputs: 40, rows: Array(1...14)), Shape(outputs: 300, inputs: 18, rows: [1, 2, 5]),
        Shape(outputs: 33, inputs: 2051, rows: [1, 2, 3]),
    ]

    @Test(arguments: ScalarType.allCases, shapes.indices)
    func `every output has the bits of the definition`(_ scalar: ScalarType, _ shape: Int) throws {
        var random = SeededGenerator(seed: 7)
        let (outputs, inputs) = (Self.shapes[shape].outputs, Self.shapes[shape].inputs)
        let (bytes, w) = stored(random.floats(outputs * inputs), as: scalar)
        for rows in Self.shapes[shape].rows {
            let x = random.floats(rows * inputs)
            let expected = Self.defined(x, w, rows: rows, outputs: outputs, inputs: inputs)
            let input = try matrix(rows, inputs, x)
            for path in supportedPaths {
                for threads in [1, 3] {
                    let device = try Operations(threads: threads, kernels: KernelChoice(path))
                    let layer = try bytes.withUnsafeBytes {
                        try PackedLinear(
                            inputs: inputs, parts: [LinearPart(outputs: outputs, scalar: scalar, bytes: $0)],
                            computeType: .float32, operations: device)
                    }
                    let output = try Matrix(rows: rows, columns: outputs)
                    device.linear(layer, input: input, rows: rows, output: output)
                    #expect(values(output) == expected, "\(rows) rows, \(path), \(threads) threads")
                    // Adding takes the finished product.
                    device.linear(layer, input: input, rows: rows, output: output, adding: true)
                    #expect(values(output) == expected.map { $0 + $0 })
                }
            }
        }
    }

    /// The definition where both operands are bfloat16: the odd input of each pair first, subnormals taken as zero.
    private static func definedRounded(
        _ x: [Float], _ w: [Float], rows: Int, outputs: Int, inputs: Int
    ) -> [Float] {
        func flushed(_ value: Float) -> Float { value.isSubnormal ? Float(signOf: value, magnitudeOf: 0) : value }
        func rounded(_ value: Float) -> Float {
            let bits = value.bitPattern
            return flushed(Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000))
        }
        let x = x.map(rounded)
        let w = w.map(flushed)
        var result: [Float] = []
        for row in 0..<rows {
            for output in 0..<outputs {
                var accumulator: Float = 0
                for even in stride(from: 0, to: inputs, by: 2) {
                    for k in [even + 1, even] where k < inputs {
                        accumulator.addProduct(x[row * inputs + k], w[output * inputs + k])
                        accumulator = flushed(accumulator)
                    }
                }
                result.append(accumulator)
            }
        }
        return result
    }

    @Test(arguments: shapes.indices, [Float(1), 1e-19])
    func `every output of rounded activations has the bits of its definition`(_ shape: Int, _ scale: Float) throws {
        var random = SeededGenerator(seed: 8)
        let (outputs, inputs) = (Self.shapes[shape].outputs, Self.shapes[shape].inputs)
        let (bytes, w) = stored(random.floats(outputs * inputs).map { $0 * scale }, as: .bfloat16)
        for rows in Self.shapes[shape].rows + [300] where rows * outputs * inputs < 3_000_000 {
            let x = random.floats(rows * inputs).map { $0 * scale }
            let expected = Self.definedRounded(x, w, rows: rows, outputs: outputs, inputs: inputs)
            let input = try matrix(rows, inputs, x)
            for path in supportedPaths {
                for threads in [1, 3] {
                    let device = try Operations(threads: threads, kernels: KernelChoice(path))
                    let layer = try bytes.withUnsafeBytes {
                        try PackedLinear(
                            inputs: inputs, parts: [LinearPart(outputs: outputs, scalar: .bfloat16, bytes: $0)],
                            computeType: .bfloat16, operations: device)
                    }
                    let output = try Matrix(rows: rows, columns: outputs)
                    device.linear(layer, input: input, rows: rows, output: output)
                    #expect(values(output) == expected, "\(rows) rows, \(path), \(threads) threads")
                    device.linear(layer, input: input, rows: rows, output: output, adding: true)
                    #expect(values(output) == expected.map { $0 + $0 })
                }
            }
        }
    }

    @Test(arguments: supportedPaths)
    func `weights that are not bfloat16 meet activations that are not rounded`(_ path: KernelPath) throws {
        var random = SeededGenerator(seed: 9)
        let input = try matrix(5, 40, random.floats(200))
        for scalar in [ScalarType.float32, .float16] {
            let (bytes, _) = stored(random.floats(70 * 40), as: scalar)
            let outputs = try ComputeType.allCases.map { type in
                let device = try Operations(threads: 2, kernels: KernelChoice(path))
                let layer = try bytes.withUnsafeBytes {
                    try PackedLinear(
                        inputs: 40, parts: [LinearPart(outputs: 70, scalar: scalar, bytes: $0)], computeType: type,
                        operations: device)
                }
                let output = try Matrix(rows: 5, columns: 70)
                device.linear(layer, input: input, rows: 5, output: output)
                return values(output)
            }
            #expect(outputs[0] == outputs[1])
        }
    }

    @Test(arguments: ScalarType.allCases)
    func `an output's weights can be read back`(_ scalar: ScalarType) throws {
        var random = SeededGenerator(seed: 6)
        let (outputs, inputs) = (70, 33)
        let (bytes, w) = stored(random.floats(outputs * inputs), as: scalar)
        let device = try Operations(threads: 1)
        let layer = try bytes.withUnsafeBytes {
            try PackedLinear(
                inputs: inputs, parts: [LinearPart(outputs: outputs, scalar: scalar, bytes: $0)], computeType: .float32,
                operations: device)
        }
        for output in 0..<outputs {
            var row = [Float](repeating: 0, count: inputs)
            row.withUnsafeMutableBufferPointer { layer.copyRow(ofOutput: output, to: $0) }
            #expect(row == Array(w[output * inputs..<(output + 1) * inputs]))
        }
    }

    @Test func `parts are computed as if they were apart, of mixed types too`() throws {
        var random = SeededGenerator(seed: 8)
        let device = try Operations(threads: 2)
        let input = try matrix(5, 20, random.floats(100))
        let (a, _) = stored(random.floats(33 * 20), as: .bfloat16)
        let (b, _) = stored(random.floats(7 * 20), as: .float32)
        func layer(_ parts: [(Int, ScalarType, [UInt8])]) throws -> PackedLinear {
            // The bytes are copied while packing, and kept alive until then by the caller's arrays.
            let buffers = parts.map { part -> UnsafeMutableRawBufferPointer in
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: part.2.count, alignment: 1)
                buffer.copyBytes(from: part.2)
                return buffer
            }
            defer { for buffer in buffers { buffer.deallocate() } }
            let stored = zip(parts, buffers).map {
                LinearPart(outputs: $0.0, scalar: $0.1, bytes: UnsafeRawBufferPointer($1))
            }
            return try PackedLinear(inputs: 20, parts: stored, computeType: .float32, operations: device)
        }
        func columns(_ layer: PackedLinear, _ parts: Range<Int>? = nil) throws -> [[Float]] {
            let output = try Matrix(rows: 5, columns: 96)
            device.linear(layer, parts: parts, input: input, rows: 5, output: output)
            return (0..<5).map { output.values(ofRow: $0) }
        }
        let both = try layer([(33, .bfloat16, a), (7, .float32, b)])
        let (onlyA, onlyB) = (try columns(try layer([(33, .bfloat16, a)])), try columns(try layer([(7, .float32, b)])))
        #expect(both.offset(1) == 64)
        #expect(try columns(both).map { $0[..<33] } == onlyA.map { $0[..<33] })
        #expect(try columns(both).map { $0[64..<71] } == onlyB.map { $0[..<7] })
        #expect(try columns(both, 1..<2).map { $0[..<7] } == onlyB.map { $0[..<7] })
    }

    @Test(arguments: ScalarType.allCases)
    func `a weight that is not finite is found`(_ scalar: ScalarType) throws {
        let device = try Operations(threads: 2)
        let infinity: [UInt8] =
            switch scalar {
            case .float32: [0, 0, 0x80, 0x7f]
            case .bfloat16: [0x80, 0xff]
            case .float16: [1, 0x7c]
            }
        for index in [0, 35, 99 * 30 - 1] {
            var bytes = [UInt8](repeating: 0, count: 99 * 30 * scalar.byteCount)
            bytes.replaceSubrange(index * scalar.byteCount..<(index + 1) * scalar.byteCount, with: infinity)
            #expect(throws: UnusableWeights(part: 0, cause: .notFinite(index: index))) {
                try bytes.withUnsafeBytes { buffer in
                    _ = try PackedLinear(
                        inputs: 30, parts: [LinearPart(outputs: 99, scalar: scalar, bytes: buffer)],
                        computeType: .float32, operations: device)
                }
            }
        }
    }

    @Test(arguments: [1, 3])
    func `weights are read from a file as they are from memory`(threads: Int) throws {
        var random = SeededGenerator(seed: 11)
        let (outputs, inputs) = (2100, 600)
        let weights = random.floats(outputs * inputs)
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("weights.safetensors")
        let tensor = SafetensorsWriter.Tensor(
            name: "w", shape: [outputs, inputs], values: .bfloat16(rounding: weights))
        try SafetensorsWriter.write([tensor], to: url)
        let (bytes, _) = stored(try WeightFiles([url]).tensor("w", shape: [outputs, inputs]).floats(), as: .bfloat16)
        let operations = try Operations(threads: threads)
        let fromMemory = try bytes.withUnsafeBytes {
            try PackedLinear(
                inputs: inputs, parts: [LinearPart(outputs: outputs, scalar: .bfloat16, bytes: $0)],
                computeType: .float32, operations: operations)
        }
        let stored = try WeightFiles([url]).tensor("w", shape: [outputs, inputs])
        let part = LinearPart(outputs: outputs, tensor: stored)
        let fromFile = try PackedLinear(
            inputs: inputs, parts: [part], computeType: .float32, operations: operations)
        for output in [0, 31, 32, 2047, 2048, outputs - 1] {
            #expect(row(output, of: fromFile) == row(output, of: fromMemory))
            #expect(row(output, of: fromFile).count { $0 != 0 } > inputs / 2)
        }

        // A file that became shorter after it was opened ends the loading, not the process.
        #expect(truncate(url.path, 1 << 20) == 0)
        let failure = UnusableWeights(part: 0, cause: .unreadable("it is shorter than its header says"))
        #expect(throws: failure) {
            try PackedLinear(inputs: inputs, parts: [part], computeType: .float32, operations: operations)
        }
    }

    private func row(_ output: Int, of layer: PackedLinear) -> [Float] {
        [Float](unsafeUninitializedCapacity: layer.inputs) { buffer, count in
            layer.copyRow(ofOutput: output, to: UnsafeMutableBufferPointer(rebasing: buffer[..<layer.inputs]))
            count = layer.inputs
        }
    }

    @Test func `every finite float16 is widened exactly`() {
        let finite = (0...UInt16.max).filter { $0 & 0x7c00 != 0x7c00 }
        let widened = finite.withUnsafeBytes { ScalarType.float16.widened($0) }
        #expect(widened == finite.map(float16Worth))
    }

    @Test func `thousands of short loops on many threads all complete`() throws {
        var random = SeededGenerator(seed: 9)
        let device = try Operations(threads: 8)
        let (bytes, _) = stored(random.floats(256 * 8), as: .float32)
        let layer = try bytes.withUnsafeBytes {
            try PackedLinear(
                inputs: 8, parts: [LinearPart(outputs: 256, scalar: .float32, bytes: $0)], computeType: .float32,
                operations: device)
        }
        let input = try matrix(1, 8, random.floats(8))
        let output = try Matrix(rows: 1, columns: 256)
        device.linear(layer, input: input, rows: 1, output: output)
        let expected = values(output)
        var same = true
        for _ in 0..<3000 {
            device.linear(layer, input: input, rows: 1, output: output)
            same = same && values(output) == expected
        }
        #expect(same)
    }
}
