import Devices
import Foundation
import ModelFolders
import TestSupport
import Testing

@testable import CPUDevice

/// Operations on rows: right within float32, and the same bits on every path and for any rows beside.
struct RowOperationTests {
    @Test(arguments: [1, 15, 16, 48, 100, 288])
    func `the root mean square norm is right and independent of path and rows`(_ columns: Int) throws {
        var random = SeededGenerator(seed: 11)
        let (rows, epsilon) = (13, Float(1e-5))
        let x = random.floats(rows * columns, in: -3...3)
        let weight = random.floats(columns)
        var results: [[Float]] = []
        for path in supportedPaths {
            let device = try Operations(threads: 2, kernels: KernelChoice(path))
            let output = try Matrix(rows: rows, columns: columns)
            device.rmsNorm(try matrix(rows, columns, x), weight: weight, epsilon: epsilon, rows: rows, output: output)
            results.append(values(output))
            let last = try Matrix(rows: 1, columns: columns)
            device.rmsNorm(
                try matrix(1, columns, Array(x.suffix(columns))), weight: weight, epsilon: epsilon, rows: 1,
                output: last)
            #expect(values(last) == Array(values(output).suffix(columns)))
        }
        #expect(results.allSatisfy { $0 == results[0] })
        for row in 0..<rows {
            let values = x[row * columns..<(row + 1) * columns].map(Double.init)
            let scale = 1 / (values.reduce(0) { $0 + $1 * $1 } / Double(columns) + Double(epsilon)).squareRoot()
            for (i, value) in values.enumerated() {
                let expected = value * scale * Double(weight[i])
                #expect(abs(Double(results[0][row * columns + i]) - expected) <= 1e-6 * max(1, abs(expected)))
            }
        }
    }

    @Test(arguments: [2, 12, 16, 34])
    func `heads are normed one by one, in place`(_ dimension: Int) throws {
        var random = SeededGenerator(seed: 12)
        let (rows, heads, epsilon) = (9, 3, Float(1e-6))
        let x = random.floats(rows * heads * dimension, in: -3...3)
        let weight = random.floats(dimension)
        for path in supportedPaths {
            let device = try Operations(threads: 2, kernels: KernelChoice(path))
            let whole = try matrix(rows, heads * dimension, x)
            device.rmsNorm(
                heads: MatrixColumns(whole), count: heads, weight: weight, epsilon: epsilon, rows: rows)
            let apart = try Matrix(rows: rows * heads, columns: dimension)
            device.rmsNorm(
                try matrix(rows * heads, dimension, x), weight: weight, epsilon: epsilon, rows: rows * heads,
                output: apart)
            #expect(values(whole) == values(apart))
        }
    }

    @Test func `soft caps are right over the whole range and the same on every path`() throws {
        let inputs: [Float] =
            (-2000...2000).map { Float($0) * 0.03 } + [0, 1e-30, 1e-6, -1e-6, 3e38, -3e38] + [0.1, 0.01, -0.01]
        var results: [[Float]] = []
        for path in supportedPaths {
            let row = try matrix(1, inputs.count, inputs)
            try Operations(threads: 1, kernels: KernelChoice(path)).softCap(row, cap: 7, rows: 1)
            results.append(values(row))
        }
        #expect(results.allSatisfy { $0.map(\.bitPattern) == results[0].map(\.bitPattern) })
        for (x, found) in zip(inputs, results[0]) {
            let expected = 7 * tanh(Double(x) / 7)
            #expect(abs(Double(found) - expected) <= 6e-7 * abs(expected), "value \(x)")
        }
    }

    @Test func `rows and biases are added`() throws {
        let device = try Operations(threads: 2)
        let y = try matrix(10, 3, (0..<30).map(Float.init))
        device.add(try matrix(10, 3, (0..<30).map { Float($0) * 100 }), to: y, rows: 9)
        device.add(bias: [0.5, 0.25], to: MatrixColumns(y, from: 1), rows: 10)
        #expect(y.values(ofRow: 2) == [606, 707.5, 808.25])
        #expect(y.values(ofRow: 9) == [27, 28.5, 29.25])
    }

    @Test(arguments: [ModelArithmetic.Activation.silu, .geluTanh])
    func `the gated unit is right over the whole range and the same on every path`(
        _ activation: ModelArithmetic.Activation
    ) throws {
        let gates: [Float] = (-2000...2000).map { Float($0) * 0.06 } + [0, -0.0, 1e-30, -1e-30, 3e38, -3e38]
        let columns = gates.count
        var results: [[Float]] = []
        for path in supportedPaths {
            let device = try Operations(threads: 1, kernels: KernelChoice(path))
            let both = try Matrix(rows: 1, columns: 2 * columns + 32)
            for (i, gate) in gates.enumerated() {
                both.row(0)[i] = gate
                both.row(0)[columns + i] = 2
            }
            let output = try Matrix(rows: 1, columns: columns)
            device.gated(
                activation, gate: MatrixColumns(both), up: MatrixColumns(both, from: columns), rows: 1, output: output)
            results.append(values(output))
        }
        #expect(results.allSatisfy { $0.map(\.bitPattern) == results[0].map(\.bitPattern) })
        for (gate, found) in zip(gates, results[0]) where abs(gate) < 1e30 {
            let z = Double(gate)
            let expected =
                switch activation {
                case .silu: 2 * z / (1 + exp(-z))
                case .geluTanh: z * (1 + tanh((2 / Double.pi).squareRoot() * (z + 0.044715 * z * z * z)))
                }
            #expect(abs(Double(found) - expected) <= 2e-6 * abs(expected) + 1e-15, "gate \(gate)")
        }
        #expect(results[0].allSatisfy { !$0.isNaN })
    }

    @Test func `rotary angles are right up to the last position of long contexts`() throws {
        let device = try Operations(threads: 2)
        let frequencies: [Float] = [1, 0.5, 0.1, 1e-3, 1e-6]
        let positions: [Int32] = [0, 1, 2, 3, 77, 511, 4096, 131_071, 1 << 20, (1 << 24) - 1]
        let heads = AttentionHeads(heads: 1, keyValueHeads: 1, dimension: 10)
        let table = device.rotaryTable(positions: positions, frequencies: frequencies)
        // Rotating (1, 0) shows the cosine and the sine.
        let queries = try Matrix(rows: positions.count, columns: 10)
        for row in positions.indices { for i in 0..<5 { queries.row(row)[i] = 1 } }
        device.rotate(queries: MatrixColumns(queries), heads: heads, table: table)
        for (row, position) in positions.enumerated() {
            for (i, frequency) in frequencies.enumerated() {
                let angle = Double(Float(position) * frequency)
                #expect(abs(Double(queries.row(row)[i]) - cos(angle)) < 1e-7)
                #expect(abs(Double(queries.row(row)[i + 5]) - sin(angle)) < 1e-7)
            }
        }
    }

    @Test func `the first of the largest values is found`() throws {
        let device = try Operations(threads: 1)
        for count in [1, 15, 16, 17, 100] {
            let row = try Matrix(rows: 1, columns: count)
            #expect(device.argmax(row.row(0)) == 0)
            for place in 0..<count {
                for i in 0..<count { row.row(0)[i] = -5 }
                row.row(0)[place] = 1
                row.row(0)[count - 1] = 1
                #expect(device.argmax(row.row(0)) == place)
            }
        }
        let none = try matrix(1, 3, [.nan, .nan, .nan])
        #expect(device.argmax(none.row(0)) == 0)
    }

    @Test func `a matrix that no memory holds is refused`() {
        #expect(throws: DeviceError.self) { try Matrix(rows: .max / 8, columns: 100) }
    }
}
