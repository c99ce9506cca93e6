/// What a normalizer, pre-tokenizer or decoder looks for in a text.
enum TextPattern: Sendable {
    case literal([UInt8])
    case regex(OnigurumaPattern)
    /// Each scalar of a class is a match of its own.
    case scalars(@Sendable (Unicode.Scalar) -> Bool)
    /// Runs of `\w`, and runs of what is neither `\w` nor white space.
    case wordsAndSymbols

    /// Reads `{"String": …}` or `{"Regex": …}`.
    init(_ field: TokenizerField) throws(TokenizerError) {
        try field.allow(["String", "Regex"])
        if let literal = try field.optional("String") {
            let text = Array(try literal.string().utf8)
            if text.isEmpty { throw literal.invalid("a text that is not empty") }
            self = .literal(text)
        } else {
            self = .regex(try OnigurumaPattern(try field.required("Regex")))
        }
    }

    /// A stretch of text and whether the pattern matched it.
    struct Cut: Equatable {
        var start: Int
        var end: Int
        var isMatch: Bool
    }

    /// Cuts a text into matches and what lies between them; together they cover it. An empty text yields nothing.
    func cut(_ text: UnsafeBufferPointer<UInt8>, into cuts: inout [Cut]) {
        cuts.removeAll(keepingCapacity: true)
        if text.isEmpty { return }
        var covered = 0
        func add(_ match: Range<Int>) {
            if covered < match.lowerBound {
                cuts.append(Cut(start: covered, end: match.lowerBound, isMatch: false))
            }
            cuts.append(Cut(start: match.lowerBound, end: match.upperBound, isMatch: true))
            covered = match.upperBound
        }
        forEachMatch(in: text, add)
        if covered < text.count { cuts.append(Cut(start: covered, end: text.count, isMatch: false)) }
    }

    private func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        switch self {
        case .regex(let pattern):
            pattern.forEachMatch(in: text, body)
        case .literal(let literal):
            literal.withUnsafeBufferPointer { literal in
                var index = 0
                while index + literal.count <= text.count {
                    let end = index + literal.count
                    if text[index] == literal[0],
                        haveEqualBytes(UnsafeBufferPointer(rebasing: text[index..<end]), literal)
                    {
                        body(index..<end)
                        index = end
                    } else {
                        index += 1
                    }
                }
            }
        case .scalars(let isMember):
            var index = 0
            while index < text.count {
                let start = index
                if isMember(nextScalar(text, &index)) { body(start..<index) }
            }
        case .wordsAndSymbols:
            // 0: white space, 1: word, 2: symbol.
            var kind = 0
            var start = 0
            var index = 0
            while index < text.count {
                let place = index
                let scalar = nextScalar(text, &index)
                let now = scalar.isWord ? 1 : scalar.isSpace ? 0 : 2
                if now != kind {
                    if kind != 0 { body(start..<place) }
                    kind = now
                    start = place
                }
            }
            if kind != 0 { body(start..<text.count) }
        }
    }

    /// How many times longer than before a text may be once every match is replaced.
    func growth(replacedBy content: [UInt8]) -> Double {
        if case .literal(let literal) = self { return max(1, Double(content.count) / Double(literal.count)) }
        return Double(content.count + 1)
    }

    /// The text with every match replaced. In an empty text nothing matches.
    func replace(in text: [UInt8], with content: [UInt8]) -> [UInt8] {
        if text.isEmpty { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 4)
        text.withUnsafeBufferPointer { text in
            var covered = 0
            forEachMatch(in: text) { match in
                result.append(contentsOf: text[covered..<match.lowerBound])
                result.append(contentsOf: content)
                covered = match.upperBound
            }
            result.append(contentsOf: text[covered...])
        }
        return result
    }
}
