/// Why a header is not what the format allows, and where.
struct HeaderParserError: Error {
    let offset: Int
    let reason: String
}

/// A strict reader of the JSON that a safetensors header may hold: an object of tensor entries, and
/// `__metadata__`, an object of strings.
///
/// A general JSON decoder would keep one of two entries of the same name without a word; here that is an error, as
/// are numbers with a fraction, an exponent or a sign.
struct HeaderParser {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Reads the whole header.
    mutating func parse() throws(HeaderParserError) -> (entries: [RawEntry], metadata: [String: String]) {
        // The format wants the brace first; spaces may follow the object, as padding.
        guard bytes.first == UInt8(ascii: "{") else { throw failure("a header starts with {") }
        var entries: [RawEntry] = []
        var names: Set<[UInt8]> = []
        var metadata: [String: String] = [:]
        try object { (parser, key) throws(HeaderParserError) in
            // Names are told apart by their bytes: String's == would merge canonically equivalent ones.
            guard names.insert(Array(key.utf8)).inserted else {
                throw parser.failure("\"\(RawEntry.shown(key))\" stands twice")
            }
            if key == "__metadata__" {
                metadata = try parser.strings()
            } else {
                entries.append(try parser.entry(named: key))
            }
        }
        skipSpace()
        guard offset == bytes.count else { throw failure("something follows the header's object") }
        return (entries, metadata)
    }

    private mutating func entry(named name: String) throws(HeaderParserError) -> RawEntry {
        var entry = RawEntry(name: name)
        try object { (parser, key) throws(HeaderParserError) in
            switch key {
            case "dtype" where entry.type == nil: entry.type = try parser.string()
            case "shape" where entry.shape == nil: entry.shape = try parser.integers()
            case "data_offsets" where entry.offsets == nil: entry.offsets = try parser.integers()
            default: throw parser.failure("unexpected or repeated key \"\(RawEntry.shown(key))\" in a tensor's entry")
            }
        }
        return entry
    }

    private mutating func strings() throws(HeaderParserError) -> [String: String] {
        var result: [String: String] = [:]
        try object { (parser, key) throws(HeaderParserError) in
            guard result.updateValue(try parser.string(), forKey: key) == nil else {
                throw parser.failure("metadata key \"\(RawEntry.shown(key))\" stands twice")
            }
        }
        return result
    }

    /// Reads an object and hands each key to `body`, which reads the value.
    private mutating func object(
        _ body: (inout HeaderParser, String) throws(HeaderParserError) -> Void
    ) throws(HeaderParserError) {
        try expect(UInt8(ascii: "{"))
        if accept(UInt8(ascii: "}")) { return }
        repeat {
            let key = try string()
            try expect(UInt8(ascii: ":"))
            try body(&self, key)
        } while accept(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    private mutating func integers() throws(HeaderParserError) -> [Int] {
        try expect(UInt8(ascii: "["))
        if accept(UInt8(ascii: "]")) { return [] }
        var result: [Int] = []
        repeat { result.append(try integer()) } while accept(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
        return result
    }

    /// A number of decimal digits alone.
    private mutating func integer() throws(HeaderParserError) -> Int {
        skipSpace()
        let begin = offset
        var value = 0
        while offset < bytes.count, case let digit = bytes[offset], digit >= 48, digit <= 57 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit) - 48)
            guard !overflow, !carry else { throw failure("a number beyond 64 bits") }
            value = sum
            offset += 1
        }
        guard offset > begin, offset == begin + 1 || bytes[begin] != 48 else {
            throw failure("a whole number of at least 0 was expected")
        }
        return value
    }

    private mutating func string() throws(HeaderParserError) -> String {
        try expect(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("a string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<32: throw failure("a control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(HeaderParserError) {
        guard offset < bytes.count else { throw failure("a string does not end") }
        let kind = bytes[offset]
        offset += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]) {
                guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
                    bytes[offset + 1] == UInt8(ascii: "u")
                else { throw failure("half a surrogate pair") }
                offset += 2
                units.append(try codeUnit())
            }
            guard let string = String(validating: units, as: UTF16.self) else { throw failure("half a surrogate pair") }
            text.append(contentsOf: string.utf8)
        default: throw failure("an unknown escape in a string")
        }
    }

    private mutating func codeUnit() throws(HeaderParserError) -> UInt16 {
        guard offset + 4 <= bytes.count else { throw failure("a string does not end") }
        var value: UInt16 = 0
        for byte in bytes[offset..<offset + 4] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 128 else {
                throw failure("\\u needs four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
        }
        offset += 4
        return value
    }

    private mutating func skipSpace() {
        while offset < bytes.count, [32, 9, 10, 13].contains(bytes[offset]) { offset += 1 }
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(HeaderParserError) {
        guard accept(byte) else { throw failure("\"\(Character(UnicodeScalar(byte)))\" was expected") }
    }

    private func failure(_ reason: String) -> HeaderParserError { HeaderParserError(offset: offset, reason: reason) }
}
