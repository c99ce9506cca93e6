import Run
import Testing

struct TrainingScheduleTests {
    private static let shapes = [
        (rows: 1, batch: 1, shard: 1), (rows: 96, batch: 32, shard: 8), (rows: 100, batch: 32, shard: 8),
        (rows: 5, batch: 32, shard: 8), (rows: 33, batch: 32, shard: 7), (rows: 64, batch: 10, shard: 32),
    ]

    @Test(arguments: shapes)
    func `every epoch visits every row once`(shape: (rows: Int, batch: Int, shard: Int)) {
        let schedule = TrainingSchedule(
            textCount: shape.rows, epochs: 3, batch: shape.batch, shardTexts: shape.shard, seed: 9)
        for epoch in 0..<schedule.epochs {
            let order = schedule.order(epoch: epoch)
            var visited: [Int] = []
            for step in epoch * schedule.stepsPerEpoch..<(epoch + 1) * schedule.stepsPerEpoch {
                var inBatch = 0
                #expect(schedule.shardCount(step: step) <= schedule.shardsPerStep)
                for shard in 0..<schedule.shardCount(step: step) {
                    let rows = schedule.texts(step: step, shard: shard, order: order)
                    #expect(!rows.isEmpty && rows.count <= shape.shard)
                    inBatch += rows.count
                    visited += rows
                }
                #expect(inBatch == schedule.batchTextCount(step: step))
            }
            #expect(visited.sorted() == Array(0..<shape.rows))
        }
    }

    @Test func `epochs differ in their order, and the seed decides it`() {
        let schedule = TrainingSchedule(textCount: 50, epochs: 2, batch: 8, shardTexts: 4, seed: 1)
        let other = TrainingSchedule(textCount: 50, epochs: 2, batch: 8, shardTexts: 4, seed: 2)
        #expect(schedule.order(epoch: 0) != schedule.order(epoch: 1))
        #expect(schedule.order(epoch: 0) != other.order(epoch: 0))
        #expect(schedule.order(epoch: 0) == schedule.order(epoch: 0))
    }

    @Test func `the paper's training is 960 steps of four shards`() {
        let schedule = TrainingSchedule(textCount: 3072, epochs: 10, batch: 32, shardTexts: 8, seed: 42)
        #expect(schedule.steps == 960)
        #expect(schedule.shardsPerStep == 4)
    }
}
