import DemoAssets
import Foundation
import Run
import TestSupport
import Testing

@testable import CoordinatorHost

/// What a run would do, counted from its inputs alone.
struct RunEstimateTests {
    private func estimate(
        _ experiments: [Experiment], _ change: (inout RunConfiguration) -> Void = { _ in }
    ) throws -> RunEstimate {
        var configuration = RunConfiguration(
            modelA: DemoAssets.modelA, modelB: DemoAssets.modelB, channels: [Channel(k: 2, j: 4)], operation: .sum,
            experiments: experiments, projection: experiments.contains(.projection) ? .trained : .none)
        configuration.training.files = [DemoAssets.corpus]
        configuration.training.rows = 64
        configuration.evaluation.files = ["squad": [DemoAssets.questions]]
        configuration.evaluation.limit = 8
        change(&configuration)
        return try RunEstimate(RunInputs(configuration, software: "1"))
    }

    @Test func `each text is read once by both models, and each step is taken once`() throws {
        let estimate = try estimate([.projection]) { $0.training.maximumTokens = 10 }
        let (extract, train) = (estimate.stages[0], estimate.stages[1])
        #expect(extract.stage == .extract)
        // 64 to learn from and a tenth more that W is measured on.
        #expect(extract.a.passes == 70)
        #expect(extract.b.passes == 70)
        // Ten tokens of each text; of A's four blocks two.
        #expect(extract.a.tokens == 350)
        #expect(extract.b.tokens == 700)
        #expect(train.steps == 20)
        // Activations of 128 and 96, W and two moments.
        let (activations, weights) = (70 * (128 + 96), 128 * 96)
        #expect(estimate.coordinatorBytes == UInt64(4 * (activations + 3 * weights)))
    }

    /// Eight units of an item each: A answers once and speaks once for an item; B answers under three conditions.
    /// Of the first item the gates ask A once more and B three times.
    @Test func `the passes over items are those of the conditions`() throws {
        let estimate = try estimate([.evaluate(task: "squad")]) {
            $0.evaluation.conditions = ["b_full", "a_full", "no_context", "injected"]
            $0.evaluation.endpoints = [.answers]
        }
        let work = try #require(estimate.stages.first)
        #expect(work.units == 8)
        #expect(work.a.passes == 16 + 1)
        #expect(work.b.passes == 24 + 3)
        #expect(work.a.newTokens == (8 + 1) * 32)
        #expect(work.b.newTokens == (24 + 3) * 32)
        let alone = try self.estimate([.evaluate(task: "squad")]) {
            $0.evaluation.conditions = ["a_full", "written"]
            $0.evaluation.endpoints = [.answers]
        }
        #expect(alone.stages[0].a.passes == 16 && alone.stages[0].a.newTokens == 8 * (32 + 64))
    }

    @Test func `the time follows from the speeds`() throws {
        let estimate = try estimate([.projection]) { $0.training.maximumTokens = 10 }
        let speed = ModelSpeed(reading: 100, writing: 10)
        let times = estimate.seconds(workers: 2, a: speed, b: speed, secondsOfStep: 0.5)
        let expected: [Double] = [(3.5 + 7) / 2, 10]
        #expect(times.map(\.seconds) == expected)
    }
}
