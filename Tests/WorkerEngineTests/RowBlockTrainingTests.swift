import CPUDevice
import Projection
import Run
import Testing
import WorkerEngine

/// What a worker keeps for blocks of W's rows, and what it says where something is missing.
struct RowBlockTrainingTests {
    private static let unit = TrainRowsUnit(
        outputs: 0..<8, dimensionA: 4, dimensionB: 16,
        schedule: TrainingSchedule(rowCount: 40, epochs: 1, batch: 8, shardRows: 4, seed: 1), learningRate: 1e-3,
        initialization: .xavier)
    private static let targets = FloatMatrix(zeros: 40, 8)

    private func part(_ rows: Range<Int>) -> ActivationPart {
        ActivationPart(firstRow: rows.lowerBound, a: FloatMatrix(zeros: rows.count, 4))
    }

    private func error(_ engine: TrainingEngine) -> EngineError? {
        do {
            _ = try engine.result(Self.unit, targets: Self.targets)
            return nil
        } catch {
            return error as? EngineError
        }
    }

    @Test func `a block is trained on parts of the activations and on rows that the worker read itself`() throws {
        var engine = TrainingEngine(device: try CPUDevice(threads: 1))
        engine.keep(part(32..<40))
        engine.keep(
            ActivationRows(indices: Array(0..<32), a: FloatMatrix(zeros: 32, 4), b: FloatMatrix(zeros: 32, 16)))
        let result = try engine.result(Self.unit, targets: Self.targets)
        #expect(result.w.rows == 8 && result.squaredErrorSums.count == 10)
    }

    @Test func `a row that is missing is named, and all is to be sent again`() throws {
        var engine = TrainingEngine(device: try CPUDevice(threads: 1))
        engine.keep(part(0..<17))
        #expect(error(engine)?.description == "the unit reads row 17, and its activations were not sent")
        #expect(error(engine)?.isUnprepared == true)
    }

    @Test func `a block that takes more memory than there is is refused with both figures, not tried`() throws {
        var engine = TrainingEngine(device: try CPUDevice(threads: 1), memoryLimit: 0x1p20)
        var unit = Self.unit
        unit.schedule = TrainingSchedule(rowCount: 1 << 20, epochs: 1, batch: 8, shardRows: 4, seed: 1)
        let found = #expect(throws: EngineError.self) { try engine.result(unit, targets: Self.targets) }
        #expect(found?.description.contains("of 1048576 texts take") == true)
        #expect(found?.description.contains("1 MiB") == true && found?.isUnprepared == false)
        // Nor are activations kept beyond it.
        for first in stride(from: 0, to: 1 << 20, by: 1 << 14) { engine.keep(part(first..<first + 1 << 14)) }
        unit.schedule = TrainingSchedule(rowCount: 1, epochs: 1, batch: 1, shardRows: 1, seed: 1)
        #expect(throws: Never.self) { try engine.result(unit, targets: FloatMatrix(zeros: 1, 8)) }
        unit.schedule = Self.unit.schedule
        #expect(throws: Never.self) { try engine.result(unit, targets: Self.targets) }
    }
}
