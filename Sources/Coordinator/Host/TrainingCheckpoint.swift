import Foundation
import Projection
import Run
import Storage

/// The training's state on disk: W, Adam's moments, the number of steps and the loss of each.
///
/// A checkpoint is written at times of the clock's choosing, so steps after the last one are taken again when a
/// coordinator comes back: to the same bits, since a step is a function of the state before it and of the rows.
struct TrainingCheckpoint {
    var trainer: ProjectionTrainer
    /// Mean squared error per element before each step.
    var losses: [Double]

    func write(to storage: some RunStorage) throws {
        var numbers = Data()
        func append(_ number: UInt64) { withUnsafeBytes(of: number.littleEndian) { numbers.append(contentsOf: $0) } }
        append(UInt64(losses.count))
        for loss in losses { append(loss.bitPattern) }
        try storage.write(RunFiles.checkpoint) { write in
            var hasher = ContentHasher()
            try numbers.withUnsafeBytes { bytes in
                hasher.update(bytes)
                try write(bytes)
            }
            try trainer.writeCheckpoint { bytes in
                hasher.update(bytes)
                try write(bytes)
            }
            try hasher.finish().bytes.withUnsafeBytes { try write($0) }
        }
    }

    /// The state in the file; nil where there is no file.
    static func read(
        from storage: some RunStorage, dimensionA: Int, dimensionB: Int, adam: Adam, steps: Int
    ) throws -> TrainingCheckpoint? {
        guard let data = try storage.read(RunFiles.checkpoint) else { return nil }
        func damaged(_ cause: String) -> HostError {
            .damagedCheckpoint(path: storage.path(of: RunFiles.checkpoint), cause: cause)
        }
        guard data.count >= 8 + Digest.byteCount else { throw damaged("only \(data.count) bytes") }
        let body = data.prefix(data.count - Digest.byteCount)
        guard data.suffix(Digest.byteCount).elementsEqual(ContentHasher.digest(of: Data(body)).bytes) else {
            throw damaged("its checksum does not match its content")
        }
        func number(at offset: Int) -> UInt64 {
            data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
        }
        let count = number(at: 0)
        guard count <= UInt64(steps), 8 + 8 * Int(count) <= body.count else {
            throw damaged("\(count) losses for a training of \(steps) steps")
        }
        let losses = (0..<Int(count)).map { Double(bitPattern: number(at: 8 + 8 * $0)) }
        do {
            let trainer = try ProjectionTrainer(
                checkpoint: Data(body.dropFirst(8 + 8 * losses.count)), dimensionA: dimensionA, dimensionB: dimensionB,
                adam: adam)
            guard trainer.step == losses.count else {
                throw damaged("\(trainer.step) steps and \(losses.count) losses")
            }
            return TrainingCheckpoint(trainer: trainer, losses: losses)
        } catch let error as ProjectionError {
            throw damaged("\(error)")
        }
    }
}
