import Run
import Testing
import Wire

@Suite("Blocks of W's rows")
struct RowBlockTests {
    private func refused(_ change: (inout TrainRowsUnit) -> Void) -> String? {
        var grant = Sample.blockGrant
        guard case .trainRows(var unit) = grant.unit else { return "no block" }
        change(&unit)
        grant.unit = .trainRows(unit)
        return WireTests.refusal(of: CoordinatorMessage.grant(grant))?.field
    }

    private func schedule(rows: Int = 2, epochs: Int = 9, batch: Int = 4, shardRows: Int = 1) -> TrainingSchedule {
        TrainingSchedule(rowCount: rows, epochs: epochs, batch: batch, shardRows: shardRows, seed: 1)
    }

    @Test("a block lies within W")
    func outputs() {
        #expect(refused { $0.outputs = 5..<8 } == nil)
        #expect(refused { $0.outputs = 6..<9 } == "unit.train_rows.outputs")
        #expect(refused { $0.outputs = 3..<3 } == "unit.train_rows.outputs")
        #expect(refused { $0.outputs = 8..<9 } == "unit.train_rows.first_output")
        #expect(refused { $0.outputs = -1..<2 } == "unit.train_rows.first_output")
        #expect(refused { $0.dimensionB = 0 } == "unit.train_rows.dimension_b")
        #expect(refused { $0.dimensionA = WireLimits.dimensions + 1 } == "unit.train_rows.dimension_a")
    }

    @Test("a schedule's numbers reach to their limits and no further")
    func schedules() {
        #expect(refused { $0.schedule = schedule(epochs: 0) } == "unit.train_rows.epochs")
        #expect(refused { $0.schedule = schedule(epochs: WireLimits.epochs + 1) } == "unit.train_rows.epochs")
        #expect(refused { $0.schedule = schedule(rows: WireLimits.trainingRows + 1) } == "unit.train_rows.rows")
        #expect(refused { $0.schedule = schedule(batch: .max) } == "unit.train_rows.batch")
        #expect(refused { $0.schedule = schedule(shardRows: .max) } == "unit.train_rows.shard_rows")
        #expect(refused { $0.learningRate = .nan } == "unit.train_rows.learning_rate")
        let largest = schedule(
            rows: WireLimits.trainingRows, epochs: WireLimits.epochs, batch: WireLimits.trainingRows, shardRows: 1)
        #expect(largest.shardTotal == WireLimits.trainingRows * WireLimits.epochs)
    }

    @Test("a block's targets have a row for each text and a column for each output")
    func targets() {
        for (rows, columns) in [(2, 2), (3, 3), (0, 0)] {
            var grant = Sample.blockGrant
            grant.targets = FloatMatrix(zeros: rows, columns)
            #expect(WireTests.refusal(of: CoordinatorMessage.grant(grant))?.field == "targets")
        }
        var grant = Sample.blockGrant
        grant.targets = nil
        #expect(WireTests.refusal(of: CoordinatorMessage.grant(grant))?.field == "targets")
        // Of another unit they are a frame too many.
        grant = Grant(
            lease: LeaseID(1), id: UnitID(.train, 0), unit: .train(TrainUnit(step: 0, rows: [0], dense: true)))
        grant.targets = FloatMatrix(zeros: 1, 1)
        #expect(WireTests.refusal(of: CoordinatorMessage.grant(grant)) != nil)
    }

    @Test("a part of the activations is bounded in rows, also where they take no bytes")
    func parts() {
        func refusal(_ a: FloatMatrix, at row: Int = 0) -> String? {
            WireTests.refusal(of: CoordinatorMessage.activations(ActivationPart(firstRow: row, a: a)))?.field
        }
        #expect(refusal(FloatMatrix(zeros: MessageLimits.elements, 1)) == nil)
        #expect(refusal(FloatMatrix(zeros: MessageLimits.elements + 1, 1)) == "a")
        #expect(refusal(FloatMatrix(zeros: 1, 0)) == "a")
        #expect(refusal(FloatMatrix(zeros: 1, 1), at: -1) == "first_row")
    }

    @Test("losses are whole numbers of eight bytes, up to the limit")
    func losses() {
        func message(_ count: Int) -> WorkerMessage {
            .result(
                run: "r", lease: LeaseID(1), unit: UnitID(.train, 0),
                result: .trainRows(
                    TrainRowsResult(
                        w: FloatMatrix(zeros: 1, 1), squaredErrorSums: [Double](repeating: 1, count: count))))
        }
        #expect(refusal(of: message(WireLimits.lossBytes / 8)) == nil)
        #expect(refusal(of: message(WireLimits.lossBytes / 8 + 1))?.field == "train_rows.squared_error_sums")
        let odd = [
            HeaderField.message(
                4, "result",
                [
                    .text(1, "run", "r"), .integer(2, "lease", 1),
                    .message(3, "unit", [.text(1, "stage", "train"), .integer(2, "index", 0)]),
                    .message(8, "train_rows", [.matrix(1, "w", 0, 0), .bytes(2, "squared_error_sums", [1, 2, 3])]),
                ])
        ]
        #expect(throws: WireError.self) { try WorkerMessage(header: odd.encoded, tensors: [[]]) }
    }
}
