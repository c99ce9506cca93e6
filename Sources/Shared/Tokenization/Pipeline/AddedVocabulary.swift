import PlainText

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
    private(set) var highestID: Int32 = -1
    /// By token: the form that it is looked for in, which the library shows and decodes too ("▁word" for "word").
    private var forms: [[UInt8]] = []
    private var places: [Int32: Int] = [:]
    private var ids: [[UInt8]: Int32] = [:]
    private var specialContents: Set<[UInt8]> = []
    private var plain = ByteTrie()
    private var normalized = ByteTrie()

    /// - Parameters:
    ///   - field: `added_tokens` of tokenizer.json.
    ///   - special: what the files beside it say; transformers adds those tokens to the library's tokenizer.
    init(
        _ field: TokenizerField?, special: SpecialTokens, vocabulary: Vocabulary, normalizer: Normalizer?
    ) throws(TokenizerError) {
        for element in try field?.elements() ?? [] {
            let token = try Self.token(element, vocabulary, behind: nextID(vocabulary))
            if token.content.isEmpty { continue }
            guard ids[token.content] == nil else {
                throw try element.required("content").invalid("each added token once")
            }
            put(token)
        }
        for description in special.declared {
            if let flags = description.flags {
                try add(description, vocabulary, isSpecial: flags.bool("special") ?? false)
            } else if ids[Array(description.content.utf8)] == nil {
                try add(description, vocabulary, isSpecial: description.isSpecial)
            }
        }
        let known = Set(ids.keys)
        for description in special.inOrder + special.others
        where !known.contains(Array(description.content.utf8)) {
            try add(description, vocabulary, isSpecial: true)
        }
        for place in tokens.indices { try index(place, normalizer, field) }
    }

    /// The number of the next token that the vocabulary lacks.
    private func nextID(_ vocabulary: Vocabulary) -> Int { max(Int(highestID) + 1, vocabulary.count) }

    /// Adds a token, or gives one that is there these flags.
    private mutating func add(
        _ description: SpecialTokens.Description, _ vocabulary: Vocabulary, isSpecial: Bool
    ) throws(TokenizerError) {
        let content = Array(description.content.utf8)
        guard !content.isEmpty, content.count <= Self.contentLimit else { return }
        let known = ids[content] ?? vocabulary.id(of: content)
        let id = known >= 0 ? known : Int32(nextID(vocabulary))
        guard id < Vocabulary.idLimit else { return }
        let flags = description.flags
        let token = Token(
            content: content, id: id, isSingleWord: try flags?.bool("single_word") ?? false,
            stripsLeft: try flags?.bool("lstrip") ?? false, stripsRight: try flags?.bool("rstrip") ?? false,
            isNormalized: try flags?.bool("normalized") ?? !isSpecial, isSpecial: isSpecial)
        put(token)
    }

    /// Takes a token, in place of one of the same number.
    private mutating func put(_ token: Token) {
        ids[token.content] = token.id
        highestID = max(highestID, token.id)
        if let place = places[token.id] {
            tokens[place] = token
        } else {
            places[token.id] = tokens.count
            tokens.append(token)
        }
    }

    /// Makes the token at `place` one that is found.
    private mutating func index(
        _ place: Int, _ normalizer: Normalizer?, _ field: TokenizerField?
    ) throws(TokenizerError) {
        let token = tokens[place]
        if token.isSpecial { specialContents.insert(token.content) }
        var pattern = token.content
        if token.isNormalized, let normalizer {
            var opensText = true
            normalizer.apply(to: &pattern, opensText: &opensText)
            guard !pattern.isEmpty else {
                // One that another file adds is never found in a text.
                guard let field else { return forms.append(token.content) }
                throw field.invalid(
                    "texts that the normalizer leaves something of",
                    found: "\"\(PrintableText.quoted(String(decoding: token.content, as: UTF8.self)))\"")
            }
        }
        forms.append(pattern)
        if token.isNormalized { normalized.insert(pattern, place) } else { plain.insert(pattern, place) }
    }

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

    /// - Parameter behind: the number that the library gives to a token that the vocabulary lacks, one after the other.
    private static func token(
        _ field: TokenizerField, _ vocabulary: Vocabulary, behind: Int
    ) throws(TokenizerError) -> Token {
        try field.allow(["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
        let content = try field.required("content")
        let bytes = Array(try content.string().utf8)
        guard bytes.count <= contentLimit else {
            throw content.invalid("at most \(contentLimit) bytes", found: "\(bytes.count)")
        }
        let id = Int32(try field.required("id").integer(in: 0...Vocabulary.idLimit - 1))
        let known = vocabulary.id(of: bytes)
        let expected = known >= 0 ? Int(known) : behind
        guard bytes.isEmpty || Int(id) == expected else {
            throw try field.required("id").invalid(
                known >= 0 ? "\(expected), as in model.vocab" : "\(expected), the next number behind the vocabulary")
        }
        guard bytes.isEmpty || known >= 0 || vocabulary.piece(id) == nil else {
            throw try field.required("id").invalid("a number that no other piece has")
        }
        return Token(
            content: bytes, id: id,
            isSingleWord: try field.bool("single_word") ?? false,
            stripsLeft: try field.bool("lstrip") ?? false,
            stripsRight: try field.bool("rstrip") ?? false,
            isNormalized: try field.bool("normalized") ?? true,
            isSpecial: try field.bool("special") ?? false)
    }
}
