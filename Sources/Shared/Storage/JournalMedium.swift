import Foundation
import Synchronization

/// What a journal's bytes are read from.
package protocol JournalSource {
    /// Bytes.
    func size() throws(StorageError) -> UInt64
    /// Reads up to `buffer.count` bytes from `offset` on; fewer only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int
}

/// What a journal's bytes lie on: a file, or memory. The journal's format, its checks and its recovery are the same
/// on both.
package protocol JournalMedium: JournalSource, AnyObject, Sendable {
    /// Writes all pieces, one after the other, from `offset` on.
    func write(_ pieces: [UnsafeRawBufferPointer], at offset: UInt64) throws(StorageError)
    func truncate(to size: UInt64) throws(StorageError)
    /// Waits until what has been written is durable, and the size. From any thread.
    func synchronizeContent() throws(StorageError)
    /// The same, and everything else about the medium, its name included.
    func synchronize() throws(StorageError)
}

extension JournalMedium {
    func write(_ bytes: [UInt8], at offset: UInt64) throws(StorageError) {
        try bytes.withUnsafeBufferPointer { piece throws(StorageError) in
            try write([UnsafeRawBufferPointer(piece)], at: offset)
        }
    }
}

/// The file of a journal, locked for as long as it is held.
final class JournalFile: JournalMedium {
    private let file: OpenFile
    private let folder: String

    /// Opens or creates `folder`/journal, which no other process may have open.
    init(path: String, folder: String) throws(StorageError) {
        var file = try OpenFile(path: path, flags: O_RDWR | O_CREAT)
        try file.lock()
        self.file = file
        self.folder = folder
    }

    func size() throws(StorageError) -> UInt64 { try file.size() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func write(_ pieces: [UnsafeRawBufferPointer], at offset: UInt64) throws(StorageError) {
        try file.write(pieces, at: offset)
    }

    func truncate(to size: UInt64) throws(StorageError) { try file.truncate(to: size) }

    func synchronizeContent() throws(StorageError) { try file.synchronizeContent() }

    func synchronize() throws(StorageError) {
        try file.synchronize()
        try OpenFile.synchronize(folder: folder)
    }
}

/// The file of a journal that another run writes, or has written.
final class ForeignJournalFile: JournalSource {
    private let file: OpenFile

    init(path: String) throws(StorageError) { file = try OpenFile(path: path, flags: O_RDONLY) }

    func size() throws(StorageError) -> UInt64 { try file.size() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(StorageError) -> Int {
        try file.read(into: buffer, at: offset)
    }
}

/// A journal's bytes in memory, and how many of them a power failure would leave.
package final class JournalMemory: JournalMedium {
    private struct Content {
        var bytes: [UInt8] = []
        var durable = 0
    }

    private let content: Mutex<Content>

    /// - Parameter bytes: what is there already, and durable.
    package init(_ bytes: [UInt8] = []) {
        content = Mutex(Content(bytes: bytes, durable: bytes.count))
    }

    /// All that was written, and how much of it, from the start, is durable.
    package var state: (bytes: [UInt8], durable: Int) { content.withLock { ($0.bytes, $0.durable) } }

    package func size() -> UInt64 { content.withLock { UInt64($0.bytes.count) } }

    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        content.withLock { content in
            guard offset < UInt64(content.bytes.count) else { return 0 }
            let count = min(buffer.count, content.bytes.count - Int(offset))
            content.bytes.withUnsafeBytes { bytes in
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset) + count]))
            }
            return count
        }
    }

    package func write(_ pieces: [UnsafeRawBufferPointer], at offset: UInt64) {
        content.withLock { content in
            var offset = Int(offset)
            for piece in pieces {
                let end = min(offset + piece.count, content.bytes.count)
                content.bytes.replaceSubrange(min(offset, end)..<end, with: piece)
                offset += piece.count
            }
        }
    }

    package func truncate(to size: UInt64) {
        content.withLock { content in
            content.bytes.removeLast(max(0, content.bytes.count - Int(size)))
            content.durable = min(content.durable, content.bytes.count)
        }
    }

    package func synchronizeContent() { content.withLock { $0.durable = $0.bytes.count } }

    package func synchronize() { synchronizeContent() }
}
