/// Strings and numbers.
extension JSONScanner {
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    /// Reads a string.
    package mutating func string() throws(JSONError) -> String {
        try openString()
        let end = plainEnd(from: position)
        if end < bytes.count, bytes[end] == Self.quote {
            let start = position
            position = end + 1
            return text(start..<end)
        }
        var text: [UInt8] = []
        try finishString(into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a string and appends its UTF-8.
    package mutating func string(into text: inout [UInt8]) throws(JSONError) {
        try openString()
        try finishString(into: &text)
    }

    /// Moves past a string without looking into its escapes.
    mutating func skipString() throws(JSONError) {
        try openString()
        while true {
            position = plainEnd(from: position)
            guard position < bytes.count else { throw unexpected("the end of a string") }
            if bytes[position] == Self.quote {
                position += 1
                return
            }
            // Past a backslash and what it escapes; a bare control character is found by who reads the string.
            position = min(bytes.count, position + (bytes[position] == Self.backslash ? 2 : 1))
        }
    }

    /// Reads a whole number that fits in an Int; nil for any other number.
    package mutating func integer() throws(JSONError) -> Int? {
        let range = try numeralRange()
        let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
        var value = 0
        for byte in bytes[(isNegative ? range.lowerBound + 1 : range.lowerBound)..<range.upperBound] {
            guard Self.isDigit(byte) else { return nil }
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, past) = product.addingReportingOverflow(Int(byte & 0x0F))
            if over || past { return nil }
            value = sum
        }
        return isNegative ? -value : value
    }

    /// Reads a number.
    mutating func numeral() throws(JSONError) -> JSONNumeral { JSONNumeral(scanned: text(try numeralRange())) }

    // MARK: Strings

    private func text(_ range: Range<Int>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self) }
    }

    private mutating func openString() throws(JSONError) {
        guard upcoming() == Self.quote else { throw unexpected("a string") }
        position += 1
    }

    /// The first byte from `start` on that is a quote, a backslash or a control character.
    private func plainEnd(from start: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var index = start
            while index < bytes.count {
                let byte = bytes[index]
                if byte == Self.quote || byte == Self.backslash || byte < 0x20 { break }
                index += 1
            }
            return index
        }
    }

    private mutating func finishString(into text: inout [UInt8]) throws(JSONError) {
        while true {
            let end = plainEnd(from: position)
            text.append(contentsOf: bytes[position..<end])
            position = end
            guard end < bytes.count else { throw unexpected("the end of a string") }
            switch bytes[end] {
            case Self.quote:
                position += 1
                return
            case Self.backslash:
                position += 1
                try escape(into: &text)
            default: throw unexpected("no bare control character in a string")
            }
        }
    }

    /// Reads what follows a backslash.
    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard position < bytes.count else { throw unexpected("an escape") }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            for unit in UTF8.encode(try escapedScalar())! { text.append(unit) }
            return
        default: throw unexpected("an escape")
        }
        position += 1
    }

    /// Reads the digits after `\u`, and a second escape where they are half of a surrogate pair.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        var code = try hexadecimal()
        if code & 0xFC00 == 0xD800 {
            for byte in [Self.backslash, UInt8(ascii: "u")] {
                guard position < bytes.count, bytes[position] == byte else {
                    throw unexpected("the second half of a surrogate pair")
                }
                position += 1
            }
            let low = try hexadecimal()
            guard low & 0xFC00 == 0xDC00 else { throw unexpected("the second half of a surrogate pair") }
            code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
        }
        guard let scalar = Unicode.Scalar(code) else { throw unexpected("no lone surrogate") }
        return scalar
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw unexpected("four hexadecimal digits") }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): code = code << 4 | UInt32(byte & 0x0F)
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                code = code << 4 | UInt32(byte & 0x0F) + 9
            default: throw unexpected("four hexadecimal digits")
            }
            position += 1
        }
        return code
    }

    // MARK: Numbers

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Moves past a number of JSON's grammar: no sign but a minus, no zero before other digits, a digit on both sides
    /// of the point.
    private mutating func numeralRange() throws(JSONError) -> Range<Int> {
        _ = upcoming()
        let start = position
        accept(UInt8(ascii: "-"))
        guard position < bytes.count, Self.isDigit(bytes[position]) else {
            throw unexpected(position > start ? "a digit" : "a value")
        }
        if !accept(UInt8(ascii: "0")) { try digits() }
        if accept(UInt8(ascii: ".")) { try digits() }
        if accept(UInt8(ascii: "e")) || accept(UInt8(ascii: "E")) {
            if !accept(UInt8(ascii: "+")) { accept(UInt8(ascii: "-")) }
            try digits()
        }
        return start..<position
    }

    @discardableResult
    private mutating func accept(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        guard position > start else { throw unexpected("a digit") }
    }
}
