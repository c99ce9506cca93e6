import JSON
import PlainText

/// Reads `model.merges`: `["a", "b"]` pairs, or "a b" strings in older files.
struct MergeReader {
    let table: MergeTable
    /// Whether a merge yields a piece in which `▁` follows another character.
    let crossesSpaces: Bool

    init(reading scanner: inout JSONScanner, vocabulary: Vocabulary) throws(JSONError) {
        var pairs: [(left: Int32, right: Int32, result: Int32)] = []
        var crossesSpaces = false
        var text: [UInt8] = []
        var count = 0
        try scanner.open(UInt8(ascii: "["))
        while try scanner.next(until: UInt8(ascii: "]"), &count) {
            text.removeAll(keepingCapacity: true)
            let boundary: Int
            if scanner.upcoming() == UInt8(ascii: "[") {
                boundary = try Self.readPair(&scanner, &text, number: count - 1)
            } else {
                try scanner.string(into: &text)
                // Older files may carry over the first line of merges.txt.
                if text.starts(with: "#version".utf8) { continue }
                guard let space = text.firstIndex(of: 0x20), space == text.lastIndex(of: 0x20) else {
                    throw Self.invalid(
                        scanner, number: count - 1, expected: "two pieces with one space between them",
                        found: "\"\(PrintableText.quoted(String(decoding: text, as: UTF8.self)))\"")
                }
                text.remove(at: space)
                boundary = space
            }
            let ids = text.withUnsafeBufferPointer { text in
                (
                    left: vocabulary.id(of: UnsafeBufferPointer(rebasing: text[..<boundary])),
                    right: vocabulary.id(of: UnsafeBufferPointer(rebasing: text[boundary...])),
                    result: vocabulary.id(of: text)
                )
            }
            if ids.left < 0 || ids.right < 0 || ids.result < 0 {
                let missing = ids.left < 0 ? text[..<boundary] : ids.right < 0 ? text[boundary...] : text[...]
                throw Self.invalid(
                    scanner, number: count - 1, expected: "pieces of model.vocab",
                    found: "\"\(PrintableText.quoted(String(decoding: missing, as: UTF8.self)))\", which it lacks")
            }
            guard pairs.count < 2 * Vocabulary.idLimit else {
                throw Self.invalid(
                    scanner, number: count - 1, expected: "at most \(2 * Vocabulary.idLimit) merges", found: "more")
            }
            pairs.append(ids)
            crossesSpaces = crossesSpaces || Self.crossesSpace(text)
        }
        var table = MergeTable(count: pairs.count)
        for (rank, pair) in pairs.enumerated() {
            table.insert(pair.left, pair.right, rank: UInt32(rank), result: pair.result)
        }
        self.table = table
        self.crossesSpaces = crossesSpaces
    }

    /// Reads `["a", "b"]` and returns where b begins.
    private static func readPair(
        _ scanner: inout JSONScanner, _ text: inout [UInt8], number: Int
    ) throws(JSONError) -> Int {
        var boundary = 0
        var count = 0
        try scanner.open(UInt8(ascii: "["))
        while try scanner.next(until: UInt8(ascii: "]"), &count) {
            if count == 2 { boundary = text.count }
            try scanner.string(into: &text)
        }
        guard count == 2 else {
            throw invalid(scanner, number: number, expected: "two pieces", found: "\(count)")
        }
        return boundary
    }

    private static func crossesSpace(_ piece: [UInt8]) -> Bool {
        var followsOther = false
        var index = 0
        while index < piece.count {
            if piece[index] == 0xE2, index + 2 < piece.count, piece[index + 1] == 0x96, piece[index + 2] == 0x81 {
                if followsOther { return true }
                index += 3
            } else {
                followsOther = true
                index += 1
            }
        }
        return false
    }

    private static func invalid(
        _ scanner: JSONScanner, number: Int, expected: String, found: String
    ) -> JSONError {
        .invalid(file: scanner.file, path: "model.merges[\(number)]", expected: expected, found: found)
    }
}
