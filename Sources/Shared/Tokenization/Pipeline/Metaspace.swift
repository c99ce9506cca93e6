/// Spaces written as `▁`, one before the text, and words cut before each of them: SentencePiece's way, as a
/// pre-tokenizer and as a decoder.
struct Metaspace: Sendable {
    /// Where a `▁` is put before a text that has none.
    enum PrependScheme: String, Sendable {
        /// Before the very first piece only.
        case first
        /// Before every piece between added tokens.
        case always
        case never
    }

    let replacement: Unicode.Scalar
    let prependScheme: PrependScheme
    let splits: Bool

    init(_ field: TokenizerField) throws(TokenizerError) {
        try field.allow(["type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"])
        replacement = try field.required("replacement").scalar()
        splits = try field.bool("split") ?? true
        var scheme = PrependScheme.always
        if let named = try field.optional("prepend_scheme") {
            guard let known = PrependScheme(rawValue: try named.string()) else {
                throw named.unsupported(understood: "first, always, never")
            }
            scheme = known
        }
        if let adds = try field.optional("add_prefix_space"), try !(field.bool("add_prefix_space") ?? true),
            scheme != .never
        {
            throw adds.invalid("true, or prepend_scheme \"never\"")
        }
        prependScheme = scheme
    }

    func apply(to list: inout PieceList) {
        let mark = Array(String(replacement).utf8)
        let space = UInt8(ascii: " ")
        list.rewrite { text, piece, result in
            let isMarked = text.first == space || text.starts(with: mark)
            if prependScheme == .always || prependScheme == .first && piece.opensText, !isMarked {
                result.append(contentsOf: mark)
            }
            for byte in text {
                if byte == space { result.append(contentsOf: mark) } else { result.append(byte) }
            }
        }
        if splits { list.split(by: .literal(mark), .mergedWithNext) }
    }

    /// A token as text. Of the first token every mark goes, unless none was ever put there.
    func decode(_ token: [UInt8], isFirst: Bool) -> [UInt8] {
        let mark = Array(String(replacement).utf8)
        let text: [UInt8] = isFirst && prependScheme != .never ? [] : [UInt8(ascii: " ")]
        return TextPattern.literal(mark).replace(in: token, with: text)
    }
}
