import JSON

/// Reads what a safetensors header may hold: an object of tensor entries, and `__metadata__`, an object of strings.
///
/// The reader goes through the text once and builds nothing but the entries: a header may have 100 MB.
struct HeaderParser {
    private var scanner: JSONScanner

    init(file: String, bytes: [UInt8]) throws(JSONError) { scanner = try JSONScanner(file: file, bytes: bytes) }

    /// Reads the whole header.
    mutating func parse() throws(JSONError) -> (entries: [RawEntry], metadata: [String: String]) {
        var entries: [RawEntry] = []
        var metadata: [String: String] = [:]
        // The format wants the brace first; spaces may follow the object, as padding.
        guard scanner.upcoming() == UInt8(ascii: "{"), scanner.position == 0 else {
            throw scanner.at(0).unexpected("'{'")
        }
        try object { (parser, name) throws(JSONError) in
            if name == "__metadata__" {
                metadata = try parser.strings()
            } else {
                entries.append(try parser.entry(named: name))
            }
        }
        try scanner.finish()
        return (entries, metadata)
    }

    private mutating func entry(named name: String) throws(JSONError) -> RawEntry {
        var entry = RawEntry(name: name)
        try object { (parser, key) throws(JSONError) in
            switch key {
            case "dtype": entry.type = try parser.scanner.string()
            case "shape": entry.shape = try parser.integers()
            case "data_offsets": entry.offsets = try parser.integers()
            default: throw parser.invalid("dtype, shape and data_offsets alone", found: "another field")
            }
        }
        return entry
    }

    private mutating func strings() throws(JSONError) -> [String: String] {
        var result: [String: String] = [:]
        try object { (parser, name) throws(JSONError) in result[name] = try parser.scanner.string() }
        return result
    }

    /// Reads an object and hands each name to `body`, which reads the value.
    private mutating func object(
        _ body: (inout HeaderParser, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        var (names, count) = (NameSet(), 0)
        try scanner.open(UInt8(ascii: "{"))
        while try scanner.next(until: UInt8(ascii: "}"), &count) {
            let name = try scanner.name(after: &names)
            do throws(JSONError) {
                try body(&self, name)
            } catch {
                throw error.inside(name: name)
            }
        }
    }

    private mutating func integers() throws(JSONError) -> [Int] {
        var result: [Int] = []
        var count = 0
        try scanner.open(UInt8(ascii: "["))
        while try scanner.next(until: UInt8(ascii: "]"), &count) {
            guard let value = try scanner.integer(), value >= 0 else {
                throw invalid("whole numbers of at least 0", found: "another number")
            }
            result.append(value)
        }
        return result
    }

    private func invalid(_ expected: String, found: String) -> JSONError {
        .invalid(file: scanner.file, path: "", expected: expected, found: found)
    }
}
