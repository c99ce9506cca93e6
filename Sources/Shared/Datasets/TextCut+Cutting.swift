import PlainText
package import Run

extension TextCut {
    /// The part of a text that the models read. Characters are Unicode scalars, as in Python. Never empty for a
    /// text that is not.
    ///
    /// `word` ends the text just after a word that another one follows: W learned from texts that end where the
    /// next word is open carries far more than W learned from whole sentences. Where no word ends among the first
    /// characters, the text is cut as by `characters`.
    ///
    /// - Parameters:
    ///   - text: stripped.
    ///   - row: the text's number among the run's rows; with `seed` it draws the word.
    ///   - maximumCharacters: for `characters` and `word`. `whole` keeps what one message may hold.
    package func applied(to text: String, row: Int, maximumCharacters: Int, seed: UInt64) -> String {
        switch self {
        case .whole:
            // A scalar takes four bytes at most.
            return Self.prefix(of: text, scalars: MessageLimits.textBytes / 4)
        case .characters:
            return Self.prefix(of: text, scalars: maximumCharacters)
        case .word:
            let ends = Self.wordEnds(in: text, among: maximumCharacters)
            guard !ends.isEmpty else { return Self.prefix(of: text, scalars: maximumCharacters) }
            var generator = NamedGenerator(seed: seed, purpose: "cut", key: String(row))
            return Self.prefix(of: text, scalars: ends[generator.index(below: ends.count)])
        }
    }

    private static func prefix(of text: String, scalars: Int) -> String {
        String(text.unicodeScalars.prefix(max(1, scalars)))
    }

    /// Lengths after which a word has ended and white space follows: at most `maximum` each.
    private static func wordEnds(in text: String, among maximum: Int) -> [Int] {
        var ends: [Int] = []
        var previousIsSpace = true
        for (index, scalar) in text.unicodeScalars.enumerated() {
            guard index <= maximum else { break }
            if scalar.isPythonSpace, !previousIsSpace { ends.append(index) }
            previousIsSpace = scalar.isPythonSpace
        }
        return ends
    }
}
