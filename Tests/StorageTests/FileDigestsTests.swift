import Foundation
import TestSupport
import Testing

@testable import Storage

/// A file's digest is that of its bytes, whatever is kept of earlier ones.
struct FileDigestsTests {
    private let temporary: TemporaryFolder
    private var kept: URL { temporary.file("kept") }
    private var file: URL { temporary.file("weights") }

    init() throws { temporary = try TemporaryFolder() }

    private var digests: FileDigests { FileDigests(folder: kept, minimumBytes: 0) }

    /// Writes the file as it was an hour ago: what was written just now is not kept.
    private func write(_ text: String, secondsAgo: Double = 3600) throws {
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -secondsAgo)], ofItemAtPath: file.path)
    }

    private func entries() -> [URL] {
        (try? FileManager.default.contentsOfDirectory(at: kept, includingPropertiesForKeys: nil)) ?? []
    }

    /// A digest under the entry's name that is not the file's, so that what is kept shows.
    private static let forged = String(repeating: "0", count: 64)

    /// The inode's own time cannot be set, so a test waits for it.
    private func settle() { usleep(2_100_000) }

    @Test func `a digest is kept once the file has come to rest, and serves until anything about it changes`() throws {
        try write("one")
        #expect(try digests.digest(ofFileAt: file) == ContentHasher.digest(of: "one"))
        #expect(entries().isEmpty)

        settle()
        _ = try digests.digest(ofFileAt: file)
        let entry = try #require(entries().first)
        #expect(entries().count == 1)
        try Data(Self.forged.utf8).write(to: entry)
        #expect(try digests.digest(ofFileAt: file).hex == Self.forged)

        // The same size and the same time of change: the inode's own tells.
        try write("two")
        #expect(try digests.digest(ofFileAt: file) == ContentHasher.digest(of: "two"))
        // Another path.
        let other = temporary.file("other")
        try FileManager.default.moveItem(at: file, to: other)
        #expect(try digests.digest(ofFileAt: other) == ContentHasher.digest(of: "two"))
    }

    @Test(arguments: ["", "not a digest", String(repeating: "g", count: 64), String(repeating: "0", count: 65)])
    func `an entry that holds no digest is of no account`(content: String) throws {
        try write("one")
        settle()
        _ = try digests.digest(ofFileAt: file)
        try Data(content.utf8).write(to: try #require(entries().first))
        #expect(try digests.digest(ofFileAt: file) == ContentHasher.digest(of: "one"))
    }

    @Test func `where nothing can be kept, files are read every time`() throws {
        try write("one")
        try Data().write(to: kept)
        #expect(try digests.digest(ofFileAt: file) == ContentHasher.digest(of: "one"))
        #expect(try FileDigests(environment: [:]).digest(ofFileAt: file) == ContentHasher.digest(of: "one"))
    }

    @Test func `several files' digests are in the files' order, and the first that cannot be read is named`() throws {
        let files = try (0..<40).map { try temporary.file(holding: Data("file \($0)".utf8)) }
        #expect(
            try digests.digests(ofFilesAt: files) == files.indices.map { ContentHasher.digest(of: "file \($0)") })
        let missing = temporary.file("none")
        #expect(throws: StorageError.system(operation: "open", path: missing.path, code: ENOENT)) {
            try digests.digests(ofFilesAt: files + [missing])
        }
    }
}
