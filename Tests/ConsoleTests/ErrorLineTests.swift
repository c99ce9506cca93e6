import Console
import Foundation
import Testing

struct ErrorLineTests {
    @Test func `an error is said on one line that begins with error:`() {
        struct Failure: Error, CustomStringConvertible { let description = "a.json:\n  expected {\r\nfound [\n" }
        #expect(ErrorLine.text(of: Failure()) == "error: a.json:;   expected {; found [")
    }

    @Test func `an error of the system is the file and the reason`() throws {
        let error = try #require(throws: (any Error).self) {
            try FileManager.default.createDirectory(atPath: "/proc/none/of/it", withIntermediateDirectories: true)
        }
        #expect(ErrorLine.text(of: error).hasPrefix("error: /proc/none"))
        #expect(ErrorLine.text(of: error).hasSuffix(": No such file or directory"))
        let missing = try #require(throws: (any Error).self) {
            try FileHandle(forReadingFrom: URL(fileURLWithPath: "/nowhere/at/all"))
        }
        #expect(ErrorLine.text(of: missing) == "error: /nowhere/at/all: No such file or directory")
        #expect(ErrorLine.text(of: POSIXError(.EMFILE)) == "error: Too many open files")
    }
}
