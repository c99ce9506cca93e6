import Foundation
import Projection
import Run
import Testing

struct TrainerTests {
    private let w = Samples.matrix(10, 12, seed: 20)

    @Test func `Xavier and Kaiming draw within their bounds and fill them`() {
        for (initialization, bound) in [
            (ProjectionInitialization.xavier, (6.0 / 150).squareRoot()), (.kaiming, 1 / 10.0),
        ] {
            let w = initialization.matrix(dimensionA: 100, dimensionB: 50, seed: 1)
            #expect(w.rows == 50 && w.columns == 100)
            let largest = w.values.map { abs(Double($0)) }.max() ?? 0
            #expect(largest <= bound && largest > 0.99 * bound)
            let variance = w.values.reduce(0) { $0 + Double($1) * Double($1) } / 5000
            #expect(abs(variance / (bound * bound / 3) - 1) < 0.05)
            #expect(w == initialization.matrix(dimensionA: 100, dimensionB: 50, seed: 1))
            #expect(w != initialization.matrix(dimensionA: 100, dimensionB: 50, seed: 2))
        }
    }

    @Test func `the loss is the mean squared error over all elements of the batch`() throws {
        let x = FloatMatrix(rows: 2, columns: 1, values: [1, 2])
        let y = FloatMatrix(rows: 2, columns: 2, values: [0, 0, 1, 3])
        let w = FloatMatrix(rows: 2, columns: 1, values: [2, -1])
        let result = try ShardLoss.result(w: w, x: x, y: y, dense: true, on: processor)
        #expect(result.squaredErrorSum == 4 + 1 + 9 + 25)
        #expect(result.gradient == .dense(FloatMatrix(rows: 2, columns: 1, values: [8, -11])))
        var trainer = ProjectionTrainer(w: w)
        #expect(
            try trainer.apply(shards: [ShardContribution(result: result, x: x)], batchRows: 2, on: processor) == 39
                / 4.0)
        // Adam's first step is the learning rate against the gradient's sign.
        #expect(abs(trainer.projection.values[0] - 1.999) < 1e-6)
        #expect(abs(trainer.projection.values[1] + 0.999) < 1e-6)
    }

    @Test func `training finds a linear map`() throws {
        let truth = Samples.matrix(6, 8, seed: 21)
        let x = Samples.matrix(64, 8, seed: 22)
        let y = try LinearProjection(truth).project(rows: x, on: processor)
        var trainer = ProjectionTrainer(
            w: ProjectionInitialization.xavier.matrix(dimensionA: 8, dimensionB: 6, seed: 3),
            adam: Adam(learningRate: 0.02))
        var losses: [Double] = []
        for _ in 0..<600 {
            let result = try ShardLoss.result(w: trainer.projection, x: x, y: y, dense: false, on: processor)
            losses.append(
                try trainer.apply(shards: [ShardContribution(result: result, x: x)], batchRows: 64, on: processor))
        }
        #expect(losses[599] < 1e-4 * losses[0])
    }

    @Test func `a shard that does not fit, is not finite or leaves rows out is refused, and the state stays`() throws {
        var trainer = ProjectionTrainer(w: w)
        let before = trainer
        let good = try Samples.shards([4, 4], w: w, dense: { $0 == 0 })
        func refused(_ rows: Int = 8, _ change: (inout [ShardContribution]) -> Void) -> String? {
            var shards = good
            change(&shards)
            do {
                _ = try trainer.apply(shards: shards, batchRows: rows, on: processor)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(refused { $0.removeLast() }?.contains("expected 8 rows, found 4") == true)
        #expect(refused(0) { _ in } != nil)
        #expect(refused { $0 = [] } != nil)
        let narrow = refused { $0[1].result.gradient = .factor(FloatMatrix(zeros: 4, 9)) }
        #expect(narrow == "gradient factor of shard 1: expected 4 × 10, found 4 × 9")
        #expect(refused { $0[0].result.gradient = .dense(FloatMatrix(zeros: 12, 10)) } != nil)
        #expect(refused { $0[0].x = FloatMatrix(zeros: 4, 11) } != nil)
        #expect(refused { $0[1].result.squaredErrorSum = .nan }?.contains("shard 1") == true)
        #expect(refused { $0[1].result.squaredErrorSum = -1 } != nil)
        let overflowing = refused { shards in
            for index in shards.indices { shards[index].result.squaredErrorSum = 1.7e308 }
        }
        #expect(overflowing?.contains("loss of the step") == true)
        let infinite = refused { shards in
            guard case .factor(var errors) = shards[1].result.gradient else { return }
            errors.values[39] = .infinity
            shards[1].result.gradient = .factor(errors)
        }
        #expect(infinite?.contains("gradient of shard 1") == true)
        #expect(trainer == before)
    }

    @Test func `operands of other shapes are refused with the shapes named`() {
        let x = FloatMatrix(zeros: 3, 12)
        #expect(throws: ProjectionError.shape(operand: "activations of B", expected: "3 × 10", found: "3 × 11")) {
            try ShardLoss.result(w: w, x: x, y: FloatMatrix(zeros: 3, 11), dense: true, on: processor)
        }
        #expect(throws: ProjectionError.self) {
            try ShardLoss.result(
                w: w, x: FloatMatrix(zeros: 0, 12), y: FloatMatrix(zeros: 0, 10), dense: true, on: processor)
        }
        #expect(throws: ProjectionError.self) {
            try LinearProjection(w).project([Float](repeating: 1, count: 10), on: processor)
        }
        #expect(throws: ProjectionError.self) {
            try ActivationSimilarity.value(x: x, y: FloatMatrix(zeros: 2, 5), on: processor)
        }
    }

    @Test func `equal spaces are alike, orthogonal ones are not`() throws {
        let x = FloatMatrix(rows: 2, columns: 1, values: [1, 0])
        let y = FloatMatrix(rows: 2, columns: 1, values: [0, 3])
        #expect(try ActivationSimilarity.value(x: x, y: x, on: processor) == 1)
        #expect(try ActivationSimilarity.value(x: x, y: y, on: processor) == 0)
        #expect(try ActivationSimilarity.value(x: x, y: FloatMatrix(zeros: 2, 4), on: processor) == 0)
    }
}
