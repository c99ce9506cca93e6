package import Foundation
package import Storage

/// The output folder of a run.
package struct RunFolder: RunStorage, Sendable {
    package let url: URL
    /// Told of the journal's bytes that were read, and of all that there are, record by record.
    package var onReading: (@Sendable (_ read: UInt64, _ size: UInt64) -> Void)?

    package init(_ url: URL) {
        self.url = url
    }

    package var path: String { url.path }
    /// What local workers print.
    package var logs: URL { url.appendingPathComponent("logs") }

    package func url(of file: String) -> URL { url.appendingPathComponent(file) }

    /// Refuses a place where the run could not write, before anything is read; nothing is made there yet.
    package func check() throws {
        var place = url.standardizedFileURL
        while access(place.path, F_OK) != 0, place.path != "/" { place.deleteLastPathComponent() }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw HostError.notAFolder(path: place.path)
        }
        guard access(place.path, W_OK | X_OK) == 0 else {
            throw StorageError.system(operation: "write into", path: place.path, code: errno)
        }
    }

    package func create() throws {
        try check()
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    package func journal(replay: (Journal.Record) throws -> Void) throws -> Journal {
        var status = stat()
        let size = stat(url(of: RunFiles.journal).path, &status) == 0 ? UInt64(status.st_size) : 0
        let journal = try Journal(folder: url) { record in
            try replay(record)
            onReading?(record.position.offset, size)
        }
        // The journal is locked: no other coordinator writes here.
        AtomicFile.removeLeftovers(in: url)
        return journal
    }

    package func contains(_ file: String) -> Bool { FileManager.default.fileExists(atPath: url(of: file).path) }

    package func read(_ file: String, limit: Int) throws -> Data? {
        try WholeFile.read(url(of: file).path, limit: limit)
    }

    package func write(
        _ file: String, _ body: (_ piece: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        if file.contains("/") {
            try FileManager.default.createDirectory(
                at: url(of: file).deletingLastPathComponent(), withIntermediateDirectories: true)
        }
        try AtomicFile.write(to: url(of: file)) { writer in try body { try writer.write($0) } }
    }
}
