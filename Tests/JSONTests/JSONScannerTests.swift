import JSON
import TestSupport
import Testing

/// What the scanner takes, and what it refuses (RFC 8259).
struct JSONScannerTests {
    private func read(_ text: String) throws(JSONError) -> JSONValue { try read(Array(text.utf8)) }

    private func read(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var scanner = try JSONScanner(file: "f.json", bytes: bytes)
        return try scanner.document()
    }

    private func refusal(_ text: String) -> String {
        #expect(throws: JSONError.self, "\(text.prefix(60))") { try read(text) }?.description ?? ""
    }

    @Test func `every kind of value is read, members in their order`() throws {
        let text = #" { "b" : [ true , false , null ] , "a" : { } , "c" : [ ] , "" : "x" , "n" : -1.50e+2 } "#
        guard case .object(let members) = try read(text) else { return #expect(Bool(false)) }
        #expect(members.map(\.name) == ["b", "a", "c", "", "n"])
        #expect(
            members.prefix(4).map(\.value) == [
                .array([.bool(true), .bool(false), .null]), .object([]), .array([]), .string("x"),
            ])
        guard case .numeral(let numeral) = members[4].value else { return #expect(Bool(false)) }
        #expect(numeral.text == "-1.50e+2" && numeral.double == -150 && numeral.integer == nil)
    }

    @Test func `escapes are resolved, surrogates in pairs`() throws {
        #expect(
            try read(#""\"\\\/\b\f\n\r\t\u00e9\u00E9 é \ud83e\udd8a\u0000""#)
                == .string("\"\\/\u{8}\u{c}\n\r\téé é 🦊\u{0}"))
    }

    @Test(arguments: [
        "", " ", "{", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "[1 2]", "tru",
        "True", "nul", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1", "1 1", "{} x",
        "\"a", "\"a\nb\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "[1]//", "\u{feff}1", "\u{a0}1",
    ])
    func `what is not JSON is refused`(_ text: String) {
        #expect(refusal(text).hasPrefix("f.json: ") && !refusal(text).contains("\n"))
    }

    @Test(arguments: [
        #""\ud800""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\u0041""#, #""\ud800\ud800""#, #""\udc00""#,
    ])
    func `half a surrogate pair is refused`(_ text: String) {
        #expect(refusal(text).contains("surrogate"), "\(refusal(text))")
    }

    @Test(
        arguments: [
            ([0x22, 0xff, 0x22], 1), ([0x22, 0x61, 0xc3, 0x22], 2), ([0x22, 0xed, 0xa0, 0x80, 0x22], 1),
            ([0x22, 0xc0, 0x80, 0x22], 1), ([0x22, 0xc3, 0xa9, 0x22, 0xf0, 0x9f], 4),
        ] as [([UInt8], Int)])
    func `bytes that are not UTF-8 are refused where they begin`(_ bytes: [UInt8], _ offset: Int) {
        #expect(
            throws: JSONError.malformed(
                file: "f.json", path: "", offset: offset, expected: "UTF-8", found: "an invalid byte sequence")
        ) { try read(bytes) }
    }

    @Test func `a mistake is named with its place in the document and in the file`() {
        #expect(
            refusal(#"{"a": [{"b": 1}, {"b": tru}]}"#)
                == "f.json: a[1].b: not valid JSON: byte 26: expected true, found '}'")
        #expect(refusal("\u{feff}1").contains("a byte order mark"))
    }

    @Test(arguments: [
        (#"{"a":1,"a":1}"#, "a"), (#"{"a":[{},{"b":{"x":1,"\u0078":2}}]}"#, "a[1].b.x"),
        (#"{"a b":{"":0,"":1}}"#, #"["a b"][""]"#),
    ])
    func `a second member of one name is refused with the path to it`(_ text: String, _ path: String) {
        #expect(throws: JSONError.repeated(file: "f.json", path: path)) { try read(text) }
        #expect(refusal(text) == "f.json: \(path): expected one field of that name, found a second one")
    }

    @Test func `among many members the second of a name is found too`() {
        let members = (0..<1000).map { "\"k\($0)\":0" }
        let text = "{\((members + ["\"k500\":1"]).joined(separator: ","))}"
        #expect(throws: JSONError.repeated(file: "f.json", path: "k500")) { try read(text) }
    }

    @Test func `canonically equivalent names are two names`() throws {
        #expect(throws: Never.self) { try read("{\"\u{e9}\":1,\"e\u{301}\":2}") }
        let many = (0..<40).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(throws: Never.self) { try read("{\(many),\"\u{e9}\":1,\"e\u{301}\":2}") }
    }

    @Test func `nesting ends at the limit`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try read(nested(JSONScanner.depthLimit + 1)) }
        #expect(refusal(nested(JSONScanner.depthLimit + 2)).contains("nested"))
        #expect(refusal(String(repeating: "{\"a\":", count: 200_000)).contains("nested"))
        #expect(throws: JSONError.self) {
            var scanner = try JSONScanner(file: "f", bytes: Array(String(repeating: "[", count: 200_000).utf8))
            try scanner.skip()
        }
    }

    @Test func `pieces of a document are read one after the other`() throws {
        var scanner = try JSONScanner(
            file: "f", bytes: Array(#"{"skipped":[1,{"a":"\"]"}],"list":[7,-3,1.0,9223372036854775808]}"#.utf8))
        var (names, count) = (NameSet(), 0)
        try scanner.open(UInt8(ascii: "{"))
        #expect(try scanner.next(until: UInt8(ascii: "}"), &count))
        #expect(try scanner.name(after: &names) == "skipped")
        try scanner.skip()
        #expect(try scanner.next(until: UInt8(ascii: "}"), &count))
        #expect(try scanner.name(after: &names) == "list")
        var (elements, integers): (Int, [Int?]) = (0, [])
        try scanner.open(UInt8(ascii: "["))
        while try scanner.next(until: UInt8(ascii: "]"), &elements) { integers.append(try scanner.integer()) }
        #expect(integers == [7, -3, nil, nil])
        #expect(try !scanner.next(until: UInt8(ascii: "}"), &count))
        try scanner.finish()
    }

    @Test(arguments: UInt64(0)..<20) func `damaged documents are read or refused`(seed: UInt64) {
        let original = Array(#"{"a":[1,-2.5e3,"x\u00e9\ud83e\udd8a"],"b":{"c":null,"d":[true,false,"é"]}}"#.utf8)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var bytes = original
            for _ in 0...Int.random(in: 0...3, using: &generator) {
                let place = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: bytes[place] = Array(#"{}[]",:0-\eu"#.utf8).randomElement(using: &generator)!
                default: bytes.remove(at: place)
                }
            }
            do throws(JSONError) {
                let value = try read(bytes)
                let again = try read(value.compact)
                #expect(again == value)
            } catch {
                #expect(!error.description.contains("\n"), "seed \(seed)")
            }
        }
    }
}
