import Foundation
import TestSupport
import Testing

@testable import Storage

/// Known answers: FIPS 180-2, appendix B ("abc", one million "a"), and the digest of nothing.
struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func `short texts have the digests of the standard`(_ text: String, _ expected: String) {
        #expect(ContentHasher.digest(of: text).hex == expected)
        #expect(ContentHasher.digest(of: Data(text.utf8)).hex == expected)
    }

    @Test func `a million letters have the digest of the standard`() {
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(ContentHasher.digest(of: String(repeating: "a", count: 1_000_000)).hex == expected)
    }

    @Test func `pieces do not matter`() {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hasher = ContentHasher()
        for start in stride(from: 0, to: bytes.count, by: 77) {
            hasher.update(Array(bytes[start..<min(start + 77, bytes.count)]))
        }
        #expect(hasher.finish() == ContentHasher.digest(of: Data(bytes)))
    }

    @Test func `a copy goes on independently`() {
        var first = ContentHasher()
        first.update("a")
        var second = first
        first.update("b")
        second.update("bc")
        #expect(first.finish() == ContentHasher.digest(of: "ab"))
        #expect(second.finish() == ContentHasher.digest(of: "abc"))
    }

    @Test func `a finished hasher starts afresh`() {
        var hasher = ContentHasher()
        hasher.update("abc")
        _ = hasher.finish()
        hasher.update("x")
        #expect(hasher.finish() == ContentHasher.digest(of: "x"))
    }

    @Test func `hex is read in either case, and nothing else is`() {
        let digest = ContentHasher.digest(of: "abc")
        #expect(Digest(hex: digest.hex) == digest)
        #expect(Digest(hex: digest.hex.uppercased()) == digest)
        #expect(Digest(hex: String(digest.hex.dropLast())) == nil)
        #expect(Digest(hex: digest.hex + "0") == nil)
        #expect(Digest(hex: "g" + digest.hex.dropFirst()) == nil)
        #expect(Digest(bytes: [1, 2, 3]) == nil)
    }

    @Test func `a file has the digest of its bytes`() throws {
        let folder = try TemporaryFolder()
        let content = Data((0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try content.write(to: folder.file("weights"))
        #expect(try ContentHasher.digest(ofFileAt: folder.file("weights")) == ContentHasher.digest(of: content))
    }

    @Test func `a pipe or a missing file has no digest`() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.file("pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(throws: StorageError.notARegularFile(path: pipe)) {
            try ContentHasher.digest(ofFileAt: folder.file("pipe"))
        }
        #expect(throws: StorageError.system(operation: "open", path: folder.file("none").path, code: ENOENT)) {
            try ContentHasher.digest(ofFileAt: folder.file("none"))
        }
    }
}
