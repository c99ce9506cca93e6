package import Run

/// How closely two continuations of one prompt agree.
package struct TextSimilarity: Codable, Hashable, Sendable {
    /// Whether the tokens are the same.
    package let exactMatch: Bool
    /// Tokens up to the first that differs.
    package let commonPrefixTokens: Int
    /// 1 − Levenshtein distance / length of the longer text, in Unicode scalars; 1 for two empty texts.
    package let editSimilarity: Double

    /// Unicode scalars of a text that are compared; what lies beyond does not count.
    package static let maximumScalars = 4096

    package init(_ a: WrittenText, _ b: WrittenText) {
        exactMatch = a.tokens == b.tokens
        commonPrefixTokens = zip(a.tokens, b.tokens).prefix { $0 == $1 }.count
        editSimilarity = Self.editSimilarity(a.text, b.text)
    }

    /// 1 − Levenshtein distance / length of the longer text. Costs O(n · m) for the first 4,096 scalars of each.
    package static func editSimilarity(_ a: String, _ b: String) -> Double {
        let a = a.unicodeScalars.prefix(maximumScalars).map(\.value)
        let b = b.unicodeScalars.prefix(maximumScalars).map(\.value)
        let longer = max(a.count, b.count)
        return longer == 0 ? 1 : 1 - Double(editDistance(a, b)) / Double(longer)
    }

    /// Insertions, deletions and replacements that turn one into the other, at least (Wagner & Fischer, 1974).
    private static func editDistance(_ a: [UInt32], _ b: [UInt32]) -> Int {
        // row[j]: the distance between the elements of a so far and b's first j.
        var row = Array(0...b.count)
        for (i, element) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let replaced = diagonal + (element == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[b.count]
    }
}
