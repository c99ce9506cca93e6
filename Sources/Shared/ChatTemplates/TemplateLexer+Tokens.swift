extension TemplateLexer {
    private static let symbols = [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=",
        ".",
        ":", "|", ",",
    ]

    /// The next word of a tag. `previous` is the one before it: behind a dot digits are a place, not a fraction.
    mutating func token(after previous: Token.Kind?) throws(ChatTemplateError) -> Token {
        let (scalar, start) = (scalars[place], line)
        if scalar == "'" || scalar == "\"" { return Token(kind: .string(try string()), line: start) }
        if Self.isDigit(scalar) { return Token(kind: try number(isPlace: previous == .symbol(".")), line: start) }
        if Self.beginsName(scalar) {
            var name: [Unicode.Scalar] = []
            while place < scalars.count, Self.beginsName(scalars[place]) || scalars[place].properties.isXIDContinue {
                name.append(take())
            }
            return Token(kind: .name(String(name)), line: start)
        }
        for symbol in Self.symbols where scalars[place...].starts(with: symbol.unicodeScalars) {
            for _ in symbol.unicodeScalars { _ = take() }
            return Token(kind: .symbol(symbol), line: start)
        }
        throw .syntax(line: start, "the character \(String(scalar).debugDescription) has no meaning in a tag")
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func beginsName(_ scalar: Unicode.Scalar) -> Bool { scalar == "_" || scalar.properties.isXIDStart }

    /// Digits, which single underscores may part.
    private mutating func digits(_ isDigit: (Unicode.Scalar) -> Bool) -> String {
        var text = ""
        while place < scalars.count {
            if isDigit(scalars[place]) {
                text.unicodeScalars.append(take())
            } else if scalars[place] == "_", place + 1 < scalars.count, isDigit(scalars[place + 1]) {
                _ = take()
            } else {
                break
            }
        }
        return text
    }

    private func isAt(_ offset: Int, _ condition: (Unicode.Scalar) -> Bool) -> Bool {
        place + offset < scalars.count && condition(scalars[place + offset])
    }

    private mutating func number(isPlace: Bool) throws(ChatTemplateError) -> Token.Kind {
        if isAt(0, { $0 == "0" }), let radix = radix, !isPlace {
            _ = (take(), take())
            return .integer(try integer(digits { Self.value(of: $0, radix) != nil }, radix))
        }
        var text = digits(Self.isDigit)
        guard !isPlace else { return .integer(try integer(text, 10)) }
        var isWhole = true
        if isAt(0, { $0 == "." }), isAt(1, Self.isDigit) {
            _ = take()
            text += "." + digits(Self.isDigit)
            isWhole = false
        }
        if isAt(0, { $0 == "e" || $0 == "E" }) {
            let signed = isAt(1) { $0 == "+" || $0 == "-" }
            if isAt(signed ? 2 : 1, Self.isDigit) {
                _ = take()
                text += "e" + (signed ? String(take()) : "") + digits(Self.isDigit)
                isWhole = false
            }
        }
        guard isWhole else { return .number(Double(text) ?? 0) }
        guard text.first != "0" || text.allSatisfy({ $0 == "0" }) else {
            throw .syntax(line: line, "the number \(text.prefix(40)) begins with 0")
        }
        return .integer(try integer(text, 10))
    }

    private func integer(_ digits: String, _ radix: Int) throws(ChatTemplateError) -> Int {
        guard let value = Int(digits, radix: radix) else {
            throw .syntax(line: line, "the number \(digits.prefix(40)) is too large")
        }
        return value
    }

    /// Of `0x…`, `0o…` and `0b…`.
    private var radix: Int? {
        guard isAt(1, { _ in true }) else { return nil }
        let radix: Int? =
            switch scalars[place + 1] {
            case "x", "X": 16
            case "o", "O": 8
            case "b", "B": 2
            default: nil
            }
        return radix.flatMap { radix in isAt(2) { Self.value(of: $0, radix) != nil } ? radix : nil }
    }

    private static func value(of scalar: Unicode.Scalar, _ radix: Int) -> UInt32? {
        guard scalar.isASCII, let value = Character(scalar).hexDigitValue, value < radix else { return nil }
        return UInt32(value)
    }

    // MARK: Strings

    private mutating func string() throws(ChatTemplateError) -> String {
        let (quote, start) = (take(), line)
        var text: [Unicode.Scalar] = []
        while place < scalars.count {
            let scalar = take()
            if scalar == quote { return String(text) }
            guard scalar == "\\", place < scalars.count else {
                text.append(scalar)
                continue
            }
            try escape(into: &text, line: start)
        }
        throw .syntax(line: start, "a string does not end")
    }

    private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
        "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t",
        "v": "\u{b}",
    ]

    /// What stands behind a backslash, as in Python; what has no meaning there stays, with the backslash.
    private mutating func escape(into text: inout [Unicode.Scalar], line start: Int) throws(ChatTemplateError) {
        let scalar = take()
        switch scalar {
        case "\n": return
        case "x": text.append(try code(of: 2, line: start))
        case "u": text.append(try code(of: 4, line: start))
        case "U": text.append(try code(of: 8, line: start))
        case "N": throw .unsupported(line: start, "the escape \\N in a string")
        case "0"..."7":
            var value = scalar.value - 48
            for _ in 0..<2 where isAt(0, { ("0"..."7").contains($0) }) { value = value * 8 + take().value - 48 }
            text.append(Unicode.Scalar(value) ?? " ")
        default:
            if let meant = Self.escapes[scalar] {
                text.append(meant)
            } else {
                text += ["\\", scalar]
            }
        }
    }

    private mutating func code(of digits: Int, line start: Int) throws(ChatTemplateError) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard place < scalars.count, let digit = Self.value(of: scalars[place], 16) else {
                throw .syntax(line: start, "an escape in a string is cut short")
            }
            _ = take()
            value = value << 4 | digit
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw .syntax(line: start, "an escape in a string is no character")
        }
        return scalar
    }
}
