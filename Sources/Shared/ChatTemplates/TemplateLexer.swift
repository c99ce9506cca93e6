import PlainText

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

    let scalars: [Unicode.Scalar]
    var place = 0
    private(set) var line = 1

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
            let raw = word("raw", from: place)
            let kind = openTag(after: &text, startsLine: startsLine)
            if !text.isEmpty { parts.append(.text(String(text))) }
            if let raw {
                var kept = try rawText(from: raw)
                startsLine = try closeRaw(after: &kept)
                if !kept.isEmpty { parts.append(.text(String(kept))) }
                continue
            }
            let begin = place
            switch kind {
            case "#": try skipComment()
            case "{": parts.append(.output(try tokens(until: "}")))
            default: parts.append(.statement(try tokens(until: "%")))
            }
            startsLine = closeTag(from: begin, isOutput: kind == "{")
        }
        return parts
    }

    private func isOpening(at place: Int) -> Bool {
        scalars[place] == "{" && place + 1 < scalars.count && ["{", "%", "#"].contains(scalars[place + 1])
    }

    mutating func take() -> Unicode.Scalar {
        let scalar = scalars[place]
        place += 1
        if scalar == "\n" { line += 1 }
        return scalar
    }

    /// Takes a tag's beginning, and off the text before it what it asks for. Returns what kind of tag it is.
    private mutating func openTag(after text: inout [Unicode.Scalar], startsLine: Bool) -> Unicode.Scalar {
        let kind = scalars[place + 1]
        _ = (take(), take())
        if place < scalars.count, scalars[place] == "-" {
            _ = take()
            while let last = text.last, last.isPythonSpace { text.removeLast() }
        } else if place < scalars.count, scalars[place] == "+" {
            _ = take()
        } else if kind != "{" {
            Self.stripIndentation(&text, startsLine: startsLine)
        }
        return kind
    }

    /// Takes away what stands before a tag on its line, where that is blank.
    private static func stripIndentation(_ text: inout [Unicode.Scalar], startsLine: Bool) {
        let start = text.lastIndex(of: "\n").map { $0 + 1 } ?? 0
        guard start > 0 || startsLine, text[start...].allSatisfy(\.isPythonSpace) else { return }
        text.removeSubrange(start...)
    }

    /// After `}}`, `%}` or `#}`: what was asked to be taken away behind it. Returns whether a new line begins.
    /// - Parameter begin: where the tag's content began.
    private mutating func closeTag(from begin: Int, isOutput: Bool) -> Bool {
        let sign = place - 3 >= begin ? scalars[place - 3] : " "
        if sign == "-" { return skipSpace() }
        guard !isOutput, sign != "+", place < scalars.count, scalars[place] == "\n" else { return false }
        _ = take()
        return true
    }

    /// Returns whether what was skipped ends a line.
    private mutating func skipSpace() -> Bool {
        var endsLine = false
        while place < scalars.count, scalars[place].isPythonSpace { endsLine = take() == "\n" }
        return endsLine
    }

    // MARK: Raw text

    /// Where `{% name %}` ends that begins at `start`; nil where it does not.
    private func word(_ name: String, from start: Int) -> Int? {
        var place = start
        func skip(_ condition: (Unicode.Scalar) -> Bool) {
            while place < scalars.count, condition(scalars[place]) { place += 1 }
        }
        func take(_ text: String) -> Bool {
            guard scalars[place...].starts(with: text.unicodeScalars) else { return false }
            place += text.unicodeScalars.count
            return true
        }
        guard take("{%") else { return nil }
        if place < scalars.count, ["-", "+"].contains(scalars[place]) { place += 1 }
        skip(\.isPythonSpace)
        guard take(name) else { return nil }
        skip(\.isPythonSpace)
        return take("%}") || take("-%}") || (name == "endraw" && take("+%}")) ? place : nil
    }

    /// What stands between the end of a `{% raw %}` and its `{% endraw %}`.
    private mutating func rawText(from end: Int) throws(ChatTemplateError) -> [Unicode.Scalar] {
        let start = line
        while place < end { _ = take() }
        if scalars[end - 3] == "-" { _ = skipSpace() }
        var text: [Unicode.Scalar] = []
        while place < scalars.count, word("endraw", from: place) == nil { text.append(take()) }
        guard place < scalars.count else { throw .syntax(line: start, "{% raw %} does not end") }
        return text
    }

    private mutating func closeRaw(after text: inout [Unicode.Scalar]) throws(ChatTemplateError) -> Bool {
        guard let end = word("endraw", from: place) else { return false }
        let begin = place + 2
        _ = openTag(after: &text, startsLine: false)
        while place < end { _ = take() }
        return closeTag(from: begin, isOutput: false)
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

    // MARK: Tags

    /// The tokens up to `end` and `}`, both read.
    private mutating func tokens(until end: Unicode.Scalar) throws(ChatTemplateError) -> [Token] {
        let start = line
        var tokens: [Token] = []
        var depth = 0
        while place < scalars.count {
            let scalar = scalars[place]
            if scalar.isPythonSpace {
                _ = take()
                continue
            }
            if depth == 0 {
                var close = place
                if scalar == "-" || scalar == "+" && end == "%" { close += 1 }
                if close + 1 < scalars.count, scalars[close] == end, scalars[close + 1] == "}" {
                    place = close + 2
                    return tokens
                }
            }
            guard tokens.count < Self.tokenLimit else {
                throw .unsupported(line: start, "a tag of more than \(Self.tokenLimit) words")
            }
            let token = try token(after: tokens.last?.kind)
            switch token.kind {
            case .symbol("("), .symbol("["), .symbol("{"): depth += 1
            case .symbol(")"), .symbol("]"), .symbol("}"): depth -= 1
            default: break
            }
            tokens.append(token)
        }
        throw .syntax(line: start, "a tag does not end")
    }
}

extension String {
    /// With every end of a line as one newline.
    func replacingLineEnds() -> String {
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
