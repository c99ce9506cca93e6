import Foundation
import Run
import Testing

@testable import Projection

/// W in memory that workers of the machine read in place.
struct SharedWeightsTests {
    private static let (dimensionA, dimensionB) = (37, 29)
    private let first = Samples.matrix(dimensionB, dimensionA, seed: 3)

    private func sharing() throws -> (trainer: ProjectionTrainer, name: SharedProjection) {
        var trainer = ProjectionTrainer(w: first, adam: Adam(learningRate: 0.01))
        trainer.share()
        return (trainer, try #require(trainer.shared))
    }

    private func step(_ trainer: inout ProjectionTrainer, seed: UInt64) throws {
        let shards = try Samples.shards([3, 2], w: trainer.projection, dense: { _ in false }, seed: seed)
        _ = try trainer.apply(shards: shards, batchRows: 5, on: processor)
    }

    private func error(_ body: () throws -> Void) -> ReplicaError? {
        do {
            try body()
            return nil
        } catch {
            return error as? ReplicaError
        }
    }

    @Test func `who maps W reads the trainer's bits at every step`() throws {
        var trainer = ProjectionTrainer(w: first, adam: Adam(learningRate: 0.01))
        trainer.share()
        let name = try #require(trainer.shared)
        var alone = ProjectionTrainer(w: first, adam: Adam(learningRate: 0.01))
        var replica = try ProjectionReplica(mapping: name, version: 0, checksum: first.checksum)
        let (x, y) = (Samples.matrix(5, Self.dimensionA, seed: 8), Samples.matrix(5, Self.dimensionB, seed: 9))
        for version in 0..<4 {
            replica.follow(to: version)
            #expect(try Samples.bits(replica.projection()) == Samples.bits(alone.projection))
            let found = try replica.results(shards: [(x, y)], dense: false, on: processor)
            #expect(found == [try ShardLoss.result(w: alone.projection, x: x, y: y, dense: false, on: processor)])
            try step(&trainer, seed: UInt64(100 * version))
            try step(&alone, seed: UInt64(100 * version))
        }
        #expect(trainer == alone)
        #expect(trainer.checkpoint() == alone.checkpoint())
    }

    @Test func `a W that has moved is not read, and what was read while it moved does not count`() throws {
        var trainer = ProjectionTrainer(w: first, adam: Adam(learningRate: 0.01))
        trainer.share()
        let name = try #require(trainer.shared)
        let replica = try ProjectionReplica(mapping: name, version: 0, checksum: nil)
        #expect(error { try replica.withWeights { _ in try step(&trainer, seed: 1) } } == .moved(needed: 0))
        #expect(error { _ = try replica.projection() } == .moved(needed: 0))
        #expect(
            error { _ = try ProjectionReplica(mapping: name, version: 0, checksum: nil).projection() }
                == .moved(needed: 0))
        #expect(try ProjectionReplica(mapping: name, version: 1, checksum: nil).projection() == trainer.projection)
    }

    @Test func `a W in the middle of a step is of no version`() throws {
        let shared = try #require(SharedWeights(dimensionA: 3, dimensionB: 2))
        shared.end(version: 4)
        let mapped = try MappedWeights(shared.name)
        shared.begin(version: 5)
        for version in [4, 5] {
            #expect(error { try mapped.read(version: version) { _ in } } == .moved(needed: version))
        }
        shared.end(version: 5)
        #expect(error { try mapped.read(version: 5) { _ in } } == nil)
    }

    @Test func `a checksum that differs refuses the mapping`() throws {
        let (trainer, name) = try sharing()
        let wrong = trainer.checksum ^ 1
        #expect(
            error { _ = try ProjectionReplica(mapping: name, version: 0, checksum: wrong) } == .checksum(version: 0))
    }

    @Test func `what is not the W that was meant is not mapped`() throws {
        let (trainer, name) = try sharing()
        func isRefused(_ change: (inout SharedProjection) -> Void) -> Bool {
            var other = name
            change(&other)
            if case .unmappable = error({ _ = try MappedWeights(other) }) { return true } else { return false }
        }
        #expect(!isRefused { _ in })
        #expect(isRefused { $0.key ^= 1 })
        #expect(isRefused { $0.descriptor = 0 })
        #expect(isRefused { $0.descriptor = 1 << 20 })
        #expect(isRefused { $0.processID = 1 })
        #expect(isRefused { $0.processID = .max })
        #expect(isRefused { $0.dimensionA += 1 })
        #expect(isRefused { ($0.dimensionA, $0.dimensionB) = ($0.dimensionB, $0.dimensionA) })
        #expect(isRefused { $0.dimensionA = 0 })
        #expect(isRefused { $0.dimensionA = .max })
        withExtendedLifetime(trainer) {}
    }

    @Test func `an open file or pipe is not taken for W`() throws {
        let pipe = Pipe()
        let name = SharedProjection(
            processID: ProcessInfo.processInfo.processIdentifier, descriptor: pipe.fileHandleForReading.fileDescriptor,
            key: 0, dimensionA: 1, dimensionB: 1)
        guard case .unmappable = error({ _ = try MappedWeights(name) }) else {
            Issue.record("a pipe was mapped")
            return
        }
    }

    @Test func `the memory is gone with its trainer, and stays for those who have mapped it`() throws {
        var held: (trainer: ProjectionTrainer, name: SharedProjection)? = try sharing()
        let name = try #require(held?.name)
        let replica = try ProjectionReplica(mapping: name, version: 0, checksum: nil)
        held = nil
        #expect(try replica.projection() == first)
        guard case .unmappable = error({ _ = try MappedWeights(name) }) else {
            Issue.record("memory of a trainer that is gone was mapped")
            return
        }
    }

    @Test func `a trainer's copy takes its steps elsewhere`() throws {
        let (trainer, name) = try sharing()
        var copy = trainer
        try step(&copy, seed: 1)
        #expect(copy.shared == nil)
        #expect(try ProjectionReplica(mapping: name, version: 0, checksum: nil).projection() == first)
        withExtendedLifetime(trainer) {}
    }

    @Test func `nobody but the trainer can write to it`() throws {
        let (trainer, name) = try sharing()
        let path = "/proc/\(name.processID)/fd/\(name.descriptor)"
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(ftruncate(descriptor, 0) != 0)
        #expect(mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0) == MAP_FAILED)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        withExtendedLifetime(trainer) {}
    }

    @Test func `shards computed in one pass have the bits of each alone`() throws {
        let replica = ProjectionReplica(first, moments: nil, version: 0)
        let shards = [8, 3, 8, 1].enumerated().map { index, rows in
            (
                x: Samples.matrix(rows, Self.dimensionA, seed: UInt64(20 + index)),
                y: Samples.matrix(rows, Self.dimensionB, seed: UInt64(40 + index))
            )
        }
        let alone = try shards.map { try ShardLoss.result(w: first, x: $0.x, y: $0.y, dense: false, on: processor) }
        #expect(try replica.results(shards: shards, dense: false, on: processor) == alone)
    }
}
