import Foundation
import Projection
package import Run

/// Training W by its rows: activations come ahead of the units, once for each worker, and a unit needs nobody else.
extension TrainingEngine {
    /// What a worker may use for activations and a block of W: half of the machine's memory, the models apart.
    package static var halfOfMemory: Double { Double(ProcessInfo.processInfo.physicalMemory) / 2 }

    /// Keeps activations for later units, as long as there is room: what there is none for, a unit says.
    package mutating func keep(_ part: ActivationPart) {
        guard Double(rowsOfA.count + part.a.rows) * Double(part.a.columns) * 4 <= memoryLimit else { return }
        for place in 0..<part.a.rows { rowsOfA[part.firstRow + place] = part.a[row: place] }
    }

    /// Trains a block of W's rows.
    /// - Parameter targets: B's activations of all texts, the block's columns.
    package func result(_ unit: TrainRowsUnit, targets: FloatMatrix?) throws -> TrainRowsResult {
        let needed = OutputBlockTraining.memory(unit, on: device)
        guard needed <= memoryLimit else {
            throw EngineError.memory(needed: needed, limit: memoryLimit, rows: unit.schedule.rowCount)
        }
        var x: [ArraySlice<Float>] = []
        x.reserveCapacity(unit.schedule.rowCount)
        for row in 0..<unit.schedule.rowCount {
            guard let values = rowsOfA[row] else { throw EngineError.missingRow(row) }
            x.append(values)
        }
        return try OutputBlockTraining.result(
            unit, x: x, y: targets ?? FloatMatrix(zeros: 0, 0), on: device)
    }
}
