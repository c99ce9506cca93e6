import Foundation

/// Reads a journal from its first byte to its last whole record, and tells a torn tail from damage.
struct JournalReader {
    /// What lies at an offset.
    enum Finding {
        /// A record that is what was written, and the offset behind it.
        case whole(payload: Data, end: UInt64)
        /// Anything else, why, and the offset from which later records may be looked for.
        case bad(reason: String, searchFrom: UInt64)
    }

    let path: String
    /// The file's size in bytes.
    let size: UInt64
    /// The largest payload in bytes.
    let recordLimit: UInt64

    /// Hands every whole record to `body`; returns the offset behind the last one, 0 where the file has yet to be
    /// begun.
    func replay(
        _ medium: some JournalSource, _ body: (Journal.Record) throws -> Void
    ) throws -> (end: UInt64, recovery: Journal.Recovery) {
        var recovery = Journal.Recovery()
        guard try hasFileHeader(medium) else {
            recovery.cutBytes = size
            return (0, recovery)
        }
        var offset = UInt64(JournalFormat.fileHeaderBytes)
        while offset < size {
            switch try record(medium, at: offset) {
            case .whole(let payload, let end):
                try body(Journal.Record(position: Journal.Position(offset: offset), payload: payload))
                recovery.records += 1
                offset = end
            case .bad(let reason, let searchFrom):
                if try wasDurable(medium, offset, searchFrom: searchFrom) {
                    throw StorageError.damagedRecord(path: path, offset: offset, reason: reason)
                }
                recovery.cutBytes = size - offset
                return (offset, recovery)
            }
        }
        return (offset, recovery)
    }

    /// Reads and checks the record at `offset`. Throws where the file cannot be read or the payload is too large.
    func record(_ medium: some JournalSource, at offset: UInt64) throws -> Finding {
        let headerBytes = UInt64(JournalFormat.recordHeaderBytes)
        guard offset <= size, size - offset >= headerBytes else {
            return .bad(reason: "its header is incomplete", searchFrom: size)
        }
        let bytes = try read(medium, count: JournalFormat.recordHeaderBytes, at: offset)
        guard let header = JournalFormat.RecordHeader(bytes[...], at: offset) else {
            return .bad(reason: "its header is not what was written", searchFrom: offset + 1)
        }
        guard header.length <= size - offset - headerBytes else {
            return .bad(reason: "its payload is incomplete", searchFrom: offset + headerBytes)
        }
        guard header.length <= recordLimit else {
            throw StorageError.recordTooLarge(path: path, bytes: header.length, limit: recordLimit)
        }
        var payload = Data(count: Int(header.length))
        let filled = try payload.withUnsafeMutableBytes { try medium.read(into: $0, at: offset + headerBytes) }
        guard filled == payload.count else { return .bad(reason: "its payload is incomplete", searchFrom: size) }
        let end = offset + headerBytes + header.length
        let check = payload.withUnsafeBytes { JournalFormat.payloadCheck(of: [$0]) }
        guard check == header.payloadCheck else {
            return .bad(reason: "its payload is not what was written", searchFrom: end)
        }
        return .whole(payload: payload, end: end)
    }

    /// Whether the file begins as a journal does; false where its creation was cut short.
    func hasFileHeader(_ medium: some JournalSource) throws(StorageError) -> Bool {
        let expected = JournalFormat.fileHeader
        let found = try read(medium, count: Int(min(size, UInt64(expected.count))), at: 0)
        if found == expected { return true }
        // Of a file whose first write was cut off there is a beginning, or its length without its content.
        let isUnbegun = expected.starts(with: found) || found.allSatisfy { $0 == 0 }
        if size <= UInt64(expected.count), isUnbegun { return false }
        let magic = JournalFormat.fileMagic.count
        guard found.count == expected.count, found.starts(with: JournalFormat.fileMagic) else {
            throw .notAJournal(path: path)
        }
        let version = UInt32(truncatingIfNeeded: JournalFormat.number(found[magic..<magic + 4]))
        guard version == JournalFormat.version else {
            throw .unsupportedVersion(path: path, found: version, expected: JournalFormat.version)
        }
        throw .notAJournal(path: path)
    }

    /// Whether a record behind `searchFrom` says that the byte at `offset` had reached the disk.
    private func wasDurable(
        _ medium: some JournalSource, _ offset: UInt64, searchFrom: UInt64
    ) throws(StorageError) -> Bool {
        try nextHeader(medium, from: searchFrom) { $0.durable > offset } != nil
    }

    /// Where the first record's header is from `searchFrom` on that fits; nil where there is none.
    func nextHeader(
        _ medium: some JournalSource, from searchFrom: UInt64,
        where fits: (JournalFormat.RecordHeader) -> Bool = { _ in true }
    ) throws(StorageError) -> UInt64? {
        let headerBytes = JournalFormat.recordHeaderBytes
        let chunkBytes = 1 << 20
        var start = searchFrom
        while start < size, size - start >= UInt64(headerBytes) {
            let chunk = try read(medium, count: Int(min(size - start, UInt64(chunkBytes))), at: start)
            guard chunk.count >= headerBytes else { return nil }
            for index in 0...chunk.count - headerBytes where chunk[index] == JournalFormat.recordMagic[0] {
                let bytes = chunk[index..<index + headerBytes]
                let place = start + UInt64(index)
                if let header = JournalFormat.RecordHeader(bytes, at: place), fits(header) { return place }
            }
            start += UInt64(chunk.count - headerBytes + 1)
        }
        return nil
    }

    /// Up to `count` bytes at `offset`; fewer where the file has become shorter meanwhile.
    private func read(_ medium: some JournalSource, count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let filled = try bytes.withUnsafeMutableBufferPointer { buffer throws(StorageError) in
            try medium.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
        }
        bytes.removeLast(count - filled)
        return bytes
    }
}
