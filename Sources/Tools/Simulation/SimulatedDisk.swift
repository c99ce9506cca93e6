import CoordinatorHost
import Foundation
import Run
import Storage

/// The coordinator's disk: a run's storage in memory, on a machine that may lose its power between any two things that
/// the coordinator does.
///
/// Once the power is out nothing reaches the disk any more, whatever the coordinator believes; ``afterPowerFailure()``
/// is what the next one finds.
final class SimulatedDisk: RunStorage, @unchecked Sendable {  // of one thread, like the simulation
    let path = "memory"
    private let memory: MemoryStorage
    private let medium: FailingMedium
    let power: Power

    init(_ memory: MemoryStorage = MemoryStorage(), power: Power) {
        self.memory = memory
        self.power = power
        medium = FailingMedium(memory.journal, power)
    }

    func create() {}

    func journal(replay: (Journal.Record) throws -> Void) throws -> Journal {
        try Journal(medium: medium, path: path(of: "journal"), replay: replay)
    }

    func contains(_ file: String) -> Bool { memory.contains(file) }

    func read(_ file: String, limit: Int) -> Data? { memory.read(file, limit: limit) }

    func write(
        _ file: String, _ body: (_ piece: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        if power.lasts() { try memory.write(file, body) }
    }

    /// What is sure to be there.
    var durable: MemoryStorage {
        let (bytes, durable) = memory.journal.state
        return MemoryStorage(files: memory.files, journal: Array(bytes.prefix(durable)))
    }

    /// What is there after a power failure: of what was not waited for a part, its last record perhaps torn, or the
    /// beginning of it followed by what never was written.
    func afterPowerFailure(_ random: inout NamedGenerator) -> MemoryStorage {
        let (bytes, durable) = memory.journal.state
        var kept = Array(bytes.prefix(durable + random.index(below: bytes.count - durable + 1)))
        if kept.count > durable, random.uniform() < 0.2 {
            kept += [UInt8](repeating: 0, count: random.index(below: 100))
        }
        return MemoryStorage(files: memory.files, journal: kept)
    }
}

/// The power of a machine, which fails once.
final class Power {
    private(set) var isOut = false
    /// Asked before everything that the coordinator does to the world: whether the power fails just then.
    var fails: () -> Bool = { false }

    /// Told when it fails.
    var onFailure: () -> Void = {}

    /// Whether there is power for one thing more.
    func lasts() -> Bool {
        if !isOut, fails() { cut() }
        return !isOut
    }

    func cut() {
        guard !isOut else { return }
        isOut = true
        onFailure()
    }
}

/// A journal's medium that takes nothing in once the power is out.
private final class FailingMedium: JournalMedium, @unchecked Sendable {  // of one thread, like the simulation
    private let memory: JournalMemory
    private let power: Power

    init(_ memory: JournalMemory, _ power: Power) {
        self.memory = memory
        self.power = power
    }

    func size() -> UInt64 { memory.size() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        memory.read(into: buffer, at: offset)
    }

    func write(_ pieces: [UnsafeRawBufferPointer], at offset: UInt64) {
        if power.lasts() { memory.write(pieces, at: offset) }
    }

    func truncate(to size: UInt64) {
        if power.lasts() { memory.truncate(to: size) }
    }

    func synchronizeContent() {
        if power.lasts() { memory.synchronizeContent() }
    }

    func synchronize() { synchronizeContent() }
}
