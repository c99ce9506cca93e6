/// The tokens that are looked for in the text itself, before anything else happens to it.
struct AddedVocabulary: Sendable {
    /// Longer contents, in bytes, are refused.
    static let contentLimit = 1024

    struct Token: Sendable {
        let content: [UInt8]
        let id: Int32
        /// Matches only between characters that belong to no word.
        let isSingleWord: Bool
        /// Takes the white space before it along.
        let stripsLeft: Bool
        /// Takes the white space behind it along.
        let stripsRight: Bool
        /// Is looked for after normalization, in its own normalized form.
        let isNormalized: Bool
        /// Is left out of decoded text when asked for.
        let isSpecial: Bool
    }

    private(set) var tokens: [Token] = []
    /// By token: the form that it is looked for in, which the library shows and decodes too ("▁word" for "word").
    private var forms: [[UInt8]] = []
    private var places: [Int32: Int] = [:]
    private var ids: [[UInt8]: Int32] = [:]
    private var specialContents: Set<[UInt8]> = []
    private var plain = ByteTrie()
    private var normalized = ByteTrie()

    init(_ field: TokenizerField?, vocabulary: Vocabulary, normalizer: Normalizer?) throws(TokenizerError) {
        guard let field else { return }
        var highest: Int32 = -1
        for element in try field.elements() {
            let token = try Self.token(element)
            if token.content.isEmpty { continue }
            // The library numbers tokens that the vocabulary lacks itself, one after the other behind it.
            let known = vocabulary.id(of: token.content)
            let behind = max(Int(highest) + 1, vocabulary.count)
            let expected = known >= 0 ? Int(known) : behind
            guard Int(token.id) == expected else {
                throw try element.required("id").invalid(
                    known >= 0 ? "\(expected), as in model.vocab" : "\(expected), the next number behind the vocabulary"
                )
            }
            guard ids.updateValue(token.id, forKey: token.content) == nil else {
                throw try element.required("content").invalid("each added token once")
            }
            guard known >= 0 || vocabulary.piece(token.id) == nil else {
                throw try element.required("id").invalid("a number that no other piece has")
            }
            highest = max(highest, token.id)
            places[token.id] = tokens.count
            tokens.append(token)
            if token.isSpecial { specialContents.insert(token.content) }
            var pattern = token.content
            if token.isNormalized, let normalizer {
                var opensText = true
                normalizer.apply(to: &pattern, opensText: &opensText)
                if pattern.isEmpty {
                    throw try element.required("content").invalid("a text that the normalizer leaves something of")
                }
            }
            forms.append(pattern)
            if token.isNormalized {
                normalized.insert(pattern, tokens.count - 1)
            } else {
                plain.insert(pattern, tokens.count - 1)
            }
        }
    }

    var highestID: Int32 { tokens.map(\.id).max() ?? -1 }

    func form(_ id: Int32) -> [UInt8]? { places[id].map { forms[$0] } }

    func id(of content: [UInt8]) -> Int32? { ids[content] }

    /// Whether a decoded token is left out. The library asks by its text: where the normalizer changes a special
    /// token, that is no longer found.
    func isSpecial(_ content: [UInt8]) -> Bool { specialContents.contains(content) }

    /// Calls `body` for every added token and every stretch between two of them, from left to right.
    /// `inNormalized` tells which of the two kinds of tokens is looked for.
    func forEachPart(
        in text: UnsafeBufferPointer<UInt8>, inNormalized: Bool, _ body: (_ part: Range<Int>, _ id: Int32?) -> Void
    ) {
        let trie = inNormalized ? normalized : plain
        var covered = 0
        var index = 0
        while !trie.isEmpty, let match = trie.firstMatch(in: text, from: index) {
            index = match.end
            let token = tokens[match.value]
            var start = match.start
            var end = match.end
            if token.isSingleWord {
                let followsWord = start > 0 && lastScalar(text, before: start).isWord
                var next = end
                let precedesWord = end < text.count && nextScalar(text, &next).isWord
                if followsWord || precedesWord { continue }
            }
            if token.stripsLeft {
                start -= trailingSpace(UnsafeBufferPointer(rebasing: text[..<start]))
                start = max(start, covered)
            }
            if token.stripsRight { end += leadingSpace(UnsafeBufferPointer(rebasing: text[end...])) }
            if covered < start { body(covered..<start, nil) }
            body(start..<max(start, end), token.id)
            covered = end
        }
        if covered < text.count { body(covered..<text.count, nil) }
    }

    private static func token(_ field: TokenizerField) throws(TokenizerError) -> Token {
        try field.allow(["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
        let content = try field.required("content")
        let bytes = Array(try content.string().utf8)
        guard bytes.count <= contentLimit else {
            throw content.invalid("at most \(contentLimit) bytes", found: "\(bytes.count)")
        }
        return Token(
            content: bytes, id: Int32(try field.required("id").integer(in: 0...Vocabulary.idLimit - 1)),
            isSingleWord: try field.bool("single_word") ?? false,
            stripsLeft: try field.bool("lstrip") ?? false,
            stripsRight: try field.bool("rstrip") ?? false,
            isNormalized: try field.bool("normalized") ?? true,
            isSpecial: try field.bool("special") ?? false)
    }
}
