import Foundation
import JSON
import Testing

struct JSONValueTests {
    private let value = JSONValue.members(
        ("b", .array([.integer(-3), .number(0.1), .null])), ("a", .string("x\"\\\n\u{2028}")), ("c", .object([])))

    @Test func `a value is written with its members in order, on one line or over several`() {
        #expect(value.compact == #"{"b":[-3,0.1,null],"a":"x\"\\\n\u2028","c":{}}"#)
        #expect(
            value.pretty == #"""
                {
                  "b": [
                    -3,
                    0.1,
                    null
                  ],
                  "a": "x\"\\\n\u2028",
                  "c": {}
                }
                """#)
    }

    @Test func `what is written reads back as the same`() throws {
        for text in [value.compact, value.pretty] {
            var scanner = try JSONScanner(file: "f", bytes: Array(text.utf8))
            #expect(try scanner.document() == value)
        }
    }

    @Test func `numbers keep every digit`() throws {
        let text = "[123456789012345678901234567890,0.1000,1E400,-0,9223372036854775807]"
        var scanner = try JSONScanner(file: "f", bytes: Array(text.utf8))
        let value = try scanner.document()
        #expect(value.compact == text)
        guard case .array(let elements) = value else { return #expect(Bool(false)) }
        let numerals = elements.compactMap { if case .numeral(let numeral) = $0 { numeral } else { nil } }
        #expect(numerals.map(\.integer) == [nil, nil, nil, 0, .max])
        #expect(numerals.map(\.double) == [0x1.8ee90ff6c373ep96, 0.1, nil, 0, 0x1p63])
    }

    @Test func `a number that is none is written as null`() {
        #expect(JSONValue.array([.number(.nan), .number(.infinity), .optional(nil)]).compact == "[null,null,null]")
    }

    @Test func `an encodable value has its members sorted by their names' bytes`() throws {
        struct Inner: Encodable { let z = 1.5, a = ["y": 1, "X": 2] }
        #expect(try JSONValue(encoding: Inner()).compact == #"{"a":{"X":2,"y":1},"z":1.5}"#)
    }

    @Test func `values are equivalent that differ in order and spelling alone`() {
        let one = JSONValue.members(("a", .integer(2)), ("b", .array([.number(0.5)])))
        #expect(one.isEquivalent(to: .members(("b", .array([.number(0.5)])), ("a", .number(2)))))
        #expect(!one.isEquivalent(to: .members(("b", .array([.number(0.5)])), ("a", .number(3)))))
        #expect(!one.isEquivalent(to: .members(("a", .integer(2)))))
    }
}
