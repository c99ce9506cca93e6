import Foundation

/// How a journal lies on disk. All numbers are little-endian.
///
///     file:    magic (8 bytes)  version (4)  zero (4)  record*
///     record:  magic (4)  zero (4)  length (8)  durable (8)  payload check (8)  header check (8)  payload (length)
///
/// A check is the first 8 bytes of a SHA-256: OpenSSL is linked for the fingerprints anyway, and with the
/// processor's SHA instructions it keeps ahead of the disk. The header check also covers the record's own
/// offset, so a whole record in a wrong place is not taken for a good one; and it is apart from the payload's, so
/// that a damaged length cannot lead the reader astray.
///
/// `durable` is the number of bytes of the file that were known to be on disk when the record was written. It
/// tells a torn tail from damage: of two records written after the last commit a power failure may keep the later
/// alone, but a bad record below the `durable` of any later one had reached the disk whole.
enum JournalFormat {
    static let version: UInt32 = 1
    static let fileHeaderBytes = 16
    static let recordHeaderBytes = 40
    static let fileMagic = Array("ACTJRNL\n".utf8)
    static let recordMagic: [UInt8] = [0xA7, 0x52, 0x45, 0x43]

    /// The 16 bytes that every journal begins with.
    static var fileHeader: [UInt8] { fileMagic + littleEndian(version) + [0, 0, 0, 0] }

    /// The fields of a record's header.
    struct RecordHeader: Equatable {
        /// The payload's size in bytes.
        var length: UInt64
        /// How many bytes of the file were on disk when the record was written.
        var durable: UInt64
        /// The first 8 bytes of the payload's SHA-256.
        var payloadCheck: [UInt8]

        /// The header's bytes for a record at `offset`.
        func encoded(at offset: UInt64) -> [UInt8] {
            let fields = recordMagic + [0, 0, 0, 0] + littleEndian(length) + littleEndian(durable) + payloadCheck
            return fields + RecordHeader.check(of: fields[...], at: offset)
        }

        /// Reads the header of a record at `offset` from 40 bytes; nil where they are not what was written.
        init?(_ bytes: ArraySlice<UInt8>, at offset: UInt64) {
            guard bytes.count == recordHeaderBytes, bytes.starts(with: recordMagic),
                bytes.suffix(8).elementsEqual(RecordHeader.check(of: bytes.dropLast(8), at: offset))
            else { return nil }
            let start = bytes.startIndex
            length = JournalFormat.number(bytes[start + 8..<start + 16])
            durable = JournalFormat.number(bytes[start + 16..<start + 24])
            payloadCheck = Array(bytes[start + 24..<start + 32])
        }

        init(length: UInt64, durable: UInt64, payloadCheck: [UInt8]) {
            self.length = length
            self.durable = durable
            self.payloadCheck = payloadCheck
        }

        private static func check(of fields: ArraySlice<UInt8>, at offset: UInt64) -> [UInt8] {
            var hasher = ContentHasher()
            hasher.update(littleEndian(offset))
            hasher.update(Array(fields))
            return Array(hasher.finish().bytes.prefix(8))
        }
    }

    /// The check of a payload that lies in several pieces.
    static func payloadCheck(of pieces: [UnsafeRawBufferPointer]) -> [UInt8] {
        var hasher = ContentHasher()
        for piece in pieces { hasher.update(piece) }
        return Array(hasher.finish().bytes.prefix(8))
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
