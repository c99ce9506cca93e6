import Foundation
import Projection
import Reports
import Run
import Storage

/// The file that holds a training's state: W, Adam's moments, the number of steps and the loss of each.
///
/// A checkpoint is written at times of the clock's choosing, so steps after the last one are taken again when a
/// coordinator comes back: to the same bits, since a step is a function of the state before it and of the texts.
///
/// Layout, numbers little-endian: magic (8 bytes); the run's digest as text (its length, UInt64, and its bytes); k and
/// j (UInt64 each); how often what W had learned was taken back (UInt64); the number of losses (UInt64), the losses, and the standardised ones (float64); the trainer's
/// checkpoint; SHA-256 of all before.
enum TrainingCheckpoint {
    private static let magic = Array("ACTRAIN\u{5}".utf8)
    private static let maximumRunBytes = 1024

    static func write(
        _ training: TrainedProjection, run: String, unlearnings: Int, to storage: some RunStorage
    ) throws {
        var head = Data(magic)
        func append(_ number: UInt64) { withUnsafeBytes(of: number.littleEndian) { head.append(contentsOf: $0) } }
        append(UInt64(run.utf8.count))
        head.append(contentsOf: run.utf8)
        append(UInt64(training.channel.k))
        append(UInt64(training.channel.j))
        append(UInt64(unlearnings))
        append(UInt64(training.losses.count))
        for loss in training.losses { append(loss.loss.bitPattern) }
        for loss in training.losses { append(loss.standardised.bitPattern) }
        try storage.write(RunFiles.checkpoint) { write in
            var hasher = ContentHasher()
            try head.withUnsafeBytes { bytes in
                hasher.update(bytes)
                try write(bytes)
            }
            try training.trainer.writeCheckpoint { bytes in
                hasher.update(bytes)
                try write(bytes)
            }
            try hasher.finish().bytes.withUnsafeBytes { try write($0) }
        }
    }

    /// The most bytes that a checkpoint of a training has: heads, losses, W and its moments.
    private static func largestBytes(dimensionA: Int, dimensionB: Int, steps: Int) -> Int {
        let heads = 4096 + maximumRunBytes
        let (elements, isLarge) = dimensionA.multipliedReportingOverflow(by: dimensionB)
        let (w, isLarger) = elements.multipliedReportingOverflow(by: 3 * MemoryLayout<Float>.size)
        let (losses, isLong) = steps.multipliedReportingOverflow(by: 2 * MemoryLayout<Double>.size)
        let (sum, isTooLarge) = w.addingReportingOverflow(losses)
        return isLarge || isLarger || isLong || isTooLarge ? .max : sum.addingReportingOverflow(heads).partialValue
    }

    /// The state in the file; nil where there is no file, or one of what has been taken back since.
    /// - Throws: ``HostError/damagedCheckpoint(path:cause:)``, and ``HostError/otherCheckpoint(path:expected:found:)``
    ///   where it is of another run or channel.
    static func read(
        run: String, channel: Channel, unlearnings: Int, from storage: some RunStorage, dimensionA: Int,
        dimensionB: Int, adam: Adam, steps: Int
    ) throws -> TrainedProjection? {
        let limit = largestBytes(dimensionA: dimensionA, dimensionB: dimensionB, steps: steps)
        guard let data = try storage.read(RunFiles.checkpoint, limit: limit) else { return nil }
        let path = storage.path(of: RunFiles.checkpoint)
        func damaged(_ cause: String) -> HostError { .damagedCheckpoint(path: path, cause: cause) }
        guard data.count >= magic.count + Digest.byteCount else { throw damaged("only \(data.count) bytes") }
        guard data.prefix(magic.count).elementsEqual(magic) else {
            throw damaged("it does not begin as a checkpoint of this version does")
        }
        let body = data.prefix(data.count - Digest.byteCount)
        guard data.suffix(Digest.byteCount).elementsEqual(ContentHasher.digest(of: Data(body)).bytes) else {
            throw damaged("its checksum does not match its content")
        }
        var head = CheckpointHead(rest: body.dropFirst(magic.count))
        guard let found = head.text(limit: maximumRunBytes), let k = head.number(), let j = head.number(),
            let generation = head.number(), let count = head.number()
        else { throw damaged("its head is cut off") }
        for (what, expected, found) in [("run", run, found), ("channel", channel.description, "\(k):\(j)")]
        where expected != found {
            throw HostError.otherCheckpoint(path: path, expected: "\(what) \(expected)", found: found)
        }
        guard generation == UInt64(unlearnings) else { return nil }
        guard count <= UInt64(steps), let bits = head.numbers(Int(count)), let others = head.numbers(Int(count)) else {
            throw damaged("\(count) losses for a training of \(steps) steps")
        }
        let losses = zip(bits, others).map {
            StepLoss(loss: Double(bitPattern: $0), standardised: Double(bitPattern: $1))
        }
        do {
            let trainer = try ProjectionTrainer(
                checkpoint: Data(head.rest), dimensionA: dimensionA, dimensionB: dimensionB, adam: adam)
            guard trainer.step == losses.count else {
                throw damaged("\(trainer.step) steps and \(losses.count) losses")
            }
            return TrainedProjection(channel: channel, trainer: trainer, losses: losses)
        } catch let error as ProjectionError {
            throw damaged("\(error)")
        }
    }
}

/// What stands before the trainer's state, read from the front.
private struct CheckpointHead {
    var rest: Data

    /// nil where the bytes end before.
    mutating func number() -> UInt64? { numbers(1)?[0] }

    mutating func numbers(_ count: Int) -> [UInt64]? {
        guard count <= rest.count / 8 else { return nil }
        let numbers = rest.withUnsafeBytes { bytes in
            (0..<count).map {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
            }
        }
        rest = rest.dropFirst(8 * count)
        return numbers
    }

    mutating func text(limit: Int) -> String? {
        guard let count = number(), count <= UInt64(min(limit, rest.count)) else { return nil }
        let text = String(validating: rest.prefix(Int(count)), as: UTF8.self)
        rest = rest.dropFirst(Int(count))
        return text
    }
}
