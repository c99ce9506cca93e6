import Foundation
import TestSupport
import Testing

@testable import Datasets

struct LineReaderTests {
    private func lines(_ bytes: [UInt8], limit: Int = 1 << 20) throws -> [String?] {
        let file = try TemporaryFile(bytes)
        let reader = try LineReader(file: file.path, limit: limit)
        var lines: [String?] = []
        while let line = try reader.next() {
            #expect(line.number == lines.count + 1)
            lines.append(line.text)
        }
        return lines
    }

    private func lines(_ text: String) throws -> [String?] { try lines(Array(text.utf8)) }

    @Test func `the last line needs no newline`() throws {
        #expect(try lines("a\nb") == ["a", "b"])
        #expect(try lines("a\nb\n") == ["a", "b"])
    }

    @Test func `empty lines are lines, and an empty file has none`() throws {
        #expect(try lines("\n\na\n") == ["", "", "a"])
        #expect(try lines("") == [])
    }

    @Test func `a carriage return before a newline is left out`() throws {
        #expect(try lines("a\r\nb\rc\r\n") == ["a", "b\rc"])
    }

    @Test func `a byte order mark is left out of the first line only`() throws {
        #expect(try lines("\u{feff}a\n\u{feff}b") == ["a", "\u{feff}b"])
    }

    @Test func `a line that is not UTF-8 has no text`() throws {
        #expect(try lines([0x61, 0x0a, 0xc3, 0x28, 0x0a, 0x62]) == ["a", nil, "b"])
    }

    @Test func `lines of any length survive the cut into pieces`() throws {
        let lengths = [0, 1, 262_143, 262_144, 1, 262_145, 700_000, 3]
        let text = lengths.map { String(repeating: "x", count: $0) + "\n" }.joined()
        #expect(try lines(text).map { $0?.utf8.count } == lengths)
    }

    @Test func `a line beyond the limit is refused by its number`() throws {
        #expect(try lines(Array("abcd\n".utf8), limit: 4) == ["abcd"])
        for text in ["ok\nabcde\n", "ok\nabcde"] {
            let file = try TemporaryFile(text)
            let reader = try LineReader(file: file.path, limit: 4)
            #expect(try reader.next()?.text == "ok")
            #expect(throws: DatasetError.lineTooLong(file: file.path, line: 2, limit: 4)) { try reader.next() }
        }
    }

    @Test func `gzip is known by its bytes, not by its name`() throws {
        #expect(try lines(GzipMember.firstAndSecond) == ["first", "second"])
    }

    @Test func `gzip members follow one another`() throws {
        #expect(try lines(GzipMember.firstAndSecond + GzipMember.third) == ["first", "second", "third"])
        let many = Array(repeatElement(GzipMember.third, count: 30_000).joined())
        #expect(try lines(many).count == 30_000)
    }

    /// As Python's gzip module reads them.
    @Test func `zeros behind a gzip member are padding`() throws {
        let zeros = [UInt8](repeating: 0, count: 300_000)
        #expect(try lines(GzipMember.firstAndSecond + zeros) == ["first", "second"])
        #expect(
            try lines(GzipMember.firstAndSecond + [0] + GzipMember.third + [0, 0]) == ["first", "second", "third"])
    }

    @Test func `a gzip member larger than a piece is unpacked whole`() throws {
        let reader = try LineReader(file: Repository.fixture("Datasets/lines.txt.gz").path)
        var count = 0
        while let line = try reader.next() {
            #expect(line.bytes.elementsEqual("abcdefghi".utf8))
            count += 1
        }
        #expect(count == 60_000)
    }

    @Test func `truncated gzip is an error wherever it ends`() throws {
        let whole = GzipMember.firstAndSecond + GzipMember.third
        for length in 2..<whole.count where length != GzipMember.firstAndSecond.count {
            let file = try TemporaryFile(Array(whole.prefix(length)))
            #expect(throws: DatasetError.brokenGzip(file: file.path, cause: "it ends too early"), "\(length) bytes") {
                let reader = try LineReader(file: file.path)
                while try reader.next() != nil {}
            }
        }
    }

    @Test func `damaged gzip is an error that names the file`() throws {
        var damaged = GzipMember.firstAndSecond
        damaged[damaged.count - 6] ^= 1  // in the checksum
        for bytes in [damaged, GzipMember.third + Array("rest".utf8)] {
            let file = try TemporaryFile(bytes)
            let error = #expect(throws: DatasetError.self) {
                let reader = try LineReader(file: file.path)
                while try reader.next() != nil {}
            }
            #expect(
                error?.description.hasPrefix("\(file.path): broken gzip file: incorrect") == true,
                "\(String(describing: error))")
        }
    }

    @Test func `a missing file and a folder are errors`() throws {
        #expect(throws: DatasetError.unreadable(file: "/nowhere/c4.json", cause: "No such file or directory")) {
            try LineReader(file: "/nowhere/c4.json")
        }
        #expect(throws: DatasetError.unreadable(file: "/", cause: "Is a directory")) {
            try LineReader(file: "/").next()
        }
    }

    @Test func `a pipe is refused and not waited for`() throws {
        let folder = try TemporaryFolder()
        let pipe = folder.file("pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(
            throws: DatasetError.unreadable(
                file: pipe, cause: "not a regular file; what is read is read more than once")
        ) { try LineReader(file: pipe) }
    }
}
