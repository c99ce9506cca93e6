/// Reads JSON from bytes, front to back.
///
/// Made for tokenizer.json: Foundation needs 0.4 s for a vocabulary of 128,000 entries, because it builds an
/// object for each of them; this one hands every string's bytes over where they stand.
struct JSONScanner {
    /// How deep arrays and objects may be nested.
    static let depthLimit = 64

    /// The path of the file, for messages.
    let file: String
    /// The whole file; known to be UTF-8.
    let bytes: [UInt8]
    private(set) var position = 0

    /// Fails when the bytes are not UTF-8.
    init(file: String, bytes: [UInt8]) throws(TokenizerError) {
        self.file = file
        self.bytes = bytes
        if let offset = firstInvalidUTF8(in: bytes) {
            throw .malformed(file: file, offset: offset, expected: "UTF-8", found: "an invalid byte sequence")
        }
        // A byte order mark is no part of JSON, and serde_json (which the tokenizers library uses) refuses it.
    }

    /// The same bytes, from another position on.
    func at(_ position: Int) -> JSONScanner {
        var copy = self
        copy.position = position
        return copy
    }

    // MARK: Structure

    /// Consumes `{` or `[`.
    mutating func open(_ bracket: UInt8) throws(TokenizerError) {
        skipSpace()
        guard peek == bracket else { throw unexpected("'\(Character(Unicode.Scalar(bracket)))'") }
        position += 1
    }

    /// Moves to the next element of an array or object. Returns false once its closing bracket was consumed.
    /// `count` counts the elements begun; it starts at 0.
    mutating func next(until bracket: UInt8, _ count: inout Int) throws(TokenizerError) -> Bool {
        skipSpace()
        if peek == bracket {
            position += 1
            return false
        }
        if count > 0 {
            guard peek == UInt8(ascii: ",") else {
                throw unexpected("',' or '\(Character(Unicode.Scalar(bracket)))'")
            }
            position += 1
            skipSpace()
        }
        count += 1
        return true
    }

    /// Consumes the colon between a key and its value.
    mutating func colon() throws(TokenizerError) {
        skipSpace()
        guard peek == UInt8(ascii: ":") else { throw unexpected("':'") }
        position += 1
    }

    /// Checks that nothing follows the value.
    mutating func finish() throws(TokenizerError) {
        skipSpace()
        if position < bytes.count { throw unexpected("the end of the file") }
    }

    /// The first byte of the value that comes next, nil at the end of the file.
    mutating func upcoming() -> UInt8? {
        skipSpace()
        return peek
    }

    // MARK: Values

    /// Reads a whole value.
    mutating func value(depth: Int = 0) throws(TokenizerError) -> JSONValue {
        guard depth <= Self.depthLimit else { throw unexpected("at most \(Self.depthLimit) nested levels") }
        switch upcoming() {
        case UInt8(ascii: "{"):
            try open(UInt8(ascii: "{"))
            var members: [JSONValue.Member] = []
            var count = 0
            while try next(until: UInt8(ascii: "}"), &count) {
                let key = try string()
                try colon()
                members.append(JSONValue.Member(key: key, value: try value(depth: depth + 1)))
            }
            return .object(members)
        case UInt8(ascii: "["):
            try open(UInt8(ascii: "["))
            var elements: [JSONValue] = []
            var count = 0
            while try next(until: UInt8(ascii: "]"), &count) { elements.append(try value(depth: depth + 1)) }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default:
            return try number()
        }
    }

    /// Reads a value and forgets it.
    mutating func skip(depth: Int = 0) throws(TokenizerError) {
        guard depth <= Self.depthLimit else { throw unexpected("at most \(Self.depthLimit) nested levels") }
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
            _ = try value(depth: depth)
        }
    }

    /// Reads a string.
    mutating func string() throws(TokenizerError) -> String {
        var text: [UInt8] = []
        try string(into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a string and appends its UTF-8.
    mutating func string(into text: inout [UInt8]) throws(TokenizerError) {
        skipSpace()
        guard peek == UInt8(ascii: "\"") else { throw unexpected("a string") }
        position += 1
        var start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                text.append(contentsOf: bytes[start..<position])
                position += 1
                return
            }
            if byte == UInt8(ascii: "\\") {
                text.append(contentsOf: bytes[start..<position])
                position += 1
                try escape(into: &text)
                start = position
            } else {
                guard byte >= 0x20 else { throw unexpected("no bare control character in a string") }
                position += 1
            }
        }
        throw unexpected("the end of a string")
    }

    /// Reads a whole number that fits in an Int; nil for any other number.
    mutating func integer() throws(TokenizerError) -> Int? {
        guard case .integer(let value) = try number() else { return nil }
        return value
    }

    /// What stands here instead of what was expected.
    func unexpected(_ expected: String) -> TokenizerError {
        let found: String
        if let byte = peek {
            found = byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        } else {
            found = "the end of the file"
        }
        return .malformed(file: file, offset: position, expected: expected, found: found)
    }

    // MARK: Pieces of values

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(TokenizerError) -> JSONValue {
        for offset in 0..<word.utf8CodeUnitCount {
            guard peek == word.utf8Start[offset] else { throw unexpected("\(word)") }
            position += 1
        }
        return value
    }

    private mutating func number() throws(TokenizerError) -> JSONValue {
        skipSpace()
        let start = position
        var isInteger = true
        var value = 0
        var overflows = false
        let isNegative = peek == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let firstDigit = position
        loop: while let byte = peek {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let (product, over) = value.multipliedReportingOverflow(by: 10)
                let (sum, past) = product.addingReportingOverflow(Int(byte & 0x0F))
                overflows = overflows || over || past
                value = sum
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
                isInteger = false
            default:
                break loop
            }
            position += 1
        }
        guard position > firstDigit else { throw unexpected("a value") }
        if isInteger, !overflows { return .integer(isNegative ? -value : value) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let real = Double(text) else { throw unexpected("a number") }
        return .real(real)
    }

    private mutating func skipString() throws(TokenizerError) {
        guard upcoming() == UInt8(ascii: "\"") else { throw unexpected("a string") }
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        position = bytes.count
        throw unexpected("the end of a string")
    }

    /// Reads what follows a backslash.
    private mutating func escape(into text: inout [UInt8]) throws(TokenizerError) {
        guard let byte = peek else { throw unexpected("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if code & 0xFC00 == 0xD800 {
                guard peek == UInt8(ascii: "\\") else { throw unexpected("the second half of a surrogate pair") }
                position += 1
                guard peek == UInt8(ascii: "u") else { throw unexpected("the second half of a surrogate pair") }
                position += 1
                let low = try hexadecimal()
                guard low & 0xFC00 == 0xDC00 else { throw unexpected("the second half of a surrogate pair") }
                code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(code) else { throw unexpected("no lone surrogate") }
            text.append(contentsOf: UTF8.encode(scalar)!)
        default:
            position -= 1
            throw unexpected("an escape")
        }
    }

    private mutating func hexadecimal() throws(TokenizerError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("a hexadecimal digit")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}

/// The first byte that is no part of well-formed UTF-8, nil when all are.
private func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBufferPointer { buffer in
        var index = 0
        while index < buffer.count {
            if buffer[index] < 0x80 {
                index += 1
                continue
            }
            let length = wellFormedLength(buffer, at: index)
            if length == 0 { return index }
            index += length
        }
        return nil
    }
}
