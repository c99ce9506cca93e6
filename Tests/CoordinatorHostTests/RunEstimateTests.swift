import DemoAssets
import Foundation
import Run
import TestSupport
import Testing

@testable import CoordinatorHost

/// What a run would do, counted from its inputs alone.
struct RunEstimateTests {
    private func estimate(
        _ experiments: [Experiment], travel: LiveRun.Travel = .init(),
        _ change: (inout RunConfiguration) -> Void = { _ in }
    ) throws -> RunEstimate {
        var configuration = RunConfiguration(
            modelA: DemoAssets.modelA, modelB: DemoAssets.modelB, channels: [Channel(k: 2, j: 4)], operation: .sum,
            experiments: experiments, projection: experiments.contains(.projection) ? .trained : .none)
        configuration.training.files = [DemoAssets.corpus]
        configuration.training.rows = 64
        configuration.evaluation.files = ["squad": [DemoAssets.questions]]
        configuration.evaluation.limit = 8
        change(&configuration)
        return try RunEstimate(RunInputs(configuration, software: "1"), travel: travel)
    }

    /// Bytes down and up of the training, with so many workers elsewhere.
    private func training(
        _ workers: Int, _ travel: LiveRun.Travel, _ change: (inout RunConfiguration) -> Void = { _ in }
    ) throws -> [Int] {
        let travel = try estimate([.projection], travel: travel, change).travel(workers: workers)
        let train = try #require(travel.first { $0.stage == .train })
        return [train.down, train.up]
    }

    /// 64 texts, 10 epochs of two steps of four shards; A's activations have 128 coordinates, B's 96.
    @Test func `what the training takes of the network is what its form says`() throws {
        let (a, b, w) = (64 * 128 * 4, 64 * 96 * 4, 128 * 96 * 4)
        // One worker: A's and B's activations once, the errors of every epoch back.
        #expect(try training(1, .init()) == [a + b, 10 * b])
        // Two: each is sent the other's errors, A's activations, and B's until it has had them.
        let seen = (0..<10).reduce(0) { $0 + Double(b) * pow(0.5, Double($1)) }
        #expect(try training(2, .init()) == [10 * b + 2 * a + Int(seen), 10 * b])
        // A W for every worker and step.
        #expect(try training(1, .init(weights: .whole)) == [20 * w + a + b, 10 * b])
        #expect(try training(1, .init(gradients: .dense)) == [20 * w + a + b, 80 * w])
        // By outputs A's activations go to each, B's to one, and W comes back once.
        #expect(try training(3, .init(training: .byOutputs)) == [3 * a + b, w])
        let two = try training(3, .init()) { $0.channels = [Channel(k: 2, j: 4), Channel(k: 3, j: 4)] }
        #expect(two == [2 * (3 * a + b), 2 * w])
        // The other way it is B's that go to each, and A's to one.
        let both = try training(3, .init()) { $0.training.reverse = true }
        #expect(both == [3 * a + b + 3 * b + a, 2 * w])
    }

    @Test func `the sums of many lines are counted by their sites`() throws {
        let lines = [2, 3].flatMap { k in [1, 2, 4].map { Channel(k: k, j: $0, fit: .ridge) } }
        let travel = try estimate([.projection]) { $0.channels = lines }.travel(workers: 3)
        let sums = try #require(travel.first { $0.stage == .sums })
        // Ten units, the last one shorter: of two sites of A, three of B, with a 1 each, and six between.
        let (a, b) = (128 + 1, 96 + 1)
        #expect(sums.up == 10 * 8 * (2 * a * a + 3 * b * b + 6 * 128 * 96))
        #expect(sums.down == 64 * 4 * (2 * 2 * a + 3 * 2 * b + 6 * (128 + 96)))
    }

    @Test func `texts go down and activations up, and items with all that their conditions read`() throws {
        let estimate = try estimate([.projection, .evaluate(task: "squad")]) {
            $0.evaluation.conditions = ["b_full", "injected"]
        }
        let travel = estimate.travel(workers: 3)
        #expect(travel.map(\.stage) == [.extract, .train, .evaluate(task: "squad")])
        #expect(travel[0].up == 70 * (128 + 96) * 4)
        // W goes to each worker with its first unit.
        let alone = estimate.travel(workers: 1)
        #expect(travel[2].down - alone[2].down == 2 * 128 * 96 * 4)
        #expect(travel[2].up == alone[2].up && travel[2].up > 8 * 32 * 2)
    }

    @Test func `a model that is both lies in a worker's memory once`() throws {
        let two = try estimate([.projection]).workerMemory
        let one = try estimate([.projection]) { $0.modelB = $0.modelA }.workerMemory
        #expect(one.weights < two.weights && one.weights > 0)
        #expect(two.total == two.weights + two.caches + two.training)
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
