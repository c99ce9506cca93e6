import PlainText

/// Reads JSON (RFC 8259) from bytes, front to back, and strictly: UTF-8 without a byte order mark, no two members of one
/// name, no lone surrogate, nothing after the value; arrays and objects nested to a limit.
///
/// Whoever reads a large file asks for its pieces, and nothing is built for the rest: a string's bytes are handed over
/// where they stand.
///
///     var scanner = try JSONScanner(file: path, bytes: bytes)
///     let value = try scanner.document()
package struct JSONScanner {
    /// How deep arrays and objects may be nested.
    package static let depthLimit = 64
    /// How many values ``value(depth:)`` makes of one document: each takes more memory than its text.
    package static let valueLimit = 1 << 24

    /// The path of the file, for messages.
    package let file: String
    /// The whole file; known to be UTF-8.
    let bytes: [UInt8]
    package internal(set) var position = 0
    private var valueCount = 0
    private let wanted: Set<String>?

    /// - Parameter members: the names of the members that are read, at whatever depth; others are passed over, whatever
    ///   their values are. All where it is nil.
    /// - Throws: where the bytes are not UTF-8.
    package init(file: String, bytes: [UInt8], members: Set<String>? = nil) throws(JSONError) {
        self.file = file
        self.bytes = bytes
        wanted = members
        if let offset = Self.firstInvalidUTF8(in: bytes) {
            throw ForeignFile(firstBytes: bytes).map { .foreign(file: file, $0) }
                ?? .malformed(
                    file: file, path: "", offset: offset, expected: "UTF-8", found: "an invalid byte sequence")
        }
    }

    /// The same bytes, from another position on.
    package func at(_ position: Int) -> JSONScanner {
        var copy = self
        copy.position = position
        return copy
    }

    // MARK: Structure

    /// Consumes `{` or `[`.
    package mutating func open(_ bracket: UInt8) throws(JSONError) {
        guard upcoming() == bracket else { throw unexpected("'\(Character(Unicode.Scalar(bracket)))'") }
        position += 1
    }

    /// Moves to the next element of an array or object. Returns false once its closing bracket was consumed.
    /// `count` counts the elements begun; it starts at 0.
    package mutating func next(until bracket: UInt8, _ count: inout Int) throws(JSONError) -> Bool {
        let byte = upcoming()
        if byte == bracket {
            position += 1
            return false
        }
        if count > 0 {
            guard byte == UInt8(ascii: ",") else {
                throw unexpected("',' or '\(Character(Unicode.Scalar(bracket)))'")
            }
            position += 1
        }
        count += 1
        return true
    }

    /// Consumes the colon between a name and its value.
    package mutating func colon() throws(JSONError) {
        guard upcoming() == UInt8(ascii: ":") else { throw unexpected("':'") }
        position += 1
    }

    /// Reads a member's name and the colon after it; `names` are those before it.
    package mutating func name(after names: inout NameSet) throws(JSONError) -> String {
        let name = try string()
        guard names.insert(name) else { throw .repeated(file: file, path: JSONPath.step(to: name)) }
        try colon()
        return name
    }

    /// Checks that nothing follows the value.
    package mutating func finish() throws(JSONError) {
        if upcoming() != nil { throw unexpected("the end of the file") }
    }

    /// The first byte of the value that comes next, nil at the end of the file.
    package mutating func upcoming() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    // MARK: Values

    /// The only value of the file.
    package mutating func document() throws(JSONError) -> JSONValue {
        let value = try value()
        try finish()
        return value
    }

    /// Reads a whole value.
    package mutating func value(depth: Int = 0) throws(JSONError) -> JSONValue {
        try check(depth)
        valueCount += 1
        guard valueCount <= Self.valueLimit else { throw unexpected("at most \(Self.valueLimit) values") }
        switch upcoming() {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return .numeral(try numeral())
        }
    }

    /// Reads the value of the member `name`, which an error then names.
    package mutating func value(of name: String, depth: Int = 1) throws(JSONError) -> JSONValue {
        do throws(JSONError) {
            return try value(depth: depth)
        } catch {
            throw error.inside(name: name)
        }
    }

    private mutating func members(depth: Int) throws(JSONError) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        var names = NameSet()
        var count = 0
        try open(UInt8(ascii: "{"))
        while try next(until: UInt8(ascii: "}"), &count) {
            let name = try name(after: &names)
            guard wanted?.contains(name) ?? true else {
                try skip(name, depth: depth + 1)
                continue
            }
            members.append(JSONValue.Member(name: name, value: try value(of: name, depth: depth + 1)))
        }
        return members
    }

    private mutating func elements(depth: Int) throws(JSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        var count = 0
        try open(UInt8(ascii: "["))
        while try next(until: UInt8(ascii: "]"), &count) {
            do throws(JSONError) {
                elements.append(try value(depth: depth + 1))
            } catch {
                throw error.inside("[\(count - 1)]")
            }
        }
        return elements
    }

    /// Moves past a value without reading it: what it holds is checked by whoever reads it from there later.
    package mutating func skip(depth: Int = 0) throws(JSONError) {
        try check(depth)
        var count = 0
        switch upcoming() {
        case UInt8(ascii: "{"):
            try open(UInt8(ascii: "{"))
            while try next(until: UInt8(ascii: "}"), &count) {
                try skipString()
                try colon()
                try skip(depth: depth + 1)
            }
        case UInt8(ascii: "["):
            try open(UInt8(ascii: "["))
            while try next(until: UInt8(ascii: "]"), &count) { try skip(depth: depth + 1) }
        case UInt8(ascii: "\""):
            try skipString()
        default:
            if !skipNotFinite() { _ = try value(depth: depth) }
        }
    }

    /// Moves past the value of the member `name`, which an error then names.
    private mutating func skip(_ name: String, depth: Int) throws(JSONError) {
        do throws(JSONError) {
            try skip(depth: depth)
        } catch {
            throw error.inside(name: name)
        }
    }

    /// Moves past what Python and JavaScript libraries write for numbers that JSON does not have.
    private mutating func skipNotFinite() -> Bool {
        let words = ["NaN", "Infinity", "-Infinity"]
        guard let word = words.first(where: { bytes[position...].starts(with: $0.utf8) }) else { return false }
        position += word.utf8.count
        return true
    }

    /// What stands here instead of what was expected.
    package func unexpected(_ expected: String) -> JSONError {
        if let kind = ForeignFile(firstBytes: bytes) { return .foreign(file: file, kind) }
        let found: String
        if position < bytes.count {
            let byte = bytes[position]
            found =
                bytes[position...].starts(with: [0xEF, 0xBB, 0xBF])
                ? "a byte order mark"
                : byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        } else {
            found = "the end of the file"
        }
        return .malformed(file: file, path: "", offset: position, expected: expected, found: found)
    }

    private func check(_ depth: Int) throws(JSONError) {
        guard depth <= Self.depthLimit else { throw unexpected("at most \(Self.depthLimit) nested levels") }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[offset] else { throw unexpected("\(word)") }
            position += 1
        }
        return value
    }

    /// Where the bytes stop being UTF-8, nil when they do not.
    private static func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var parser = Unicode.UTF8.ForwardParser()
        var source = bytes.makeIterator()
        var offset = 0
        while case .valid(let scalar) = parser.parseScalar(from: &source) { offset += scalar.count }
        return offset
    }
}
