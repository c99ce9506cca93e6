import Foundation
import TestSupport
import Testing

@testable import Storage

struct JournalTests {
    private let records = ["first", "", "the third record", "4"].map { Data($0.utf8) }

    /// Opens the journal of `folder` and returns it with what it replayed.
    private func open(_ folder: TemporaryFolder) throws -> (Journal, [Data]) {
        var replayed: [Data] = []
        let journal = try Journal(folder: folder.url) { replayed.append($0.payload) }
        return (journal, replayed)
    }

    /// A journal's bytes, after `records` were appended, each committed by itself or all at once.
    private func write(_ records: [Data], into folder: TemporaryFolder, committingEach: Bool) throws -> Data {
        let (journal, _) = try open(folder)
        for record in records {
            try journal.append(record)
            if committingEach { try journal.commit() }
        }
        try journal.commit()
        return try Data(contentsOf: folder.file("journal"))
    }

    @Test func `committed records come back in order`() throws {
        let folder = try TemporaryFolder()
        _ = try write(records, into: folder, committingEach: false)
        let (journal, replayed) = try open(folder)
        #expect(replayed == records)
        #expect(journal.recovery == Journal.Recovery(records: 4, cutBytes: 0))
    }

    @Test func `a record is joined from its pieces`() throws {
        let folder = try TemporaryFolder()
        do {
            let (journal, _) = try open(folder)
            let pieces: [[UInt8]] = [[1, 2], [], [3]]
            try pieces[0].withUnsafeBytes { first in
                try pieces[2].withUnsafeBytes { last in
                    _ = try journal.append([first, UnsafeRawBufferPointer(start: nil, count: 0), last])
                }
            }
        }
        #expect(try open(folder).1 == [Data([1, 2, 3])])
    }

    @Test func `a record is read again where it is`() throws {
        let folder = try TemporaryFolder()
        let (journal, _) = try open(folder)
        let positions = try records.map { try journal.append($0) }
        #expect(try positions.reversed().map { try journal.read(at: $0) } == records.reversed())
        #expect(positions == positions.sorted())
    }

    @Test(arguments: [true, false])
    func `a torn tail is cut off, wherever it is torn`(committingEach: Bool) throws {
        let whole = try TemporaryFolder()
        let bytes = try write(records, into: whole, committingEach: committingEach)
        let lastRecord = JournalFormat.recordHeaderBytes + records[3].count
        for torn in 0..<lastRecord {
            let folder = try TemporaryFolder()
            try bytes.prefix(bytes.count - lastRecord + torn).write(to: folder.file("journal"))
            do {
                let (journal, replayed) = try open(folder)
                #expect(replayed == Array(records.prefix(3)))
                #expect(journal.recovery == Journal.Recovery(records: 3, cutBytes: UInt64(torn)))
                try journal.append(Data("again".utf8))
            }
            #expect(try open(folder).1 == records.prefix(3) + [Data("again".utf8)])
        }
    }

    @Test func `a torn tail of zeros or noise is cut off`() throws {
        for tail in [Data(count: 500), Data((0..<500).map { UInt8(truncatingIfNeeded: $0 &* 167) })] {
            let folder = try TemporaryFolder()
            let bytes = try write(records, into: folder, committingEach: true)
            try (bytes + tail).write(to: folder.file("journal"))
            let (journal, replayed) = try open(folder)
            #expect(replayed == records)
            #expect(journal.recovery.cutBytes == 500)
        }
    }

    /// A power failure may keep a later page and lose an earlier one, of what was written since the last commit.
    @Test func `records that were never committed are a torn tail, even out of order`() throws {
        let folder = try TemporaryFolder()
        var bytes = try write(records, into: folder, committingEach: false)
        let second = JournalFormat.fileHeaderBytes + JournalFormat.recordHeaderBytes + records[0].count
        bytes.replaceSubrange(second..<second + 8, with: Data(count: 8))
        try bytes.write(to: folder.file("journal"))
        #expect(try open(folder).1 == [records[0]])
    }

    @Test func `any flipped bit in a committed record is an error that names its place`() throws {
        let whole = try TemporaryFolder()
        let bytes = try write(records, into: whole, committingEach: true)
        let start = JournalFormat.fileHeaderBytes + 2 * JournalFormat.recordHeaderBytes + records[0].count
        let end = start + JournalFormat.recordHeaderBytes + records[2].count
        for index in start..<end {
            let folder = try TemporaryFolder()
            var damaged = bytes
            damaged[index] ^= 1 << UInt8(index % 8)
            try damaged.write(to: folder.file("journal"))
            let error = #expect(throws: StorageError.self) { try open(folder) }
            guard case .damagedRecord(let path, let offset, _) = error else {
                Issue.record("byte \(index): \(String(describing: error))")
                continue
            }
            #expect(path == folder.file("journal").path)
            #expect(offset == UInt64(start))
            #expect(try Data(contentsOf: folder.file("journal")) == damaged)
        }
    }

    @Test func `a whole record in another record's place is damage`() throws {
        let folder = try TemporaryFolder()
        let same = ["same", "size", "each"].map { Data($0.utf8) }
        var bytes = try write(same, into: folder, committingEach: true)
        let count = JournalFormat.recordHeaderBytes + 4
        let first = JournalFormat.fileHeaderBytes
        bytes.replaceSubrange(first + count..<first + 2 * count, with: bytes[first..<first + count])
        try bytes.write(to: folder.file("journal"))
        let error = #expect(throws: StorageError.self) { try open(folder) }
        #expect(error?.description.contains("the record at byte \(first + count) is damaged") == true)
    }

    @Test func `a second coordinator is refused until the first is gone`() throws {
        let folder = try TemporaryFolder()
        do {
            let (journal, _) = try open(folder)
            let error = #expect(throws: StorageError.locked(path: journal.path)) { try open(folder) }
            #expect(
                error?.description == "\(journal.path): another coordinator is running in this folder; "
                    + "wait for it, stop it, or choose another folder")
            withExtendedLifetime(journal) {}
        }
        _ = try open(folder)
    }

    @Test func `a process that is being started does not keep a closed journal locked`() throws {
        let folder = try TemporaryFolder()
        // What a process has between fork and exec: a copy of every descriptor of its parent's.
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        do {
            let (journal, _) = try open(folder)
            for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
                if target == journal.path, let descriptor = Int32(name) { copies.append(dup(descriptor)) }
            }
            withExtendedLifetime(journal) {}
        }
        #expect(!copies.isEmpty)
        _ = try open(folder)
    }

    @Test func `a file that is no journal is left alone`() throws {
        for content in ["{\"a\": 1}", "a text that is longer than a header"] {
            let folder = try TemporaryFolder()
            try Data(content.utf8).write(to: folder.file("journal"))
            #expect(throws: StorageError.notAJournal(path: folder.file("journal").path)) { try open(folder) }
            #expect(try Data(contentsOf: folder.file("journal")) == Data(content.utf8))
        }
    }

    @Test func `another version is refused, with both named`() throws {
        let folder = try TemporaryFolder()
        var bytes = try write(records, into: folder, committingEach: true)
        bytes[8] = 9
        try bytes.write(to: folder.file("journal"))
        #expect(
            throws: StorageError.unsupportedVersion(path: folder.file("journal").path, found: 9, expected: 1)
        ) { try open(folder) }
    }

    @Test func `a creation that was cut short is taken up again`() throws {
        for content in [Data(JournalFormat.fileHeader.prefix(5)), Data(count: 16)] {
            let folder = try TemporaryFolder()
            try content.write(to: folder.file("journal"))
            try open(folder).0.append(records[0])
            #expect(try open(folder).1 == [records[0]])
        }
    }

    @Test func `a record above the limit is neither written nor read`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("journal").path
        do {
            let (journal, _) = try open(folder)
            try journal.append(Data(count: 101))
        }
        #expect(throws: StorageError.recordTooLarge(path: path, bytes: 101, limit: 100)) {
            try Journal(folder: folder.url, recordLimit: 100) { _ in }
        }
        let (journal, _) = try open(folder)
        let strict = try TemporaryFolder()
        let small = try Journal(folder: strict.url, recordLimit: 100) { _ in }
        #expect(throws: StorageError.recordTooLarge(path: small.path, bytes: 101, limit: 100)) {
            try small.append(Data(count: 101))
        }
        #expect(journal.recovery.records == 1)
    }

    @Test func `records appended while the disk is waited for are left to the next commit`() throws {
        let folder = try TemporaryFolder()
        let (journal, _) = try open(folder)
        try journal.append(records[0])
        let first = try #require(try journal.beginCommit())
        try journal.append(records[1])
        try journal.finish(first, first.wait())
        let second = try #require(try journal.beginCommit())
        try journal.finish(second, second.wait())
        let isSettled = try journal.beginCommit() == nil
        #expect(isSettled)
    }

    @Test func `a wait that failed closes the journal`() throws {
        let folder = try TemporaryFolder()
        let (journal, _) = try open(folder)
        try journal.append(records[0])
        let commit = try #require(try journal.beginCommit())
        let failure = StorageError.system(operation: "synchronize", path: journal.path, code: EIO)
        #expect(throws: failure) { try journal.finish(commit, .failure(failure)) }
        #expect(throws: StorageError.journalClosed(path: journal.path)) { try journal.append(records[1]) }
        #expect(throws: StorageError.journalClosed(path: journal.path)) { try journal.beginCommit() }
        #expect(throws: StorageError.journalClosed(path: journal.path)) { try journal.finish(commit, .success(())) }
    }

    @Test func `a failure of the replay is passed on, and releases the file`() throws {
        struct Failure: Error {}
        let folder = try TemporaryFolder()
        _ = try write(records, into: folder, committingEach: true)
        #expect(throws: Failure.self) { try Journal(folder: folder.url) { _ in throw Failure() } }
        #expect(try open(folder).1 == records)
    }

    @Test func `a full disk loses none of the records before`() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            do {
                let journal = try Journal(folder: folder.url) { _ in }
                try journal.append(Data("kept".utf8))
                limitFileSize(to: 10_000)
                let end = journal.end
                let error = #expect(throws: StorageError.self) { try journal.append(Data(count: 20_000)) }
                #expect(error == .system(operation: "write", path: journal.path, code: EFBIG))
                #expect(try Data(contentsOf: folder.file("journal")).count == Int(end))
                try journal.append(Data("small enough".utf8))
                try journal.commit()
            }
            var replayed: [Data] = []
            _ = try Journal(folder: folder.url) { replayed.append($0.payload) }
            #expect(replayed == [Data("kept".utf8), Data("small enough".utf8)])
        }
    }

    @Test func `a file system without locks is named with what to do`() {
        let error = StorageError.system(operation: "lock", path: "/net/run/journal", code: ENOLCK)
        #expect("\(error)".contains("/net/run/journal") && "\(error)".contains("choose a folder on a local disk"))
    }

    @Test func `an error is one line that says what to do`() {
        let full = StorageError.system(operation: "write", path: "/runs/a\nb/journal", code: ENOSPC)
        #expect(
            full.description == "cannot write /runs/a\\nb/journal: No space left on device; "
                + "free some space and start again with the same command")
    }
}
