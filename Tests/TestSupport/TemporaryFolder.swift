package import Foundation

/// A folder of one test's own, removed with this object.
///
/// All of a process stand in one folder, which goes when the process exits: also what a test held on to for ever.
/// Names are short, since sockets are put here too, whose paths have 107 bytes at most.
package final class TemporaryFolder: Sendable {
    package let url: URL

    /// The folder of this process, and its removal.
    private static let root: URL = {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("activation-tests-\(getpid())")
        atexit { try? FileManager.default.removeItem(at: TemporaryFolder.root) }
        return url
    }()

    package init() throws {
        url = Self.root.appendingPathComponent(String(UInt64.random(in: .min ... .max), radix: 36))
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The place of a file in it, which this does not create.
    package func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    /// A new file in it that holds these bytes.
    package func file(holding bytes: some Sequence<UInt8>) throws -> URL {
        let file = file(UUID().uuidString)
        try Data(bytes).write(to: file)
        return file
    }

    /// A new folder in it.
    package func folder() throws -> URL {
        let folder = file(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
