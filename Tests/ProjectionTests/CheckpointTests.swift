import Foundation
import Projection
import Run
import Testing

struct CheckpointTests {
    private func trained(steps: Int) throws -> ProjectionTrainer {
        var trainer = ProjectionTrainer(w: Samples.matrix(10, 12, seed: 30))
        for step in 0..<steps { try advance(&trainer, step) }
        return trainer
    }

    private func advance(_ trainer: inout ProjectionTrainer, _ step: Int) throws {
        let shards = try Samples.shards(
            [4, 3], w: trainer.projection, dense: { _ in false }, seed: UInt64(1000 + 10 * step))
        _ = try trainer.apply(shards: shards, batchRows: 7, on: processor)
    }

    private func restored(_ data: Data, dimensionA: Int = 12, adam: Adam = Adam()) throws -> ProjectionTrainer {
        try ProjectionTrainer(checkpoint: data, dimensionA: dimensionA, dimensionB: 10, adam: adam)
    }

    @Test func `a restored trainer goes on bit for bit`() throws {
        var whole = try trained(steps: 3)
        var resumed = try restored(whole.checkpoint())
        #expect(resumed == whole)
        for step in 3..<6 {
            try advance(&whole, step)
            try advance(&resumed, step)
        }
        #expect(resumed.checkpoint() == whole.checkpoint())
        #expect(resumed.step == 6)
    }

    @Test func `a slice of a larger buffer is read from its own start`() throws {
        let trainer = try trained(steps: 1)
        let padded = Data([1, 2, 3]) + trainer.checkpoint()
        #expect(try restored(padded.dropFirst(3)) == trainer)
    }

    @Test func `cut, extended or foreign bytes are refused`() throws {
        let good = try trained(steps: 1).checkpoint()
        for length in [0, 1, 7, 8, 63, 64, 65, good.count - 1] {
            #expect(throws: ProjectionError.self, "\(length) bytes") { try restored(good.prefix(length)) }
        }
        #expect(throws: ProjectionError.self) { try restored(good + [0]) }
        // Bytes 24 ..< 29 count the steps: any value of them is one.
        for offset in 0..<64 where !(24..<29).contains(offset) {
            var bad = good
            bad[offset] ^= 0x80
            #expect(throws: ProjectionError.self, "byte \(offset)") { try restored(bad) }
        }
        var huge = good
        for offset in 8..<24 { huge[offset] = 0xff }
        #expect(throws: ProjectionError.self) { try restored(huge) }
        var notFinite = good
        notFinite.replaceSubrange(64..<68, with: [0, 0, 0x80, 0x7f])
        #expect(throws: ProjectionError.checkpoint(reason: "it holds a value that is not finite")) {
            try restored(notFinite)
        }
    }

    @Test func `a checkpoint of another shape or of other settings is refused, with both named`() throws {
        let good = try trained(steps: 1).checkpoint()
        #expect(throws: ProjectionError.checkpoint(reason: "expected W of 10 × 13, found 10 × 12")) {
            try restored(good, dimensionA: 13)
        }
        #expect(throws: ProjectionError.self) { try restored(good, adam: Adam(learningRate: 0.5)) }
        #expect(throws: ProjectionError.self) { try restored(good, dimensionA: .max) }
    }
}
