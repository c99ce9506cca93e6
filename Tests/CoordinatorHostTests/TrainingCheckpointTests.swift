import CPUDevice
import Foundation
import Projection
import Run
import TestSupport
import Testing

@testable import CoordinatorHost

struct TrainingCheckpointTests {
    private let temporary: TemporaryFolder
    private var file: URL { temporary.file("training.checkpoint") }

    init() throws { temporary = try TemporaryFolder() }

    private func trained(steps: Int) throws -> TrainingCheckpoint {
        let w = ProjectionInitialization.xavier.matrix(dimensionA: 3, dimensionB: 2, seed: 1)
        var checkpoint = TrainingCheckpoint(trainer: ProjectionTrainer(w: w, adam: Adam()), losses: [])
        let x = FloatMatrix(rows: 2, columns: 3, values: [1, 2, 3, -1, 0, 1])
        let y = FloatMatrix(rows: 2, columns: 2, values: [1, 0, 0, 1])
        for _ in 0..<steps {
            let result = try ShardLoss.result(
                w: checkpoint.trainer.projection, x: x, y: y, dense: false, on: CPUDevice(threads: 1))
            checkpoint.losses.append(
                try checkpoint.trainer.apply(
                    shards: [ShardContribution(result: result, x: x)], batchRows: 2, on: CPUDevice(threads: 1)))
        }
        return checkpoint
    }

    @Test func `training goes on from a checkpoint to the same bits`() throws {
        let whole = try trained(steps: 9)
        try trained(steps: 5).write(to: file)
        let read = try #require(
            try TrainingCheckpoint.read(from: file, dimensionA: 3, dimensionB: 2, adam: Adam(), steps: 9))
        #expect(read.losses == Array(whole.losses.prefix(5)))
        #expect(read.trainer == (try trained(steps: 5)).trainer)
    }

    @Test func `no file is no checkpoint`() throws {
        #expect(
            try TrainingCheckpoint.read(from: file, dimensionA: 3, dimensionB: 2, adam: Adam(), steps: 9) == nil)
    }

    @Test func `a flipped bit anywhere is found and the file is named`() throws {
        try trained(steps: 2).write(to: file)
        let good = try Data(contentsOf: file)
        for place in good.indices {
            var bad = good
            bad[place] ^= 4
            try bad.write(to: file)
            #expect {
                _ = try TrainingCheckpoint.read(from: file, dimensionA: 3, dimensionB: 2, adam: Adam(), steps: 9)
            } throws: { "\($0)".contains(file.path) }
        }
        for length in stride(from: 0, to: good.count, by: 7) {
            try good.prefix(length).write(to: file)
            #expect(throws: (any Error).self) {
                try TrainingCheckpoint.read(from: file, dimensionA: 3, dimensionB: 2, adam: Adam(), steps: 9)
            }
        }
    }
}
