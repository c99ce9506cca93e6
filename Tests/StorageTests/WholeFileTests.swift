import Foundation
import Storage
import TestSupport
import Testing

struct WholeFileTests {
    @Test func `a file is read up to its limit, and a larger one is not read at all`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("file").path
        #expect(try WholeFile.read(path, limit: 10) == nil)
        try Data("0123456789".utf8).write(to: folder.file("file"))
        #expect(try WholeFile.read(path, limit: 10) == Data("0123456789".utf8))
        #expect(throws: StorageError.fileTooLarge(path: path, bytes: 10, limit: 9)) {
            try WholeFile.read(path, limit: 9)
        }
        // Five gibibytes of nothing.
        truncate(path, 5 << 30)
        #expect(throws: StorageError.fileTooLarge(path: path, bytes: 5 << 30, limit: 1 << 20)) {
            try WholeFile.read(path, limit: 1 << 20)
        }
    }

    @Test func `a pipe in its place is refused at once`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("pipe").path
        mkfifo(path, 0o600)
        #expect(throws: StorageError.notARegularFile(path: path)) { try WholeFile.read(path, limit: 10) }
    }

    @Test func `what killed writes have left is removed, and nothing else`() throws {
        let folder = try TemporaryFolder()
        for name in [".atomic-12ab.tmp", "results.json", ".atomic-12ab", "x.tmp"] {
            try Data().write(to: folder.file(name))
        }
        AtomicFile.removeLeftovers(in: folder.url)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
                == [".atomic-12ab", "results.json", "x.tmp"])
    }
}
