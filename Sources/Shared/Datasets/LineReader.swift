import Foundation

/// The lines of a plain or gzip file, read as they are asked for.
///
/// Lines end with "\n" or "\r\n", the last one also with the file. A byte order mark before the first is left out.
package final class LineReader {
    package struct Line: Sendable {
        /// Counted from 1.
        package let number: Int
        /// Without the line's end.
        package let bytes: [UInt8]

        /// The line as text; nil where it is not UTF-8.
        package var text: String? { String(validating: bytes, as: UTF8.self) }

        /// Nothing but spaces and tabs.
        package var isBlank: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 } }
    }

    package let file: String
    private let source: FileBytes
    private let limit: Int
    /// Bytes read and not yet handed out: `buffer[start...]`, of which those before `searched` hold no "\n".
    private var buffer: [UInt8] = []
    private var start = 0
    private var searched = 0
    private var number = 0

    /// - Parameter limit: bytes of the longest line that is taken.
    /// - Throws: ``DatasetError/unreadable(file:cause:)``.
    package init(file: String, limit: Int = 64 << 20) throws(DatasetError) {
        self.file = file
        self.limit = limit
        source = try FileBytes(file: file)
    }

    /// The next line; nil at the end.
    /// - Throws: ``DatasetError`` where the file cannot be read, unpacked, or a line is too long.
    package func next() throws(DatasetError) -> Line? {
        while true {
            if let end = newline() {
                defer { (start, searched) = (end + 1, end + 1) }
                return try line(endingAt: end)
            }
            guard buffer.count - start <= limit else { throw tooLong }
            guard let piece = try source.next() else { break }
            buffer.removeSubrange(..<start)
            searched = buffer.count
            start = 0
            buffer += piece
        }
        guard start < buffer.count else { return nil }
        defer { (start, searched) = (buffer.count, buffer.count) }
        return try line(endingAt: buffer.count)
    }

    private var tooLong: DatasetError { .lineTooLong(file: file, line: number + 1, limit: limit) }

    private func newline() -> Int? {
        let from = searched
        return buffer.withUnsafeBytes { bytes -> Int? in
            guard from < bytes.count, let base = bytes.baseAddress else { return nil }
            guard let found = memchr(base + from, 0x0a, bytes.count - from) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private func line(endingAt end: Int) throws(DatasetError) -> Line {
        guard end - start <= limit else { throw tooLong }
        var bytes = buffer[start..<end]
        if number == 0, bytes.starts(with: byteOrderMark) { bytes.removeFirst(byteOrderMark.count) }
        if bytes.last == 0x0d { bytes.removeLast() }
        number += 1
        return Line(number: number, bytes: Array(bytes))
    }
}
