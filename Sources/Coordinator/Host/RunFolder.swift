package import Foundation
package import Storage

/// The output folder of a run.
package struct RunFolder: RunStorage, Sendable {
    package let url: URL

    package init(_ url: URL) {
        self.url = url
    }

    package var path: String { url.path }
    /// What local workers print.
    package var logs: URL { url.appendingPathComponent("logs") }

    package func url(of file: String) -> URL { url.appendingPathComponent(file) }

    package func create() throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
            throw HostError.notAFolder(path: path)
        }
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    package func journal(replay: (Journal.Record) throws -> Void) throws -> Journal {
        let journal = try Journal(folder: url, replay: replay)
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
        try AtomicFile.write(to: url(of: file)) { writer in try body { try writer.write($0) } }
    }
}
