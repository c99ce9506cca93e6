import Projection
import Run
import Testing

struct ReferenceTests {
    @Test(arguments: [true, false])
    func `Adam's W after each epoch and the loss of each step agree with torch.optim.Adam`(dense: Bool) throws {
        let reference = try Reference.load()
        var trainer = ProjectionTrainer(
            w: Reference.matrix(reference.firstW), adam: Adam(learningRate: reference.learningRate))
        var losses: [Double] = []
        for (epoch, order) in reference.orders.enumerated() {
            for start in stride(from: 0, to: order.count, by: reference.batch) {
                let shards = try stride(from: start, to: start + reference.batch, by: reference.shardRows).map {
                    first in
                    let rows = order[first..<first + reference.shardRows]
                    let x = Reference.matrix(rows.map { reference.x[$0] })
                    let y = Reference.matrix(rows.map { reference.y[$0] })
                    return ShardContribution(
                        result: try ShardLoss.result(w: trainer.projection, x: x, y: y, dense: dense, on: processor),
                        x: x)
                }
                losses.append(try trainer.apply(shards: shards, batchRows: reference.batch, on: processor))
            }
            let difference = Samples.relativeDifference(trainer.projection, Reference.matrix(reference.w[epoch]))
            #expect(difference < 1e-5, "epoch \(epoch)")
        }
        #expect(losses.count == reference.losses.count)
        for (step, (loss, expected)) in zip(losses, reference.losses).enumerated() {
            #expect(abs(loss - expected) < 1e-5 * expected, "step \(step)")
        }
        #expect(trainer.step == reference.losses.count)
    }

    @Test func `the similarity of the activation spaces is numpy's`() throws {
        let reference = try Reference.load()
        let value = try ActivationSimilarity.value(
            x: Reference.matrix(reference.x), y: Reference.matrix(reference.y), on: processor)
        #expect(abs(value - reference.similarity) < 1e-12)
    }
}
