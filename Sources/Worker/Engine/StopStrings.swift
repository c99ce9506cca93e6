package import Tokenization

/// The strings that end a continuation, looked for in the text of its tokens.
package struct StopStrings: Sendable {
    private let strings: [String]
    private let tokenizer: Tokenizer
    /// Tokens that a string which the newest one completes can lie in.
    private let span: Int
    private let endings: Set<Unicode.Scalar>
    /// Whether a token that completes a string shows it by itself. A character of several bytes may be spread over
    /// tokens, and a space at a token's start may go in decoding.
    private let endingsAreSeenInOneToken: Bool

    /// - Returns: nil where there are no strings to look for.
    package init?(_ strings: [String], of tokenizer: Tokenizer) {
        guard let longest = strings.map(\.utf8.count).max(), longest > 0 else { return nil }
        self.strings = strings
        self.tokenizer = tokenizer
        span = 4 * longest
        endings = Set(strings.compactMap(\.unicodeScalars.last))
        endingsAreSeenInOneToken = endings.allSatisfy { $0.isASCII && $0 != " " }
    }

    /// Whether a continuation holds one of the strings, given that it held none without its newest token.
    ///
    /// It is asked once a token, and text costs more than a small model's arithmetic: the last few tokens are decoded,
    /// and only where the newest holds the last character of a string.
    package func areMet(by generated: [Int32]) -> Bool {
        if endingsAreSeenInOneToken, let newest = generated.last,
            !tokenizer.decode([newest]).unicodeScalars.contains(where: endings.contains)
        {
            return false
        }
        let tail = tokenizer.decode(Array(generated.suffix(span)))
        return strings.contains { tail.firstRange(ofScalars: $0) != nil }
    }

    /// A text up to the first of the strings.
    package func cut(_ text: String) -> String {
        strings.compactMap { text.firstRange(ofScalars: $0)?.lowerBound }.min().map { String(text[..<$0]) } ?? text
    }
}

extension String {
    /// Where `other` first occurs, scalar by scalar: Swift's own search takes canonically equivalent texts for equal.
    fileprivate func firstRange(ofScalars other: String) -> Range<String.Index>? {
        let (scalars, wanted) = (unicodeScalars, other.unicodeScalars)
        var start = scalars.startIndex
        while start < scalars.endIndex {
            if scalars[start...].starts(with: wanted) {
                return start..<scalars.index(start, offsetBy: wanted.count)
            }
            start = scalars.index(after: start)
        }
        return nil
    }
}
