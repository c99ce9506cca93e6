/// How tokens become text again (tokenizers, `decoders`). Tokens are bytes here; a step may join or change them.
indirect enum TokenDecoder: Sendable {
    case sequence([TokenDecoder])
    case byteLevel
    case metaspace(Metaspace)
    case replace(TextPattern, [UInt8])
    case byteFallback
    case fuse
    case strip(content: [UInt8], start: Int, stop: Int)

    init(_ field: TokenizerField, depth: Int = 0) throws(TokenizerError) {
        switch try field.type() {
        case "Sequence" where depth < 8:
            try field.allow(["type", "decoders"])
            var parts: [TokenDecoder] = []
            for part in try field.required("decoders").elements() {
                parts.append(try TokenDecoder(part, depth: depth + 1))
            }
            self = .sequence(parts)
        case "ByteLevel":
            try field.allow(["type", "add_prefix_space", "trim_offsets", "use_regex"])
            self = .byteLevel
        case "Metaspace":
            self = .metaspace(try Metaspace(field))
        case "Replace":
            try field.allow(["type", "pattern", "content"])
            self = .replace(
                try TextPattern(try field.required("pattern")), try field.required("content").shortText())
        case "ByteFallback": self = .byteFallback
        case "Fuse": self = .fuse
        case "Strip":
            try field.allow(["type", "content", "start", "stop"])
            self = .strip(
                content: Array(String(try field.required("content").scalar()).utf8),
                start: try field.required("start").integer(in: 0...1 << 20),
                stop: try field.required("stop").integer(in: 0...1 << 20))
        default:
            throw try field.required("type").unsupported(
                understood: "Sequence, ByteLevel, Metaspace, Replace, ByteFallback, Fuse, Strip")
        }
    }

    /// How many times longer than before a text may become.
    var growth: Double {
        switch self {
        case .sequence(let parts): parts.reduce(1) { $0 * $1.growth }
        case .replace(let pattern, let content): pattern.growth(replacedBy: content)
        case .byteLevel: 3
        case .metaspace, .byteFallback, .fuse, .strip: 1
        }
    }

    func apply(to tokens: inout [[UInt8]]) {
        switch self {
        case .sequence(let parts):
            for part in parts { part.apply(to: &tokens) }
        case .byteLevel:
            var text: [UInt8] = []
            for token in tokens { ByteLevelAlphabet.read(token, to: &text) }
            // Bytes that are no UTF-8 become U+FFFD here, once.
            tokens = [Array(String(decoding: text, as: UTF8.self).utf8)]
        case .metaspace(let metaspace):
            for index in tokens.indices { tokens[index] = metaspace.decode(tokens[index], isFirst: index == 0) }
        case .replace(let pattern, let content):
            for index in tokens.indices { tokens[index] = pattern.replace(in: tokens[index], with: content) }
        case .byteFallback:
            tokens = Self.joinBytes(tokens)
        case .fuse:
            tokens = [Array(tokens.joined())]
        case .strip(let content, let start, let stop):
            for index in tokens.indices { tokens[index] = Self.strip(tokens[index], content, start, stop) }
        }
    }

    /// Runs of `<0x..>` become the character that their bytes spell, or one U+FFFD for each byte.
    private static func joinBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var bytes: [UInt8] = []
        func flush() {
            if bytes.isEmpty { return }
            if String(validating: bytes, as: UTF8.self) != nil {
                result.append(bytes)
            } else {
                for _ in bytes { result.append([0xEF, 0xBF, 0xBD]) }
            }
            bytes.removeAll()
        }
        for token in tokens {
            if let byte = byteValue(token) {
                bytes.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }

    /// The byte that `<0x0A>` names.
    private static func byteValue(_ token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }

    /// Takes up to `start` characters off the front and up to `stop` off the back, as far as they are `content`.
    private static func strip(_ token: [UInt8], _ content: [UInt8], _ start: Int, _ stop: Int) -> [UInt8] {
        var slice = token[...]
        for _ in 0..<start {
            guard slice.starts(with: content) else { break }
            slice.removeFirst(content.count)
        }
        for _ in 0..<stop {
            guard slice.count >= content.count, slice.suffix(content.count).elementsEqual(content) else { break }
            slice.removeLast(content.count)
        }
        return Array(slice)
    }
}
