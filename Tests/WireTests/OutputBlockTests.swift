import Run
import Testing
import Wire

struct OutputBlockTests {
    private func refused(_ change: (inout TrainOutputsUnit) -> Void) -> String? {
        var grant = Sample.blockGrant
        guard case .trainOutputs(var unit, let targets) = grant.unit else { return "no block" }
        change(&unit)
        grant.unit = .trainOutputs(unit, targets: targets)
        return WireTests.refusal(of: CoordinatorMessage.grant(grant))?.field
    }

    private func schedule(texts: Int = 2, epochs: Int = 9, batch: Int = 4, shardTexts: Int = 1) -> TrainingSchedule {
        TrainingSchedule(textCount: texts, epochs: epochs, batch: batch, shardTexts: shardTexts, seed: 1)
    }

    @Test func `a block lies within W`() {
        #expect(refused { $0.outputs = 5..<8 } == nil)
        #expect(refused { $0.outputs = 6..<9 } == "unit.train_outputs.outputs")
        #expect(refused { $0.outputs = 3..<3 } == "unit.train_outputs.outputs")
        #expect(refused { $0.outputs = 8..<9 } == "unit.train_outputs.first_output")
        #expect(refused { $0.outputs = -1..<2 } == "unit.train_outputs.first_output")
        #expect(refused { $0.dimensionB = 0 } == "unit.train_outputs.dimension_b")
        #expect(refused { $0.dimensionA = WireLimits.dimensions + 1 } == "unit.train_outputs.dimension_a")
    }

    @Test func `a schedule's numbers reach to their limits and no further`() {
        #expect(refused { $0.schedule = schedule(epochs: 0) } == "unit.train_outputs.epochs")
        #expect(refused { $0.schedule = schedule(epochs: WireLimits.epochs + 1) } == "unit.train_outputs.epochs")
        #expect(refused { $0.schedule = schedule(texts: WireLimits.trainingTexts + 1) } == "unit.train_outputs.texts")
        #expect(refused { $0.schedule = schedule(batch: .max) } == "unit.train_outputs.batch")
        #expect(refused { $0.schedule = schedule(shardTexts: .max) } == "unit.train_outputs.shard_texts")
        #expect(refused { $0.learningRate = .nan } == "unit.train_outputs.learning_rate")
        let largest = schedule(
            texts: WireLimits.trainingTexts, epochs: WireLimits.epochs, batch: WireLimits.trainingTexts, shardTexts: 1)
        #expect(largest.shardTotal == WireLimits.trainingTexts * WireLimits.epochs)
    }

    @Test func `a block's targets have a row for each text and a column for each output`() {
        for (rows, columns) in [(2, 2), (3, 3), (0, 0)] {
            var grant = Sample.blockGrant
            guard case .trainOutputs(let unit, _) = grant.unit else { return }
            grant.unit = .trainOutputs(unit, targets: FloatMatrix(zeros: rows, columns))
            #expect(WireTests.refusal(of: CoordinatorMessage.grant(grant))?.field == "unit.train_outputs.targets")
        }
    }

    @Test func `activations are bounded in texts, have a row for each and take bytes`() {
        func refusal(_ values: FloatMatrix, texts: Int, first: Int = 0, blocks: Int = 1) -> String? {
            WireTests.refusal(
                of: CoordinatorMessage.activations(
                    TextActivations(
                        site: .a(blocks), texts: (0..<texts).map { first + $0 }, values: values)))?.field
        }
        let most = MessageLimits.elements
        #expect(refusal(FloatMatrix(zeros: most, 1), texts: most) == nil)
        #expect(refusal(FloatMatrix(zeros: most + 1, 1), texts: most + 1) == "texts")
        #expect(refusal(FloatMatrix(zeros: 2, 1), texts: 1) == "values")
        #expect(refusal(FloatMatrix(zeros: 1, 0), texts: 1) == "values")
        #expect(refusal(FloatMatrix(zeros: 1, 1), texts: 1, first: -1) == "texts[0]")
        #expect(refusal(FloatMatrix(zeros: 1, 1), texts: 1, blocks: WireLimits.layers + 1) == "blocks")
    }

    @Test func `losses are whole numbers of eight bytes, up to the limit`() {
        func message(_ count: Int) -> WorkerMessage {
            .result(
                run: "r", lease: LeaseID(1), unit: UnitID(.train, 0),
                result: .trainOutputs(
                    TrainOutputsResult(
                        w: FloatMatrix(zeros: 1, 1), squaredErrorSums: [Double](repeating: 1, count: count),
                        standardisedErrorSums: [])))
        }
        #expect(refusal(of: message(WireLimits.lossBytes / 8)) == nil)
        #expect(refusal(of: message(WireLimits.lossBytes / 8 + 1))?.field == "train_outputs.squared_error_sums")
        let odd = [
            HeaderField.message(
                4, "result",
                [
                    .text(1, "run", "r"), .integer(2, "lease", 1),
                    .message(3, "unit", [.text(1, "stage", "train"), .integer(2, "index", 0)]),
                    .message(8, "train_outputs", [.matrix(1, "w", 0, 0), .bytes(2, "squared_error_sums", [1, 2, 3])]),
                ])
        ]
        #expect(throws: WireError.self) { try WorkerMessage(header: odd.encoded, tensors: [[]]) }
    }
}
