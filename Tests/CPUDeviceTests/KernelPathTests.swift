import Foundation
import Run
import TestSupport
import Testing
import Weights

@testable import CPUDevice

/// Linear layers of random shapes on all paths: they have the same bits, whatever the values are.
struct KernelPathTests {
    /// Values of which the bits are everything that a type holds: subnormals, zeros of both signs, the largest, and
    /// others near 1, so that sums round, cancel, overflow and become subnormal.
    private static func bits16(_ random: inout SeededGenerator, exponents: UInt16) -> UInt16 {
        let bits = UInt16.random(in: .min ... .max, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return bits & ~exponents
        case 1: return bits & 0x8000
        default: return bits & ~exponents | exponents / 2 & ~0x0c00 | bits & 0x0100
        }
    }

    private struct Layer {
        let scalar: ScalarType
        let computeType: ComputeType
        let outputs, inputs, rows: Int
        let weights: [UInt8]
        let x: [Float]

        init(_ random: inout SeededGenerator, special: [Float]) {
            scalar = ScalarType.allCases.randomElement(using: &random)!
            computeType = ComputeType.allCases.randomElement(using: &random)!
            outputs = Int.random(in: 1...150, using: &random)
            inputs = Int.random(in: 1...450, using: &random)
            rows = Int.random(in: 1...130, using: &random)
            let exponents: UInt16 = scalar == .float16 ? 0x7c00 : 0x7f80
            let halves = (0..<outputs * inputs).map { _ in bits16(&random, exponents: exponents) }
            weights =
                scalar == .float32
                ? halves.map { UInt32($0) << 16 | UInt32($0) }.withUnsafeBytes { Array($0) }
                : halves.withUnsafeBytes { Array($0) }
            var x = (0..<rows * inputs).map { _ in
                Float(
                    bitPattern: UInt32(bits16(&random, exponents: 0x7f80)) << 16
                        | UInt32.random(in: 0...0xffff, using: &random))
            }
            for value in special { x[Int.random(in: x.indices, using: &random)] = value }
            self.x = x
        }

        func result(on path: KernelPath) throws -> [UInt32] {
            let operations = try Operations(threads: 2, kernels: KernelChoice(path))
            let layer = try weights.withUnsafeBytes {
                try PackedLinear(
                    inputs: inputs, parts: [LinearPart(outputs: outputs, scalar: scalar, bytes: $0)],
                    computeType: computeType, operations: operations)
            }
            let output = try Matrix(rows: rows, columns: outputs)
            operations.linear(layer, input: try matrix(rows, inputs, x), rows: rows, output: output)
            // Which not-a-number comes out is no path's promise.
            return values(output).map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern }
        }
    }

    @Test(arguments: 0..<40)
    func `all paths give the same bits on any values`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(1000 + seed))
        let special: [Float] = seed % 4 == 0 ? [.infinity, -.infinity, .nan, -.nan, .leastNonzeroMagnitude] : []
        let layer = Layer(&random, special: special)
        let expected = try layer.result(on: .portable)
        for path in supportedPaths.dropFirst() {
            #expect(
                try layer.result(on: path) == expected,
                "\(path): \(layer.rows) × \(layer.inputs) → \(layer.outputs), \(layer.scalar), \(layer.computeType)")
        }
    }

    @Test func `a row's bits do not depend on the rows beside it`() throws {
        var random = SeededGenerator(seed: 5)
        let (inputs, outputs, rows) = (300, 90, 140)
        let x = random.floats(rows * inputs)
        for (scalar, computeType) in [(ScalarType.float32, ComputeType.float32), (.bfloat16, .bfloat16)] {
            let (bytes, _) = stored(random.floats(outputs * inputs), as: scalar)
            // What this processor was found to do best, which may be another path for every number of rows.
            let operations = try Operations(threads: 3)
            let layer = try bytes.withUnsafeBytes {
                try PackedLinear(
                    inputs: inputs, parts: [LinearPart(outputs: outputs, scalar: scalar, bytes: $0)],
                    computeType: computeType, operations: operations)
            }
            let output = try Matrix(rows: rows, columns: outputs)
            operations.linear(layer, input: try matrix(rows, inputs, x), rows: rows, output: output)
            let expected = values(output)
            for count in [1, 2, 3, 5, 9, 12, 13, 25, 61, 97] {
                let some = try matrix(count, inputs, Array(x[..<(count * inputs)]))
                operations.linear(layer, input: some, rows: count, output: output)
                #expect(values(output, rows: count) == Array(expected[..<(count * outputs)]), "\(count) rows")
            }
        }
    }
}
