import Projection
import Run
import Testing

/// A worker's copy of W against the coordinator's, over several steps.
struct ReplicaTests {
    private static let (dimensionA, dimensionB, rows) = (37, 29, 12)
    private let x = Samples.matrix(rows, dimensionA, seed: 1)
    private let y = Samples.matrix(rows, dimensionB, seed: 2)
    private let first = Samples.matrix(dimensionB, dimensionA, seed: 3)
    private let schedule = TrainingSchedule(textCount: rows, epochs: 2, batch: 6, shardTexts: 4, seed: 4)

    private func gather(_ matrix: FloatMatrix, _ rows: [Int]) -> FloatMatrix {
        FloatMatrix(rows: rows.count, columns: matrix.columns, values: rows.flatMap { Array(matrix[row: $0]) })
    }

    private func shards(of step: Int) -> [(unit: Int, rows: [Int])] {
        let order = schedule.order(epoch: step / schedule.stepsPerEpoch)
        return (0..<schedule.shardCount(step: step)).map {
            (step * schedule.shardsPerStep + $0, Array(schedule.texts(step: step, shard: $0, order: order)))
        }
    }

    private func result(_ rows: [Int], w: FloatMatrix, dense: Bool) throws -> TrainResult {
        try ShardLoss.result(w: w, x: gather(x, rows), y: gather(y, rows), dense: dense)
    }

    /// All steps as the coordinator takes them: the trainer before each step and at the end.
    private func trainers(dense: Bool) throws -> [ProjectionTrainer] {
        var trainers = [ProjectionTrainer(w: first, adam: Adam(learningRate: 0.01))]
        for step in 0..<schedule.steps {
            var next = trainers[step]
            let contributions = try shards(of: step).map {
                ShardContribution(
                    result: try result($0.rows, w: trainers[step].projection, dense: dense), x: gather(x, $0.rows))
            }
            _ = try next.apply(shards: contributions, batchRows: schedule.batchTextCount(step: step))
            trainers.append(next)
        }
        return trainers
    }

    private func update(_ step: Int, w: FloatMatrix, own: Set<Int>) throws -> StepUpdate {
        let shards = shards(of: step)
        var errors: [Float] = []
        for shard in shards where !own.contains(shard.unit) {
            guard case .factor(let matrix) = try result(shard.rows, w: w, dense: false).gradient else { continue }
            errors += matrix.values
        }
        return StepUpdate(
            step: step, learningRate: 0.01,
            shards: shards.map { StepUpdate.Shard(unit: $0.unit, texts: $0.rows, isOwn: own.contains($0.unit)) },
            errors: FloatMatrix(
                rows: errors.count / Self.dimensionB, columns: Self.dimensionB, values: errors))
    }

    private func errors(ofUnit unit: Int, w: FloatMatrix) throws -> FloatMatrix? {
        let shard = try #require(shards(of: unit / schedule.shardsPerStep).first { $0.unit == unit })
        guard case .factor(let matrix) = try result(shard.rows, w: w, dense: false).gradient else { return nil }
        return matrix
    }

    @Test(arguments: [0, 1, 3])
    func `a copy that takes the steps itself has the same bits as dense gradients give`(from: Int) throws {
        let plain = try trainers(dense: true)
        var replica = ProjectionReplica(
            plain[from].projection, moments: from == 0 ? nil : plain[from].moments, version: from)
        for step in from..<schedule.steps {
            let w = plain[step].projection
            let own = [step * schedule.shardsPerStep + 1] as Set
            let ownErrors = try errors(ofUnit: step * schedule.shardsPerStep + 1, w: w)
            try replica.take(
                [try update(step, w: w, own: own)], checksum: plain[step + 1].projection.checksum,
                row: { x[row: $0] }, ownErrors: { own.contains($0) ? ownErrors : nil })
            #expect(try Samples.bits(replica.projection()) == Samples.bits(plain[step + 1].projection))
        }
        #expect(replica.version == schedule.steps)
    }

    @Test func `several steps at a time give the same bits`() throws {
        let plain = try trainers(dense: false)
        var replica = ProjectionReplica(first, moments: nil, version: 0)
        let updates = try (0..<schedule.steps).map { try update($0, w: plain[$0].projection, own: []) }
        try replica.take(
            updates, checksum: plain.last?.projection.checksum, row: { x[row: $0] }, ownErrors: { _ in nil })
        #expect(try Samples.bits(replica.projection()) == Samples.bits(try #require(plain.last).projection))
    }

    @Test func `what is missing or differs is named`() throws {
        let plain = try trainers(dense: false)
        func error(
            version: Int = 0, moments: Moments? = nil, checksum: UInt64? = nil, own: Set<Int> = [], hasRows: Bool = true
        ) throws -> ReplicaError? {
            var replica = ProjectionReplica(plain[version].projection, moments: moments, version: version)
            let update = try update(max(version, checksum == nil ? version : 0), w: plain[version].projection, own: own)
            do {
                try replica.take(
                    [update], checksum: checksum, row: { hasRows ? x[row: $0] : nil }, ownErrors: { _ in nil })
                return nil
            } catch let error as ReplicaError {
                return error
            }
        }
        #expect(try error() == nil)
        #expect(try error(checksum: 1) == .checksum(version: 1))
        #expect(try error(version: 1) == .noMoments(version: 1))
        #expect(try error(own: [1]) == .missingShard(1))
        #expect(try error(hasRows: false) == .missingRow(shards(of: 0)[0].rows[0]))
    }

    @Test func `a checksum tells matrices apart that differ in one bit`() {
        for count in [1, 15, 16, 17, 100] {
            var matrix = Samples.matrix(1, count, seed: 5)
            var seen: Set<UInt64> = [matrix.checksum]
            for index in 0..<count {
                for bit in 0..<32 {
                    let before = matrix.values[index]
                    matrix.values[index] = Float(bitPattern: before.bitPattern ^ (1 << UInt32(bit)))
                    seen.insert(matrix.checksum)
                    matrix.values[index] = before
                }
            }
            #expect(seen.count == 1 + 32 * count)
        }
    }
}
