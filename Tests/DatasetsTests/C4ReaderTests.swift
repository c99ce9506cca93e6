import Foundation
import Storage
import TestSupport
import Testing

@testable import Datasets

struct C4ReaderTests {
    private func records(_ text: String) throws -> (records: [C4Record], reader: C4Reader) {
        let file = try TemporaryFile(text)
        var reader = try C4Reader(file: file.path)
        var records: [C4Record] = []
        while let record = try reader.next() { records.append(record) }
        return (records, reader)
    }

    /// pandas writes timestamps as numbers, and Python's json what is no number as NaN.
    @Test func `fields that are not used may hold anything`() throws {
        let (records, reader) = try records(
            """
            {"text": "a\\nb", "url": "http://x", "timestamp": "2019-04-25T12:57:54Z"}
            {"timestamp": 1554123420000, "url": null, "text": "c"}
            {"text": "d", "score": NaN, "range": [-Infinity, Infinity], "meta": {"text": NaN, "e": "\\ud800"}}
            {"text": ""}
            """)
        #expect(records.map(\.text) == ["a\nb", "c", "d", ""])
        #expect(reader.broken.count == 0)
    }

    @Test func `a field that is used is not NaN, and no field stands twice`() throws {
        let (records, reader) = try records(
            #"{"text": NaN}"# + "\n" + #"{"url": 1, "url": 2, "text": "b"}"# + "\n" + #"{"text": "c"}"#)
        #expect(records.map(\.text) == ["c"])
        #expect(reader.broken.first.map(\.line) == [1, 2])
    }

    @Test func `broken lines are counted and named, and blank ones passed over`() throws {
        let (records, reader) = try records(
            "{\"text\": \"a\"}\n\n{\"text\": 7}\n{\"txet\": \"b\"}\n{\"text\": \"c\"}\n[\n")
        #expect(records.map(\.text) == ["a", "c"])
        #expect(records.map(\.line) == [1, 5])
        #expect(reader.lineCount == 5)
        #expect(reader.broken.count == 3)
        #expect(reader.broken.first.map(\.line) == [3, 4, 6])
        #expect(
            reader.broken.first.prefix(2).map(\.cause)
                == ["text: expected a string, found 7", "text: expected a value, found none"])
        #expect(reader.broken.first[2].cause.hasPrefix("[0]: not valid JSON: byte 1: "))
    }

    @Test func `a line that is not UTF-8 is broken`() throws {
        let file = try TemporaryFile(Array("{\"text\": \"".utf8) + [0xff] + Array("\"}\n{\"text\": \"b\"}".utf8))
        var reader = try C4Reader(file: file.path)
        let cause = "not valid JSON: byte 10: expected UTF-8, found an invalid byte sequence"
        #expect(try reader.next()?.text == "b")
        #expect(reader.broken.first == [BrokenLine(file: file.path, line: 1, cause: cause)])
    }

    @Test func `a file of broken lines only is refused`() throws {
        let file = try TemporaryFile("url,text\n1,2\n")
        var reader = try C4Reader(file: file.path)
        let error = #expect(throws: DatasetError.self) { try reader.next() }
        #expect(
            error?.description.hasPrefix("\(file.path): 2 of 2 lines cannot be read, the first is line 1 (") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test func `more than a hundred broken lines are refused only above one percent`() throws {
        let broken = String(repeating: "{\n", count: 101)
        let good = "{\"text\": \"a\"}\n"
        #expect(try records(String(repeating: good, count: 9999) + broken).records.count == 9999)
        #expect(throws: DatasetError.self) { try self.records(String(repeating: good, count: 9998) + broken) }
        #expect(try records(good + String(repeating: "{\n", count: 100)).records.count == 1)
    }

    @Test func `deeply nested JSON is a broken line`() throws {
        let nested = "{\"text\": " + String(repeating: "[", count: 200_000) + "\n{\"text\": \"b\"}"
        let (records, reader) = try records(nested)
        #expect(records.map(\.text) == ["b"])
        #expect(reader.broken.count == 1)
    }

    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `genuine C4 is read whole`() throws {
        var reader = try C4Reader(file: SharedData.path("c4/c4_validation_2k.json.gz").path)
        var count = 0
        while let record = try reader.next() {
            count += 1
            #expect(!record.text.isEmpty)
        }
        #expect(count == 2000)
        #expect(reader.broken.count == 0)
    }

    /// The figures are those of Python's json module.
    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: ["pandas", "datasets"])
    func `what pandas and the datasets library write is read`(writer: String) throws {
        var reader = try C4Reader(file: SharedData.path("cases/c4/\(writer).jsonl").path)
        var texts: [String] = []
        while let record = try reader.next() { texts.append(record.text) }
        #expect(reader.broken.count == 0)
        #expect(texts.count == 20)
        #expect(texts.reduce(0) { $0 + $1.unicodeScalars.count } == 8689)
        var hasher = ContentHasher()
        hasher.update(Data(texts.joined(separator: "\0").utf8))
        #expect(hasher.finish().hex == "d6be391279ade6ae32eacad2432ca5afea141117f54bb74dc6051c3344ab1b62")
    }
}
