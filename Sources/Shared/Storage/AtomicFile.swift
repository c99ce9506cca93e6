package import Foundation

/// Files that are there whole or not at all.
///
/// The new content goes to a temporary file in the same folder, reaches the disk, and then takes the name in one
/// step; the folder is synchronized too. Whoever reads the name finds the old content or the new, whatever
/// happens in between. Where writing fails the old content stays and the temporary file is removed; after a kill
/// it may be left behind, for ``removeLeftovers(in:)``. A link is replaced, not followed.
package enum AtomicFile {
    /// Replaces the content of the file at `url` with `data`. Throws ``StorageError``, naming the path.
    package static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { writer in try writer.write(data) }
    }

    /// Removes what writes that were killed have left in `folder`, which nobody else writes to.
    package static func removeLeftovers(in folder: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
            unlink("\(folder.path)/\(name)")
        }
    }

    private static let prefix = ".atomic-"
    private static let suffix = ".tmp"

    /// Replaces the content of the file at `url` with what `body` writes, piece by piece.
    ///
    /// Throws ``StorageError``, naming the path, or what `body` throws; the old content stays in both cases.
    package static func write(to url: URL, _ body: (inout Writer) throws -> Void) throws {
        let folder = url.deletingLastPathComponent().path
        let temporary = "\(folder)/\(prefix)\(String(UInt64.random(in: .min ... .max), radix: 16))\(suffix)"
        do {
            var writer = Writer(file: try OpenFile(path: temporary, flags: O_WRONLY | O_CREAT | O_EXCL))
            try body(&writer)
            try writer.finish()
            guard rename(temporary, url.path) == 0 else {
                throw StorageError.system(operation: "replace", path: url.path, code: errno)
            }
        } catch let StorageError.system(operation, path, code) where path == temporary {
            // The user knows the file by its own name.
            unlink(temporary)
            throw StorageError.system(operation: operation, path: url.path, code: code)
        } catch {
            unlink(temporary)
            throw error
        }
        try OpenFile.synchronize(folder: folder)
    }
}

extension AtomicFile {
    /// Appends to the file that is to take the name; gathers small pieces into larger writes.
    package struct Writer: ~Copyable {
        private static let bufferBytes = 1 << 16

        private let file: OpenFile
        private var offset: UInt64 = 0
        private var buffer: [UInt8] = []

        fileprivate init(file: consuming OpenFile) {
            self.file = file
        }

        /// Appends raw bytes.
        package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
            if buffer.count + bytes.count <= Writer.bufferBytes {
                buffer.append(contentsOf: bytes)
                return
            }
            try flush()
            try file.write([bytes], at: offset)
            offset += UInt64(bytes.count)
        }

        /// Appends the bytes of `data`.
        package mutating func write(_ data: Data) throws {
            try data.withUnsafeBytes { try write($0) }
        }

        /// Appends the UTF-8 bytes of `text`.
        package mutating func write(_ text: String) throws {
            var text = text
            try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
        }

        fileprivate mutating func finish() throws(StorageError) {
            try flush()
            try file.synchronize()
        }

        private mutating func flush() throws(StorageError) {
            guard !buffer.isEmpty else { return }
            try file.write(buffer, at: offset)
            offset += UInt64(buffer.count)
            buffer.removeAll(keepingCapacity: true)
        }
    }
}
