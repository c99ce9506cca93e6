import Foundation
import TestSupport
import Testing

@testable import CoordinatorHost

/// A file that is read while it grows is the same file all the time.
struct LiveEventsTests {
    private let scratch: TemporaryFolder
    private let file: URL

    init() throws {
        scratch = try TemporaryFolder()
        file = scratch.file("folder/events")
    }

    private func write(_ text: String, at offset: Int, isWhole: Bool = false) throws -> String {
        try LiveEvents.Part(file: file, offset: offset, bytes: Data(text.utf8)).write(isWhole: isWhole)
        return try String(contentsOf: file, encoding: .utf8)
    }

    private var number: Int? {
        (try? FileManager.default.attributesOfItem(atPath: file.path))?[.systemFileNumber] as? Int
    }

    @Test func `parts are put behind one another in place, and what is there already stays`() throws {
        #expect(try write("abc", at: 0) == "abc")
        let number = try #require(number)
        #expect(try write("def", at: 3) == "abcdef")
        // A run that is taken up tells it all again.
        #expect(try write("abc", at: 0) == "abcdef")
        #expect(try write("defgh", at: 3) == "abcdefgh")
        #expect(self.number == number)
    }

    @Test func `what began otherwise gives way from there on, and the end has nothing behind it`() throws {
        #expect(try write("abcdef", at: 0) == "abcdef")
        #expect(try write("bXd", at: 1) == "abXd")
        #expect(try write("abX", at: 0, isWhole: true) == "abX")
        #expect(try write("abXyz", at: 0, isWhole: true) == "abXyz")
    }

    @Test func `no part stands behind a gap`() throws {
        #expect(try write("abc", at: 0) == "abc")
        #expect(try write("xyz", at: 5) == "abc")
    }
}
