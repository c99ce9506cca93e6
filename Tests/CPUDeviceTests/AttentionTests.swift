import Foundation
import TestSupport
import Testing

@testable import CPUDevice

/// Causal attention over the key/value store.
struct AttentionTests {
    private struct Case: Sendable {
        let heads: AttentionHeads
        let length: Int
        var softCap: Float?
        var window: Int?

        var scores: AttentionScores {
            AttentionScores(scale: 1 / Float(heads.dimension).squareRoot(), softCap: softCap, window: window)
        }
    }

    private static let cases = [
        Case(heads: AttentionHeads(heads: 4, keyValueHeads: 4, dimension: 8), length: 5),
        Case(heads: AttentionHeads(heads: 8, keyValueHeads: 2, dimension: 16), length: 70),
        Case(heads: AttentionHeads(heads: 6, keyValueHeads: 6, dimension: 48), length: 100),
        Case(heads: AttentionHeads(heads: 3, keyValueHeads: 1, dimension: 34), length: 33),
        // Windows of one position, shorter than a tile of queries, of a block of keys, and longer than the text.
        Case(heads: AttentionHeads(heads: 4, keyValueHeads: 2, dimension: 16), length: 70, window: 1),
        Case(heads: AttentionHeads(heads: 2, keyValueHeads: 2, dimension: 8), length: 100, window: 5),
        Case(heads: AttentionHeads(heads: 8, keyValueHeads: 2, dimension: 16), length: 131, softCap: 2, window: 32),
        Case(heads: AttentionHeads(heads: 3, keyValueHeads: 1, dimension: 34), length: 40, softCap: 0.5, window: 99),
    ]

    private struct Inputs {
        let queries: [Float]
        let keys: [Float]
        let values: [Float]

        init(_ test: Case, seed: UInt64) {
            var random = SeededGenerator(seed: seed)
            let (width, narrow) = (
                test.heads.heads * test.heads.dimension, test.heads.keyValueHeads * test.heads.dimension
            )
            queries = random.floats(test.length * width, in: -2...2)
            keys = random.floats(test.length * narrow, in: -2...2)
            values = random.floats(test.length * narrow)
        }
    }

    /// Runs the sequence in pieces that end at `cuts`, growing the store as it goes.
    private func run(_ test: Case, _ inputs: Inputs, _ device: Operations, cuts: [Int]) throws -> [Float] {
        let heads = test.heads
        let (width, narrow) = (heads.heads * heads.dimension, heads.keyValueHeads * heads.dimension)
        let store = try KeyValueStore(heads: heads, capacity: 1)
        // Without rotation: all frequencies are zero.
        let still = [Float](repeating: 0, count: heads.dimension / 2)
        var output: [Float] = []
        var start = 0
        for end in cuts {
            let rows = end - start
            try store.grow(to: end, keeping: 0..<start)
            let both = try Matrix(rows: rows, columns: 2 * narrow)
            let queries = try matrix(rows, width, Array(inputs.queries[start * width..<end * width]))
            for row in 0..<rows {
                for i in 0..<narrow {
                    both.row(row)[i] = inputs.keys[(start + row) * narrow + i]
                    both.row(row)[narrow + i] = inputs.values[(start + row) * narrow + i]
                }
            }
            let table = device.rotaryTable(positions: (start..<end).map(Int32.init), frequencies: still)
            let cached = [CachedRows(firstRow: 0, rowCount: rows, start: start, store: store)]
            device.storeKeysValues(
                cached, heads: heads, keys: MatrixColumns(both), values: MatrixColumns(both, from: narrow), table: table
            )
            let attended = try Matrix(rows: rows, columns: width)
            try device.attention(
                cached, heads: heads, scores: test.scores, queries: MatrixColumns(queries), output: attended)
            output += values(attended)
            start = end
        }
        return output
    }

    @Test(arguments: cases.indices)
    func `attention is the softmax over the positions in sight`(_ index: Int) throws {
        let test = Self.cases[index]
        let inputs = Inputs(test, seed: 21)
        let found = try run(test, inputs, try Operations(threads: 2), cuts: [test.length])
        let heads = test.heads
        let (d, group) = (heads.dimension, heads.heads / heads.keyValueHeads)
        for row in 0..<test.length {
            for head in 0..<heads.heads {
                let query = inputs.queries[(row * heads.heads + head) * d..<(row * heads.heads + head + 1) * d]
                func offset(_ position: Int) -> Int { (position * heads.keyValueHeads + head / group) * d }
                let first = max(0, row + 1 - (test.window ?? .max / 2))
                let scores = (first...row).map { position in
                    let score =
                        zip(query, inputs.keys[offset(position)..<offset(position) + d]).reduce(0) {
                            $0 + Double($1.0) * Double($1.1)
                        } / Double(d).squareRoot()
                    return test.softCap.map { Double($0) * tanh(score / Double($0)) } ?? score
                }
                let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
                let total = weights.reduce(0, +)
                for i in 0..<d {
                    let expected =
                        (first...row).reduce(0) {
                            $0 + weights[$1 - first] * Double(inputs.values[offset($1) + i])
                        } / total
                    #expect(abs(Double(found[(row * heads.heads + head) * d + i]) - expected) < 2e-6)
                }
            }
        }
    }

    @Test(arguments: cases.indices)
    func `neither cuts, threads nor paths change a bit`(_ index: Int) throws {
        let test = Self.cases[index]
        let inputs = Inputs(test, seed: 22)
        let expected = try run(test, inputs, try Operations(threads: 1), cuts: [test.length])
        for path in supportedPaths {
            for threads in [1, 3] {
                let device = try Operations(threads: threads, kernels: KernelChoice(path))
                #expect(try run(test, inputs, device, cuts: Array(1...test.length)) == expected)
                #expect(try run(test, inputs, device, cuts: [1, 4, test.length]) == expected)
            }
        }
    }
}
