/// How a text is cut into words before the model sees it (tokenizers, `pre_tokenizers`).
indirect enum PreTokenizer: Sendable {
    case sequence([PreTokenizer])
    case split(TextPattern, PieceList.Behavior, isInverted: Bool)
    case byteLevel(addsPrefixSpace: Bool, pattern: TextPattern?)
    case metaspace(Metaspace)

    /// GPT-2's words: English contractions, letters, digits and the rest with the space before them.
    static let gpt2Pattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    private static let understood =
        "Sequence, Split, ByteLevel, Metaspace, Whitespace, WhitespaceSplit, Punctuation, Digits, CharDelimiterSplit"

    init(_ field: TokenizerField, depth: Int = 0) throws(TokenizerError) {
        switch try field.type() {
        case "Sequence" where depth < 8:
            try field.allow(["type", "pretokenizers"])
            var parts: [PreTokenizer] = []
            for part in try field.required("pretokenizers").elements() {
                parts.append(try PreTokenizer(part, depth: depth + 1))
            }
            self = .sequence(parts)
        case "Split":
            try field.allow(["type", "pattern", "behavior", "invert"])
            self = .split(
                try TextPattern(try field.required("pattern")),
                try PieceList.Behavior(try field.required("behavior")),
                isInverted: try field.bool("invert") ?? false)
        case "ByteLevel":
            // trim_offsets moves offsets into the text, no ids.
            try field.allow(["type", "add_prefix_space", "trim_offsets", "use_regex"])
            var pattern: TextPattern?
            if try field.bool("use_regex") ?? true {
                let gpt2 = TokenizerField(file: field.file, path: field.path, value: .string(Self.gpt2Pattern))
                pattern = .regex(try OnigurumaPattern(gpt2))
            }
            self = .byteLevel(
                addsPrefixSpace: try field.bool("add_prefix_space") ?? true, pattern: pattern)
        case "Metaspace":
            self = .metaspace(try Metaspace(field))
        case "Whitespace":
            self = .split(.wordsAndSymbols, .removed, isInverted: true)
        case "WhitespaceSplit":
            self = .split(.scalars { $0.isSpace }, .removed, isInverted: false)
        case "Punctuation":
            try field.allow(["type", "behavior"])
            let behavior = try field.optional("behavior")
            self = .split(
                .scalars { $0.isPunctuation }, try behavior.map(PieceList.Behavior.init) ?? .isolated,
                isInverted: false)
        case "Digits":
            try field.allow(["type", "individual_digits"])
            let behavior: PieceList.Behavior =
                try field.bool("individual_digits") ?? false ? .isolated : .contiguous
            self = .split(.scalars { $0.isNumeric }, behavior, isInverted: false)
        case "CharDelimiterSplit":
            try field.allow(["type", "delimiter"])
            let delimiter = try field.required("delimiter").scalar()
            self = .split(.scalars { $0 == delimiter }, .removed, isInverted: false)
        default:
            throw try field.required("type").unsupported(understood: Self.understood)
        }
    }

    /// How many times longer than before a text may become.
    var growth: Double {
        switch self {
        case .sequence(let parts): parts.reduce(1) { $0 * $1.growth }
        case .split: 1
        case .byteLevel(let addsPrefixSpace, _): addsPrefixSpace ? 4 : 2
        case .metaspace: 4
        }
    }

    func apply(to list: inout PieceList) {
        switch self {
        case .sequence(let parts):
            for part in parts { part.apply(to: &list) }
        case .split(let pattern, let behavior, let isInverted):
            list.split(by: pattern, behavior, isInverted: isInverted)
        case .byteLevel(let addsPrefixSpace, let pattern):
            let space = UInt8(ascii: " ")
            if addsPrefixSpace {
                list.rewrite { text, _, result in
                    if text.first != space { result.append(space) }
                    result.append(contentsOf: text)
                }
            }
            if let pattern { list.split(by: pattern, .isolated) }
            list.rewrite { text, _, result in ByteLevelAlphabet.write(text, to: &result) }
        case .metaspace(let metaspace):
            metaspace.apply(to: &list)
        }
    }
}
