import CPUDevice
import Foundation
import Projection
import Reports
import Run
import Storage
import TestSupport
import Testing

@testable import CoordinatorHost

struct TrainingCheckpointTests {
    private let temporary: TemporaryFolder
    private var storage: RunFolder { RunFolder(temporary.url) }
    private var file: URL { temporary.file("training.checkpoint") }

    private static let channel = Channel(k: 26, j: 4)

    init() throws { temporary = try TemporaryFolder() }

    private func trained(steps: Int) throws -> TrainedProjection {
        let w = ProjectionInitialization.xavier.matrix(dimensionA: 3, dimensionB: 2, seed: 1)
        var training = TrainedProjection(channel: Self.channel, trainer: ProjectionTrainer(w: w, adam: Adam()))
        let x = FloatMatrix(rows: 2, columns: 3, values: [1, 2, 3, -1, 0, 1])
        let y = FloatMatrix(rows: 2, columns: 2, values: [1, 0, 0, 1])
        for _ in 0..<steps {
            let result = try ShardLoss.result(
                w: training.trainer.projection, x: x, y: y, dense: false, on: CPUDevice(threads: 1))
            let loss = try training.trainer.apply(
                shards: [ShardContribution(result: result, x: x)], batchRows: 2, on: CPUDevice(threads: 1))
            training.losses.append(StepLoss(loss: loss, standardised: loss / 3))
        }
        return training
    }

    private func read(
        run: String = "run", channel: Channel = channel, unlearnings: Int = 0
    ) throws -> TrainedProjection? {
        try TrainingCheckpoint.read(
            run: run, channel: channel, unlearnings: unlearnings, from: storage, dimensionA: 3, dimensionB: 2,
            adam: Adam(), steps: 9)
    }

    private func write(steps: Int, unlearnings: Int = 0) throws {
        try TrainingCheckpoint.write(try trained(steps: steps), run: "run", unlearnings: unlearnings, to: storage)
    }

    @Test func `training goes on from a checkpoint to the same bits`() throws {
        let whole = try trained(steps: 9)
        try write(steps: 5)
        let read = try #require(try read())
        #expect(read.channel == Self.channel)
        #expect(read.losses == Array(whole.losses.prefix(5)))
        #expect(read.trainer == (try trained(steps: 5)).trainer)
    }

    @Test func `no file is no checkpoint`() throws {
        #expect(try read() == nil)
    }

    @Test func `what was learned before it was taken back is no checkpoint`() throws {
        try write(steps: 5)
        #expect(try read(unlearnings: 1) == nil)
        try write(steps: 3, unlearnings: 1)
        #expect(try read(unlearnings: 1)?.trainer.step == 3)
    }

    @Test func `a checkpoint of another run or channel is refused with the file, what was expected and what was found`()
        throws
    {
        try write(steps: 2)
        for (run, channel, expected) in [
            ("other", Self.channel, "expected run other, found run"),
            ("run", Channel(k: 26, j: 26), "expected channel 26:26, found 26:4"),
        ] {
            #expect {
                _ = try read(run: run, channel: channel)
            } throws: { "\($0)".contains(file.path) && "\($0)".contains(expected) }
        }
    }

    @Test(arguments: [2 << 30, 5 << 30] as [Int])
    func `a file that is larger than any checkpoint of the run is not read`(bytes: Int) throws {
        #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
        #expect(truncate(file.path, bytes) == 0)
        #expect {
            _ = try read()
        } throws: { "\($0)".contains("\(file.path): \(bytes) bytes, expected at most") }
    }

    @Test func `a pipe in its place is refused at once`() throws {
        #expect(mkfifo(file.path, 0o600) == 0)
        #expect {
            _ = try read()
        } throws: { "\($0)".contains(file.path) && "\($0)".contains("regular file") }
    }

    @Test func `a checkpoint of an earlier version is refused by name`() throws {
        // A number of losses, the losses, the trainer's state.
        var data = Data(repeating: 0, count: 8) + (try trained(steps: 0)).trainer.checkpoint()
        data.append(contentsOf: ContentHasher.digest(of: data).bytes)
        try data.write(to: file)
        #expect {
            _ = try read()
        } throws: { "\($0)".contains("\(file.path): it does not begin as a checkpoint of this version does") }
    }

    @Test func `a flipped bit anywhere is found and the file is named`() throws {
        try write(steps: 2)
        let good = try Data(contentsOf: file)
        for place in good.indices {
            var bad = good
            bad[place] ^= 4
            try bad.write(to: file)
            #expect {
                _ = try read()
            } throws: { "\($0)".contains(file.path) }
        }
        for length in stride(from: 0, to: good.count, by: 7) {
            try good.prefix(length).write(to: file)
            #expect(throws: (any Error).self) { try read() }
        }
    }
}
