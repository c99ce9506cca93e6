import Foundation
import JSON
import TestSupport
import Testing

struct JSONFieldTests {
    private typealias Field = JSONField<JSONError>

    private func root(_ text: String) throws -> Field { try Field(file: "f.json", bytes: Array(text.utf8)) }

    private func refusal(_ text: String, _ read: (Field) throws -> Void) throws -> String {
        let root = try root(text)
        return #expect(throws: JSONError.self) { try read(root) }?.description ?? ""
    }

    @Test func `fields are read by name and kind`() throws {
        let root = try root(#"{"s":"x","b":true,"i":7,"r":1.5,"l":[1,2],"o":{"p":null},"n":null}"#)
        #expect(try root.required("s").string() == "x" && root.string("s") == "x")
        #expect(try root.required("b").bool() && root.bool("b") == true)
        #expect(try root.required("i").integer(in: 0...7) == 7 && root.integer("i", in: 7...9) == 7)
        #expect(try root.required("r").number() == 1.5 && root.required("i").number() == 7)
        #expect(try root.required("l").elements().map { try $0.integer(in: 0...9) } == [1, 2])
        #expect(try root.required("o").members().map(\.name) == ["p"])
    }

    @Test func `missing and null are nil where a field is optional, and told apart on request`() throws {
        let root = try root(#"{"n":null}"#)
        #expect(try root.optional("n") == nil && root.optional("m") == nil && root.string("m") == nil)
        #expect(try root.contains("n") && !root.contains("m"))
    }

    @Test func `an error names the file, the path, what was expected and what was found`() throws {
        let text = #"{"data":[{"p":{"q r":[{},{"id":3}]}}]}"#
        #expect(
            try refusal(text) {
                _ = try $0.required("data").elements()[0].required("p").required("q r").elements()[1].required("id")
                    .string()
            } == #"f.json: data[0].p["q r"][1].id: expected a string, found 3"#)
        #expect(try refusal("{}") { _ = try $0.required("a") } == "f.json: a: expected a value, found none")
        #expect(try refusal(#"{"a":null}"#) { _ = try $0.required("a") } == "f.json: a: expected a value, found null")
        #expect(try refusal("[]") { _ = try $0.optional("a") } == "f.json: expected an object, found an array of 0")
        for number in ["1.0", "1e0", "-1", "11", "\"1\"", "99999999999999999999"] {
            let message = try refusal(#"{"a":\#(number)}"#) { _ = try $0.integer("a", in: 0...10) }
            #expect(message.hasPrefix("f.json: a: expected a whole number from 0 to 10, found "), "\(message)")
        }
        #expect(try refusal("1e999") { _ = try $0.number() } == "f.json: expected a number, found 1e999")
    }

    @Test func `fields that nobody understands are refused by name`() throws {
        #expect(
            try refusal(#"{"a":1,"b\n":"x"}"#) { try $0.allow(["a", "c"]) }
                == #"f.json: ["b\u{a}"]: "x" is not understood; known are a, c"#)
    }

    @Test func `names are compared by bytes`() throws {
        let root = try root("{\"e\u{301}\":1}")
        #expect(try !root.contains("\u{e9}") && root.contains("e\u{301}"))
    }

    @Test func `a file that is missing, no file, or too large is refused by name`() throws {
        let temporary = try TemporaryFolder()
        let file = temporary.file("a.json")
        #expect(throws: JSONError.unreadable(file: file.path, reason: "no such file")) {
            try Field(contentsOf: file, limit: 10)
        }
        #expect(throws: JSONError.unreadable(file: temporary.url.path, reason: "not a regular file")) {
            try Field(contentsOf: temporary.url, limit: 10)
        }
        try Data("[1,2,3,4,5]".utf8).write(to: file)
        #expect(throws: JSONError.tooLarge(file: file.path, bytes: 11, limit: 10)) {
            try Field(contentsOf: file, limit: 10)
        }
        #expect(try Field(contentsOf: file, limit: 11).elements().count == 5)
    }
}
