import CPUDevice
import Devices
import Projection
import Run
import Synchronization
import Testing

/// Blocks of W's rows that are trained apart have the bits that they have in the training of the whole W.
struct OutputBlockTests {
    private static let (dimensionA, dimensionB) = (37, 29)
    private static let rate = 3e-3
    /// The last batch of an epoch is smaller, and so is its last shard.
    private static let schedule = TrainingSchedule(textCount: 46, epochs: 3, batch: 12, shardTexts: 5, seed: 11)

    private let x = Samples.matrix(46, dimensionA, seed: 31)
    private let y = Samples.matrix(46, dimensionB, seed: 32)

    private static func unit(_ outputs: Range<Int>, schedule: TrainingSchedule = schedule) -> TrainOutputsUnit {
        TrainOutputsUnit(
            channel: Channel(k: 0, j: 0),
            outputs: outputs, dimensionA: dimensionA, dimensionB: dimensionB, schedule: schedule, learningRate: rate,
            initialization: .xavier)
    }

    private static func gathered(_ rows: some Collection<Int>, _ matrix: FloatMatrix) -> FloatMatrix {
        FloatMatrix(rows: rows.count, columns: matrix.columns, values: rows.flatMap { Array(matrix[row: $0]) })
    }

    private func columns(_ outputs: Range<Int>) -> FloatMatrix {
        FloatMatrix(
            rows: y.rows, columns: outputs.count,
            values: (0..<y.rows).flatMap { row in outputs.map { y.values[row * y.columns + $0] } })
    }

    private func block(
        _ outputs: Range<Int>, schedule: TrainingSchedule = schedule, on device: any Device = processor
    ) throws -> TrainOutputsResult {
        try OutputBlockTraining.result(
            Self.unit(outputs, schedule: schedule), x: (0..<x.rows).map { x[row: $0] }, y: columns(outputs),
            on: device)
    }

    @Test func `a block at work says how many of its epochs are done`() throws {
        let said = Mutex<[Double]>([])
        _ = try OutputBlockTraining.result(
            Self.unit(0..<29), x: (0..<x.rows).map { x[row: $0] }, y: columns(0..<29), on: processor,
            report: { share in said.withLock { $0.append(share) } })
        #expect(said.withLock { $0 } == [0, 1.0 / 3, 2.0 / 3])
    }

    /// W and the losses as shards and steps give them.
    private func stepped(dense: Bool) throws -> (w: FloatMatrix, losses: [Double], standardised: [Double]) {
        let schedule = Self.schedule
        var trainer = ProjectionTrainer(
            w: ProjectionInitialization.xavier.matrix(
                dimensionA: Self.dimensionA, dimensionB: Self.dimensionB, seed: schedule.seed),
            adam: Adam(learningRate: Self.rate))
        var (losses, standardised): ([Double], [Double]) = ([], [])
        let moments = TargetMoments(y)
        let blocks = OutputBlocks(dimensionA: Self.dimensionA, dimensionB: Self.dimensionB)
        for step in 0..<schedule.steps {
            let order = schedule.order(epoch: step / schedule.stepsPerEpoch)
            let shards = try (0..<schedule.shardCount(step: step)).map { shard in
                let rows = schedule.texts(step: step, shard: shard, order: order)
                let x = Self.gathered(rows, x)
                return ShardContribution(
                    result: try ShardLoss.result(
                        w: trainer.projection, x: x, y: Self.gathered(rows, y), dense: dense, on: processor), x: x)
            }
            var sum = 0.0
            for shard in shards {
                sum += StandardisedErrors.sum(of: shard.result, moments: moments, blocks: blocks, on: processor)
            }
            standardised.append(sum / Double(schedule.batchTextCount(step: step) * Self.dimensionB))
            losses.append(
                try trainer.apply(shards: shards, batchRows: schedule.batchTextCount(step: step), on: processor))
        }
        return (trainer.projection, losses, standardised)
    }

    @Test(arguments: [true, false])
    func `a block of any size has the bits of the whole W`(dense: Bool) throws {
        let whole = try stepped(dense: dense).w
        for size in [1, 3, 8, 13, 29] {
            for first in stride(from: 0, to: Self.dimensionB, by: size) {
                let outputs = first..<min(first + size, Self.dimensionB)
                let found = try block(outputs).w
                let expected = Self.gathered(outputs, whole)
                #expect(Samples.bits(found) == Samples.bits(expected), "rows \(outputs) of W")
            }
        }
    }

    @Test func `threads and instruction sets change no bit of a block`() throws {
        let expected = try block(0..<29, on: CPUDevice(threads: 1, kernels: .portable))
        for instructions in KernelPath.supported {
            for threads in [1, 2, 5] {
                let found = try block(0..<29, on: CPUDevice(threads: threads, kernels: instructions))
                #expect(Samples.bits(found.w) == Samples.bits(expected.w), "\(instructions), \(threads) threads")
                #expect(found.squaredErrorSums == expected.squaredErrorSums, "\(instructions), \(threads) threads")
            }
        }
    }

    @Test func `the losses of all blocks together are those of the steps`() throws {
        let blocks = OutputBlocks(dimensionA: Self.dimensionA, dimensionB: Self.dimensionB)
        #expect(blocks.count == 4 && blocks.size == 8 && blocks[3] == 24..<29)
        let results = try (0..<blocks.count).map { try block(blocks[$0]) }
        func losses(_ errorSums: KeyPath<TrainOutputsResult, [Double]>) -> [Double] {
            var sums = [Double](repeating: 0, count: Self.schedule.shardTotal)
            for result in results {
                for shard in sums.indices { sums[shard] += result[keyPath: errorSums][shard] }
            }
            var rest = sums[...]
            return (0..<Self.schedule.steps).map { step in
                var sum = 0.0
                for _ in 0..<Self.schedule.shardCount(step: step) { sum += rest.removeFirst() }
                return sum / Double(Self.schedule.batchTextCount(step: step) * Self.dimensionB)
            }
        }
        for dense in [false, true] {
            let steps = try stepped(dense: dense)
            #expect(losses(\.squaredErrorSums) == steps.losses)
            #expect(losses(\.standardisedErrorSums) == steps.standardised)
        }
    }

    @Test func `each of W's outputs is in one block, of 8 outputs or of at most a million weights`() {
        for (dimensionA, dimensionB) in [(1, 1), (3072, 4096), (128, 96), (4096, 4096), (100, 1001), (1 << 21, 64)] {
            let blocks = OutputBlocks(dimensionA: dimensionA, dimensionB: dimensionB)
            let rows = (0..<blocks.count).flatMap { Array(blocks[$0]) }
            #expect(rows == Array(0..<dimensionB), "\(dimensionA) → \(dimensionB)")
            #expect(blocks.size == 8 || blocks.size * dimensionA <= 1 << 20)
        }
        #expect(OutputBlocks(dimensionA: 3072, dimensionB: 4096).count == 32)
    }

    @Test func `the first W's rows are drawn by themselves as in the whole`() {
        for initialization in ProjectionInitialization.allCases {
            let whole = initialization.matrix(dimensionA: 13, dimensionB: 9, seed: 5)
            let part = initialization.matrix(outputs: 4..<7, dimensionA: 13, dimensionB: 9, seed: 5)
            #expect(Samples.bits(part) == Samples.bits(Self.gathered(4..<7, whole)))
        }
    }

    @Test func `activations that do not fit and an error that is not finite are refused`() throws {
        let rows = (0..<x.rows).map { x[row: $0] }
        #expect(throws: ProjectionError.self) {
            try OutputBlockTraining.result(Self.unit(0..<8), x: rows.dropLast(), y: columns(0..<8), on: processor)
        }
        #expect(throws: ProjectionError.self) {
            try OutputBlockTraining.result(Self.unit(0..<8), x: rows, y: columns(0..<9), on: processor)
        }
        var short = rows
        short[3] = short[3].dropLast()
        let misfit = ProjectionError.shape(
            operand: "row 3 of A's activations", expected: "37 values", found: "36")
        #expect(throws: misfit) {
            try OutputBlockTraining.result(Self.unit(0..<8), x: short, y: columns(0..<8), on: processor)
        }
        var targets = columns(0..<8)
        targets.values[100] = .infinity
        #expect(throws: ProjectionError.notFinite(operand: "error of the projection")) {
            try OutputBlockTraining.result(Self.unit(0..<8), x: rows, y: targets, on: processor)
        }
    }

    @Test func `what a unit needs is known before, however much it is`() throws {
        let device = try CPUDevice(threads: 2)
        let paper = TrainOutputsUnit(
            channel: Channel(k: 0, j: 0),
            outputs: 0..<128, dimensionA: 3072, dimensionB: 4096,
            schedule: TrainingSchedule(textCount: 3072, epochs: 10, batch: 32, shardTexts: 8, seed: 1),
            learningRate: 1e-3,
            initialization: .xavier)
        #expect((40e6...70e6).contains(OutputBlockTraining.memory(paper, on: device)))
        var largest = paper
        largest.dimensionA = 1 << 24
        largest.schedule = TrainingSchedule(
            textCount: 1 << 31, epochs: 1 << 20, batch: 1 << 31, shardTexts: 1, seed: 1)
        #expect(OutputBlockTraining.memory(largest, on: device) > 1e17)
    }
}
