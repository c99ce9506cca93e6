package import Foundation

/// The append-only, checksummed record of a run: the file `journal` in the run's folder.
///
/// What ``commit()`` returned for is on disk and comes back on the next opening, in the order it was appended:
///
///     let journal = try Journal(folder: run) { record in state.apply(record.payload) }
///     try journal.append(result)
///     try journal.append(anotherResult)
///     try journal.commit()                  // one wait for the disk, however many records
///
/// Opening replays all whole records, cuts off a tail that a kill or a power failure left torn, and says how much
/// in ``recovery``. A damaged record with committed ones behind it is an error that names the file and the byte.
/// (The last record of all is cut off when damaged: nothing tells that from a torn write.)
///
/// One process at a time: the file is locked until the journal is released. The instance belongs to one actor or
/// thread; `commit` waits for the disk. Who must not wait has another thread do that, and may append meanwhile:
///
///     if let commit = try journal.beginCommit() {
///         queue.async { let result = commit.wait(); … journal.finish(commit, result) on its own thread … }
///     }
package final class Journal {
    /// A record as it comes back on opening.
    package struct Record {
        /// Where the record is, for ``Journal/read(at:)``.
        package let position: Position
        /// The bytes that were appended.
        package let payload: Data
    }

    /// Where a record is in its journal: good for as long as the file exists.
    package struct Position: Hashable, Comparable, Sendable {
        /// Bytes from the start of the file to the record's header.
        package let offset: UInt64

        package static func < (left: Position, right: Position) -> Bool { left.offset < right.offset }
    }

    /// What opening found.
    package struct Recovery: Equatable, Sendable {
        /// The number of whole records that were replayed.
        package internal(set) var records = 0
        /// The number of bytes of a torn tail that were cut off; 0 after a clean end.
        package internal(set) var cutBytes: UInt64 = 0
    }

    /// The largest payload that a journal takes unless told otherwise: 1 GiB.
    package static let defaultRecordLimit = 1 << 30

    /// The journal's path.
    package let path: String
    /// What opening found.
    package let recovery: Recovery
    /// The journal's size in bytes, with the records that are not committed yet.
    package private(set) var end: UInt64

    private let medium: any JournalMedium
    private let recordLimit: UInt64
    private var durable: UInt64
    private var isClosed = false

    /// Opens or creates the journal in `folder`, which must exist, and hands each whole record to `replay`, one at
    /// a time in memory.
    ///
    /// Throws ``StorageError`` where another process has the journal open, the file is something else or damaged,
    /// or holds a record above `recordLimit` bytes; and whatever `replay` throws.
    package convenience init(
        folder: URL, recordLimit: Int = Journal.defaultRecordLimit, replay: (Record) throws -> Void
    ) throws {
        let path = folder.appendingPathComponent("journal").path
        let file = try JournalFile(path: path, folder: folder.path)
        try self.init(medium: file, path: path, recordLimit: recordLimit, replay: replay)
    }

    /// Opens or begins the journal on `medium`, which nobody else uses, as ``init(folder:recordLimit:replay:)`` does.
    /// - Parameter path: what errors call it.
    package init(
        medium: any JournalMedium, path: String, recordLimit: Int = Journal.defaultRecordLimit,
        replay: (Record) throws -> Void
    ) throws {
        self.medium = medium
        self.path = path
        self.recordLimit = UInt64(max(recordLimit, 0))
        let reader = JournalReader(path: path, size: try medium.size(), recordLimit: self.recordLimit)
        let found = try reader.replay(medium, replay)
        recovery = found.recovery
        end = found.end
        if found.end == 0 {
            try medium.truncate(to: 0)
            try medium.write(JournalFormat.fileHeader, at: 0)
            end = UInt64(JournalFormat.fileHeaderBytes)
        } else if recovery.cutBytes > 0 {
            try medium.truncate(to: end)
        }
        // What was replayed counts as durable from here on, so it has to be, and so has the file's name.
        try medium.synchronize()
        durable = end
    }

    /// Hands each whole record of the journal in `folder` to `body`, and leaves the journal as it is: another process may
    /// be writing it, and what it writes meanwhile is not read.
    package static func read(
        folder: URL, recordLimit: Int = Journal.defaultRecordLimit, _ body: (Record) throws -> Void
    ) throws {
        let path = folder.appendingPathComponent("journal").path
        let file = try ForeignJournalFile(path: path)
        let reader = JournalReader(path: path, size: try file.size(), recordLimit: UInt64(max(recordLimit, 0)))
        _ = try reader.replay(file, body)
    }

    /// Appends one record, given in pieces that are joined; it is durable once ``commit()`` has returned.
    ///
    /// Where the write fails (a full disk) the file is cut back to the records before it, and the error thrown:
    /// the journal can be appended to again. Where even that fails it refuses everything further.
    @discardableResult
    package func append(_ payload: [UnsafeRawBufferPointer]) throws(StorageError) -> Position {
        guard !isClosed else { throw .journalClosed(path: path) }
        var length: UInt64 = 0
        for piece in payload {
            let (sum, overflow) = length.addingReportingOverflow(UInt64(piece.count))
            guard !overflow, sum <= recordLimit else {
                throw .recordTooLarge(path: path, bytes: overflow ? .max : sum, limit: recordLimit)
            }
            length = sum
        }
        let header = JournalFormat.RecordHeader(
            length: length, durable: durable, payloadCheck: JournalFormat.payloadCheck(of: payload))
        let bodyOffset = end + UInt64(JournalFormat.recordHeaderBytes)
        do throws(StorageError) {
            try medium.write(header.encoded(at: end), at: end)
            try medium.write(payload, at: bodyOffset)
        } catch {
            do throws(StorageError) { try medium.truncate(to: end) } catch { isClosed = true }
            throw error
        }
        let position = Position(offset: end)
        end = bodyOffset + length
        return position
    }

    /// Appends one record.
    @discardableResult
    package func append(_ payload: Data) throws -> Position {
        try payload.withUnsafeBytes { try append([$0]) }
    }

    /// Waits until every record appended so far is on disk.
    ///
    /// After a failure the journal refuses everything further: the kernel may have dropped the pages, so a second
    /// attempt could report success for records that are not there. Opening it again finds out what is.
    package func commit() throws(StorageError) {
        guard let commit = try beginCommit() else { return }
        try finish(commit, commit.wait())
    }

    /// A wait for the records appended so far; nil where they are all on disk.
    package func beginCommit() throws(StorageError) -> Commit? {
        guard !isClosed else { throw .journalClosed(path: path) }
        return durable < end ? Commit(medium: medium, end: end) : nil
    }

    /// Takes in how a wait ended, which ``beginCommit()`` gave: its records are on disk, or the error is thrown and
    /// the journal refuses everything further.
    package func finish(_ commit: Commit, _ result: Result<Void, StorageError>) throws(StorageError) {
        do throws(StorageError) { try result.get() } catch {
            isClosed = true
            throw error
        }
        guard !isClosed else { throw .journalClosed(path: path) }
        durable = max(durable, commit.end)
    }

    /// A wait for the disk, for any thread; records may be appended meanwhile.
    package struct Commit: Sendable {
        fileprivate let medium: any JournalMedium
        /// Where the records end that are waited for.
        fileprivate let end: UInt64

        package func wait() -> Result<Void, StorageError> {
            Result { () throws(StorageError) in try medium.synchronizeContent() }
        }
    }

    /// The payload of the record at `position`, read from disk and checked again. Throws ``StorageError``.
    package func read(at position: Position) throws -> Data {
        let reader = JournalReader(path: path, size: end, recordLimit: recordLimit)
        switch try reader.record(medium, at: position.offset) {
        case .whole(let payload, _): return payload
        case .bad(let reason, _): throw StorageError.damagedRecord(path: path, offset: position.offset, reason: reason)
        }
    }
}
