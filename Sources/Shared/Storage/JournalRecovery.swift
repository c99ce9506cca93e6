package import Foundation

/// What is left of a journal that was damaged after it had reached the disk: every record that is whole.
package struct JournalRecovery: Equatable, Sendable {
    /// A stretch of the file that is no record any more.
    package struct Loss: Equatable, Sendable {
        /// Bytes from the start of the file.
        package let offset: UInt64
        package let bytes: UInt64
        package let reason: String
    }

    /// Whole records that were kept, in their order.
    package private(set) var records = 0
    package private(set) var losses: [Loss] = []

    /// What the damaged file is called afterwards, beside the journal.
    package static let damagedName = "journal.damaged"

    /// Replaces the journal in `folder` by one of its whole records, where it is damaged; the old file stays beside it.
    ///
    /// Throws ``StorageError`` where a coordinator has the journal open, the file is something else, or an earlier
    /// recovery's damaged file is in the way.
    package init(folder: URL) throws {
        let path = folder.appendingPathComponent("journal").path
        let damaged = folder.appendingPathComponent(Self.damagedName).path
        guard WholeFile.isThere(path) else { throw StorageError.system(operation: "open", path: path, code: ENOENT) }
        let old = try JournalFile(path: path, folder: folder.path)
        let size = try old.size()
        let reader = JournalReader(path: path, size: size, recordLimit: UInt64(Journal.defaultRecordLimit))
        // In a folder of its own, so that a kill leaves the journal as it was.
        let scratch = folder.appendingPathComponent(".recovery")
        try? FileManager.default.removeItem(at: scratch)
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let new = try Journal(folder: scratch) { _ in }
        try reader.salvage(old) { finding in
            switch finding {
            case .record(let payload):
                try new.append(payload)
                records += 1
            case .loss(let loss): losses.append(loss)
            }
        }
        try new.commit()
        guard !losses.isEmpty else { return }
        guard !WholeFile.isThere(damaged) else {
            throw StorageError.system(operation: "keep", path: damaged, code: EEXIST)
        }
        // The journal is there at any time: the old one under both names first.
        guard link(path, damaged) == 0, rename(scratch.appendingPathComponent("journal").path, path) == 0 else {
            throw StorageError.system(operation: "replace", path: path, code: errno)
        }
        try OpenFile.synchronize(folder: folder.path)
    }
}

extension JournalReader {
    enum Salvage {
        case record(Data)
        case loss(JournalRecovery.Loss)
    }

    /// Hands over every whole record, and what lies between them, in the file's order. A record's header says where in
    /// the file it stands, so that nothing else is taken for one.
    func salvage(_ medium: some JournalSource, _ body: (Salvage) throws -> Void) throws {
        guard try hasFileHeader(medium) else { return }
        var offset = UInt64(JournalFormat.fileHeaderBytes)
        while offset < size {
            switch try record(medium, at: offset) {
            case .whole(let payload, let end):
                try body(.record(payload))
                offset = end
            case .bad(let reason, let searchFrom):
                let next = try nextHeader(medium, from: searchFrom) ?? size
                try body(.loss(JournalRecovery.Loss(offset: offset, bytes: next - offset, reason: reason)))
                offset = next
            }
        }
    }
}
