/// A template cut into text, `{{ … }}` and `{% … %}`, with the whitespace rules of Jinja as transformers sets them:
/// `trim_blocks`, `lstrip_blocks`, and `-` and `+` at a tag's ends.
struct TemplateLexer {
    enum Part: Equatable {
        case text(String)
        case output([Token])
        case statement([Token])
    }

    struct Token: Equatable {
        enum Kind: Equatable {
            case name(String)
            case string(String)
            case integer(Int)
            case number(Double)
            case symbol(String)
        }
        let kind: Kind
        let line: Int
    }

    /// Words of a tag. It bounds how deep an expression can be, however it is written.
    private static let tokenLimit = 500

    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var line = 1

    init(_ source: String) {
        var text = Array(source.replacingLineEnds().unicodeScalars)
        if text.last == "\n" { text.removeLast() }
        scalars = text
    }

    mutating func parts() throws(ChatTemplateError) -> [Part] {
        var parts: [Part] = []
        var startsLine = true
        while place < scalars.count {
            var text: [Unicode.Scalar] = []
            while place < scalars.count, !isOpening(at: place) { text.append(take()) }
            guard place < scalars.count else {
                parts.append(.text(String(text)))
                break
            }
            let kind = scalars[place + 1]
            _ = (take(), take())
            if place < scalars.count, scalars[place] == "-" {
                _ = take()
                while let last = text.last, last.properties.isWhitespace { text.removeLast() }
            } else if place < scalars.count, scalars[place] == "+" {
                _ = take()
            } else if kind != "{" {
                Self.stripIndentation(&text, startsLine: startsLine)
            }
            if !text.isEmpty { parts.append(.text(String(text))) }
            switch kind {
            case "#": try skipComment()
            case "{": parts.append(.output(try tokens(until: "}")))
            default: parts.append(.statement(try tokens(until: "%")))
            }
            startsLine = closeTag(trimsLine: kind != "{")
        }
        return parts
    }

    private func isOpening(at place: Int) -> Bool {
        scalars[place] == "{" && place + 1 < scalars.count && ["{", "%", "#"].contains(scalars[place + 1])
    }

    private mutating func take() -> Unicode.Scalar {
        let scalar = scalars[place]
        place += 1
        if scalar == "\n" { line += 1 }
        return scalar
    }

    /// Takes away what stands before a tag on its line, where that is blank.
    private static func stripIndentation(_ text: inout [Unicode.Scalar], startsLine: Bool) {
        let start = text.lastIndex(of: "\n").map { $0 + 1 } ?? 0
        guard start > 0 || startsLine, text[start...].allSatisfy(\.properties.isWhitespace) else { return }
        text.removeSubrange(start...)
    }

    /// After `}}` or `%}`: what was asked to be taken away behind it. Returns whether a new line begins.
    private mutating func closeTag(trimsLine: Bool) -> Bool {
        if place >= 3, scalars[place - 3] == "-" {
            var endsLine = false
            while place < scalars.count, scalars[place].properties.isWhitespace { endsLine = take() == "\n" }
            return endsLine
        }
        guard trimsLine, !(place >= 3 && scalars[place - 3] == "+"), place < scalars.count, scalars[place] == "\n"
        else { return false }
        _ = take()
        return true
    }

    private mutating func skipComment() throws(ChatTemplateError) {
        let start = line
        while place + 1 < scalars.count {
            if scalars[place] == "#", scalars[place + 1] == "}" {
                place += 2
                return
            }
            _ = take()
        }
        throw .syntax(line: start, "a comment does not end")
    }

    /// The tokens up to `end` and `}`, both read.
    private mutating func tokens(until end: Unicode.Scalar) throws(ChatTemplateError) -> [Token] {
        let start = line
        var tokens: [Token] = []
        var depth = 0
        while place < scalars.count {
            let scalar = scalars[place]
            if scalar.properties.isWhitespace {
                _ = take()
                continue
            }
            if depth == 0 {
                var close = place
                if scalar == "-" || scalar == "+" { close += 1 }
                if close + 1 < scalars.count, scalars[close] == end, scalars[close + 1] == "}" {
                    place = close + 2
                    return tokens
                }
            }
            guard tokens.count < Self.tokenLimit else {
                throw .unsupported(line: start, "a tag of more than \(Self.tokenLimit) words")
            }
            let token = try token()
            switch token.kind {
            case .symbol("("), .symbol("["), .symbol("{"): depth += 1
            case .symbol(")"), .symbol("]"), .symbol("}"): depth -= 1
            default: break
            }
            tokens.append(token)
        }
        throw .syntax(line: start, "a tag does not end")
    }

    private mutating func token() throws(ChatTemplateError) -> Token {
        let (scalar, start) = (scalars[place], line)
        if scalar == "'" || scalar == "\"" { return Token(kind: .string(try string()), line: start) }
        if Self.isDigit(scalar) { return Token(kind: try number(), line: start) }
        if Self.beginsName(scalar) {
            var name: [Unicode.Scalar] = []
            while place < scalars.count, Self.beginsName(scalars[place]) || Self.isDigit(scalars[place]) {
                name.append(take())
            }
            return Token(kind: .name(String(name)), line: start)
        }
        if place + 1 < scalars.count {
            let two = String([scalar, scalars[place + 1]])
            if ["==", "!=", "<=", ">=", "//", "**"].contains(two) {
                _ = (take(), take())
                return Token(kind: .symbol(two), line: start)
            }
        }
        guard "()[]{}.,:|+-*/%~<>=".unicodeScalars.contains(scalar) else {
            throw .syntax(line: start, "the character \(String(scalar).debugDescription) has no meaning in a tag")
        }
        return Token(kind: .symbol(String(take())), line: start)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func beginsName(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }

    private mutating func number() throws(ChatTemplateError) -> Token.Kind {
        var text = ""
        while place < scalars.count, Self.isDigit(scalars[place]) { text.unicodeScalars.append(take()) }
        if place + 1 < scalars.count, scalars[place] == ".", Self.isDigit(scalars[place + 1]) {
            text.unicodeScalars.append(take())
            while place < scalars.count, Self.isDigit(scalars[place]) { text.unicodeScalars.append(take()) }
            return .number(Double(text) ?? 0)
        }
        guard let value = Int(text) else { throw .syntax(line: line, "the number \(text.prefix(40)) is too large") }
        return .integer(value)
    }

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
            switch take() {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case let other where other == "\\" || other == "'" || other == "\"": text.append(other)
            case let other: throw .unsupported(line: start, "the escape \\\(other) in a string")
            }
        }
        throw .syntax(line: start, "a string does not end")
    }
}

extension String {
    init(_ scalars: [Unicode.Scalar]) {
        self.init(String.UnicodeScalarView(scalars))
    }

    /// With every end of a line as one newline.
    fileprivate func replacingLineEnds() -> String {
        var result = String.UnicodeScalarView()
        var afterReturn = false
        for scalar in unicodeScalars {
            if scalar == "\r" {
                result.append("\n")
            } else if !(scalar == "\n" && afterReturn) {
                result.append(scalar)
            }
            afterReturn = scalar == "\r"
        }
        return String(result)
    }
}
