import Foundation
import TestSupport
import Testing

@testable import Storage

/// A journal in memory is a journal: the same bytes, and the same code recovers them.
struct JournalMemoryTests {
    private let records = ["first", "", "the third record", "4"].map { Data($0.utf8) }

    private func open(_ memory: JournalMemory) throws -> (Journal, [Data]) {
        var replayed: [Data] = []
        let journal = try Journal(medium: memory, path: "memory/journal") { replayed.append($0.payload) }
        return (journal, replayed)
    }

    private func write(_ records: [Data]) throws -> JournalMemory {
        let memory = JournalMemory()
        let journal = try open(memory).0
        for record in records { try journal.append(record) }
        try journal.commit()
        return memory
    }

    @Test func `memory holds the bytes that a file would`() throws {
        let folder = try TemporaryFolder()
        let journal = try Journal(folder: folder.url) { _ in }
        for record in records { try journal.append(record) }
        try journal.commit()
        #expect(try write(records).state.bytes == Array(Data(contentsOf: folder.file("journal"))))
    }

    @Test func `only what was committed is durable`() throws {
        let memory = try write(records)
        let journal = try open(memory).0
        let committed = memory.state.bytes.count
        try journal.append(records[0])
        #expect(memory.state.durable == committed)
        let commit = try #require(try journal.beginCommit())
        #expect(memory.state.durable == committed)
        try journal.finish(commit, commit.wait())
        #expect(memory.state.durable == memory.state.bytes.count)
    }

    @Test func `a torn tail is cut off wherever it is torn`() throws {
        let bytes = try write(records).state.bytes
        let lastRecord = JournalFormat.recordHeaderBytes + records[3].count
        for torn in 0..<lastRecord {
            let memory = JournalMemory(Array(bytes.prefix(bytes.count - lastRecord + torn)))
            let (journal, replayed) = try open(memory)
            #expect(replayed == Array(records.prefix(3)))
            #expect(journal.recovery == Journal.Recovery(records: 3, cutBytes: UInt64(torn)))
            #expect(memory.state.bytes.count == bytes.count - lastRecord)
        }
    }

    @Test func `a flipped bit in a committed record is damage`() throws {
        var bytes = try write(records).state.bytes
        // Records of one commit vouch for nothing; one of the next says that these were durable.
        let memory = JournalMemory(bytes)
        try open(memory).0.append(records[0])
        bytes = memory.state.bytes
        bytes[JournalFormat.fileHeaderBytes + 1] ^= 1
        #expect(throws: StorageError.self) { try open(JournalMemory(bytes)) }
    }
}
