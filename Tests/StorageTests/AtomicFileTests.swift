import Foundation
import TestSupport
import Testing

@testable import Storage

struct AtomicFileTests {
    @Test func `the content is replaced, and nothing else is left`() throws {
        let folder = try TemporaryFolder()
        let url = folder.file("results.json")
        try AtomicFile.write(Data("old".utf8), to: url)
        try AtomicFile.write(Data("new".utf8), to: url)
        #expect(try Data(contentsOf: url) == Data("new".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["results.json"])
    }

    @Test func `pieces are joined, whatever their size`() throws {
        let folder = try TemporaryFolder()
        let url = folder.file("samples.jsonl")
        let large = Data(repeating: 7, count: 200_000)
        try AtomicFile.write(to: url) { writer in
            for number in 0..<20_000 { try writer.write("\(number)\n") }
            try writer.write(large)
            try writer.write("end")
        }
        let expected = Data((0..<20_000).map { "\($0)\n" }.joined().utf8) + large + Data("end".utf8)
        #expect(try Data(contentsOf: url) == expected)
    }

    @Test func `the old content stays when the body fails`() throws {
        struct Failure: Error {}
        let folder = try TemporaryFolder()
        let url = folder.file("results.json")
        try AtomicFile.write(Data("old".utf8), to: url)
        #expect(throws: Failure.self) {
            try AtomicFile.write(to: url) { writer in
                try writer.write(String(repeating: "x", count: 100_000))
                throw Failure()
            }
        }
        #expect(try Data(contentsOf: url) == Data("old".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["results.json"])
    }

    @Test func `a folder that is missing is named`() throws {
        let folder = try TemporaryFolder()
        let url = folder.file("missing/results.json")
        let error = #expect(throws: StorageError.self) { try AtomicFile.write(Data(), to: url) }
        #expect(error?.description == "cannot create \(url.path): No such file or directory")
    }

    /// The limit on file sizes stands in for a full disk; it holds for a whole process, hence one of its own.
    @Test func `the old content stays when the disk is full`() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let url = folder.file("results.json")
            try AtomicFile.write(Data("old".utf8), to: url)
            limitFileSize(to: 100_000)
            let error = #expect(throws: StorageError.self) {
                try AtomicFile.write(Data(repeating: 1, count: 150_000), to: url)
            }
            #expect(error == .system(operation: "write", path: url.path, code: EFBIG))
            #expect(try Data(contentsOf: url) == Data("old".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["results.json"])
        }
    }
}

/// Makes every write beyond `bytes` of a file fail in this process, with EFBIG.
func limitFileSize(to bytes: Int) {
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
    #expect(setrlimit(__rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue)), &limit) == 0)
}
