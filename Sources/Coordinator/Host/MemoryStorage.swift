package import Foundation
package import Storage

/// A run's storage in memory: the journal in its own format, so that whatever becomes of its bytes is recovered by the
/// code that reads a file.
///
/// It belongs to one thread. What a power failure leaves of it is a new one, made of ``files`` and of as many of the
/// journal's bytes as shall be left.
package final class MemoryStorage: RunStorage, @unchecked Sendable {
    package let path = "memory"
    /// By name.
    package private(set) var files: [String: Data]
    package let journal: JournalMemory

    package init(files: [String: Data] = [:], journal: [UInt8] = []) {
        self.files = files
        self.journal = JournalMemory(journal)
    }

    package func create() {}

    package func journal(replay: (Journal.Record) throws -> Void) throws -> Journal {
        try Journal(medium: journal, path: path(of: RunFiles.journal), replay: replay)
    }

    package func contains(_ file: String) -> Bool { files[file] != nil }

    package func read(_ file: String, limit: Int = .max) -> Data? { files[file] }

    package func write(
        _ file: String, _ body: (_ piece: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        var data = Data()
        try body { data.append(contentsOf: $0) }
        files[file] = data
    }
}
