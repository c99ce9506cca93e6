import Foundation
import TestSupport
import Testing

@testable import Storage

/// One flipped bit costs one record.
struct JournalRecoveryTests {
    private let records = (0..<9).map { Data("record \($0) \(String(repeating: "x", count: 40 * $0))".utf8) }

    private func journal(in folder: TemporaryFolder) throws -> Data {
        let journal = try Journal(folder: folder.url) { _ in }
        for record in records {
            try journal.append(record)
            try journal.commit()
        }
        return try Data(contentsOf: folder.file("journal"))
    }

    private func replay(_ folder: TemporaryFolder) throws -> [Data] {
        var replayed: [Data] = []
        _ = try Journal(folder: folder.url) { replayed.append($0.payload) }
        return replayed
    }

    @Test func `whichever byte is damaged, all other records are kept and what is gone is told`() throws {
        let folder = try TemporaryFolder()
        let whole = try journal(in: folder)
        for place in stride(from: JournalFormat.fileHeaderBytes, to: whole.count, by: 37) {
            var damaged = whole
            damaged[place] ^= 0x10
            try damaged.write(to: folder.file("journal"))
            let found = try JournalRecovery(folder: folder.url)
            #expect(found.records == records.count - 1, "byte \(place)")
            let loss = try #require(found.losses.first)
            #expect(found.losses.count == 1)
            #expect(loss.offset <= UInt64(place) && UInt64(place) < loss.offset + loss.bytes)
            #expect(try Data(contentsOf: folder.file(JournalRecovery.damagedName)) == damaged)
            let kept = try replay(folder)
            #expect(kept.count == records.count - 1 && kept.allSatisfy(records.contains))
            try FileManager.default.removeItem(at: folder.file(JournalRecovery.damagedName))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["journal"])
    }

    @Test func `a whole journal stays as it is`() throws {
        let folder = try TemporaryFolder()
        let whole = try journal(in: folder)
        let found = try JournalRecovery(folder: folder.url)
        #expect(found.losses.isEmpty && found.records == records.count)
        #expect(try Data(contentsOf: folder.file("journal")) == whole)
    }

    @Test func `a journal that is open, missing or something else is left alone`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: StorageError.self) { try JournalRecovery(folder: folder.url) }
        let open = try Journal(folder: folder.url) { _ in }
        #expect(throws: StorageError.locked(path: folder.file("journal").path)) {
            try JournalRecovery(folder: folder.url)
        }
        withExtendedLifetime(open) {}
        let other = try TemporaryFolder()
        try Data("something else altogether".utf8).write(to: other.file("journal"))
        #expect(throws: StorageError.notAJournal(path: other.file("journal").path)) {
            try JournalRecovery(folder: other.url)
        }
    }
}
