import CPUDevice
import Devices
import Foundation
import Projection
import Run
import TestSupport

/// What tests compute W on where nothing else matters.
let processor: any Device = {
    do {
        return try CPUDevice()
    } catch {
        fatalError("\(error)")
    }
}()

/// Random matrices and batches, functions of their arguments.
enum Samples {
    static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> FloatMatrix {
        var generator = NamedGenerator(seed: seed, purpose: "projection tests")
        return FloatMatrix(
            rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(generator.normal()) })
    }

    /// Shards of the given numbers of rows, their gradients taken at `w`.
    static func shards(
        _ rowCounts: [Int], w: FloatMatrix, dense: (Int) -> Bool, on device: any Device = processor, seed: UInt64 = 7
    ) throws -> [ShardContribution] {
        try rowCounts.enumerated().map { index, rows in
            let x = matrix(rows, w.columns, seed: seed + UInt64(index))
            let y = matrix(rows, w.rows, seed: seed + 100 + UInt64(index))
            return ShardContribution(
                result: try ShardLoss.result(w: w, x: x, y: y, dense: dense(index), on: device), x: x)
        }
    }

    /// The bits of the values: what "the same" means here, NaN and the sign of zero included.
    static func bits(_ matrix: FloatMatrix) -> [UInt32] { matrix.values.map(\.bitPattern) }

    static func relativeDifference(_ a: FloatMatrix, _ b: FloatMatrix) -> Double {
        let largest = b.values.reduce(0) { max($0, abs(Double($1))) }
        return zip(a.values, b.values).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) } / largest
    }
}

/// What `scripts/make-references/projection.py` computed with PyTorch 2.13 and numpy.
struct Reference: Decodable {
    let batch: Int
    let shardRows: Int
    let learningRate: Double
    let x: [[Float]]
    let y: [[Float]]
    let firstW: [[Float]]
    let orders: [[Int]]
    let losses: [Double]
    let w: [[[Float]]]
    let similarity: Double

    static func load() throws -> Reference {
        try JSONDecoder().decode(
            Reference.self, from: Data(contentsOf: Repository.fixture("Projection/adam.json")))
    }

    static func matrix(_ rows: [[Float]]) -> FloatMatrix {
        FloatMatrix(rows: rows.count, columns: rows[0].count, values: rows.flatMap { $0 })
    }
}
