import Foundation

/// What happens to a text before it is cut (tokenizers, `normalizers`).
///
/// The library's normal forms are those of Unicode 9, Foundation's are newer: they part at characters and combining
/// marks encoded since (U+32FF, for example).
indirect enum Normalizer: Sendable {
    case sequence([Normalizer])
    case prepend([UInt8])
    case replace(TextPattern, [UInt8])
    case canonicalComposition
    case canonicalDecomposition
    case compatibilityComposition
    case compatibilityDecomposition
    case lowercase
    case strip(left: Bool, right: Bool)
    case stripAccents

    init(_ field: TokenizerField, depth: Int = 0) throws(TokenizerError) {
        switch try field.type() {
        case "Sequence" where depth < 8:
            try field.allow(["type", "normalizers"])
            var parts: [Normalizer] = []
            for part in try field.required("normalizers").elements() {
                parts.append(try Normalizer(part, depth: depth + 1))
            }
            self = .sequence(parts)
        case "Prepend":
            try field.allow(["type", "prepend"])
            self = .prepend(try field.required("prepend").shortText())
        case "Replace":
            try field.allow(["type", "pattern", "content"])
            self = .replace(
                try TextPattern(try field.required("pattern")), try field.required("content").shortText())
        case "NFC": self = .canonicalComposition
        case "NFD": self = .canonicalDecomposition
        case "NFKC": self = .compatibilityComposition
        case "NFKD": self = .compatibilityDecomposition
        case "Lowercase": self = .lowercase
        case "Strip":
            try field.allow(["type", "strip_left", "strip_right"])
            self = .strip(
                left: try field.bool("strip_left") ?? true, right: try field.bool("strip_right") ?? true)
        case "StripAccents": self = .stripAccents
        default:
            throw try field.required("type").unsupported(
                understood: "Sequence, Prepend, Replace, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents")
        }
    }

    /// How many times longer than before a text may become (a decomposition: at most 18 scalars for one).
    var growth: Double {
        switch self {
        case .sequence(let parts): parts.reduce(1) { $0 * $1.growth }
        case .prepend, .strip, .stripAccents: 1
        case .replace(let pattern, let content): pattern.growth(replacedBy: content)
        case .canonicalComposition, .canonicalDecomposition, .lowercase: 4
        case .compatibilityComposition, .compatibilityDecomposition: 18
        }
    }

    /// Normalizes a text. `opensText` is cleared when what the text began with is gone.
    func apply(to text: inout [UInt8], opensText: inout Bool) {
        switch self {
        case .sequence(let parts):
            for part in parts { part.apply(to: &text, opensText: &opensText) }
        case .prepend(let prefix):
            if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
        case .replace(let pattern, let content):
            text = pattern.replace(in: text, with: content)
        case .canonicalComposition:
            map(&text) { Array($0.precomposedStringWithCanonicalMapping.utf8) }
        case .canonicalDecomposition:
            map(&text) { Array($0.decomposedStringWithCanonicalMapping.utf8) }
        case .compatibilityComposition:
            // Foundation's own precomposedStringWithCompatibilityMapping leaves halfwidth katakana uncomposed.
            map(&text) { Array($0.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping.utf8) }
        case .compatibilityDecomposition:
            map(&text) { Array($0.decomposedStringWithCompatibilityMapping.utf8) }
        case .lowercase:
            mapScalars(&text) { scalar, result in result.append(contentsOf: scalar.properties.lowercaseMapping.utf8) }
        case .strip(let left, let right):
            Self.strip(&text, left: left, right: right, &opensText)
        case .stripAccents:
            mapScalars(&text) { scalar, result in
                switch scalar.properties.generalCategory {
                case .nonspacingMark, .spacingMark, .enclosingMark: break
                default: append(scalar, to: &result)
                }
            }
        }
    }

    /// ASCII is its own normal form under all four.
    private func map(_ text: inout [UInt8], _ normalize: (String) -> [UInt8]) {
        if text.allSatisfy({ $0 < 0x80 }) { return }
        text = normalize(String(decoding: text, as: UTF8.self))
    }

    private func mapScalars(_ text: inout [UInt8], _ write: (Unicode.Scalar, inout [UInt8]) -> Void) {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        text.withUnsafeBufferPointer { text in
            var index = 0
            while index < text.count { write(nextScalar(text, &index), &result) }
        }
        text = result
    }

    private static func strip(_ text: inout [UInt8], left: Bool, right: Bool, _ opensText: inout Bool) {
        let kept = text.withUnsafeBufferPointer { text in
            let start = left ? leadingSpace(text) : 0
            let end = right ? text.count - trailingSpace(text) : text.count
            return start..<max(start, end)
        }
        if kept.lowerBound > 0 { opensText = false }
        text = Array(text[kept])
    }
}

/// How many bytes of white space a text begins with.
func leadingSpace(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var index = 0
    while index < text.count {
        let start = index
        if !nextScalar(text, &index).isSpace { return start }
    }
    return text.count
}

/// How many bytes of white space a text ends with.
func trailingSpace(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    var end = text.count
    while end > 0 {
        var start = end - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        var index = start
        if !nextScalar(text, &index).isSpace { break }
        end = start
    }
    return text.count - end
}
