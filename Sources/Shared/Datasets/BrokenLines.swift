/// A line of a file of JSON lines that cannot be read.
package struct BrokenLine: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// Counted from 1.
    package let line: Int
    package let cause: String

    package var description: String { "\(file), line \(line): \(cause)" }
}

/// The lines of one or more files that cannot be read: counted, and the first of them named.
///
/// A few broken lines in a large crawl are passed over. A file is refused where they are more than 100 and more
/// than 1 % of the lines read so far, or where no line at all can be read.
package struct BrokenLines: Hashable, Sendable {
    package private(set) var count = 0
    /// At most ten.
    package private(set) var first: [BrokenLine] = []

    package static let tolerated = 100
    package static let toleratedShare = 0.01
    private static let named = 10

    /// What a reader of the figures must know: how many lines were passed over, and the first of them.
    package var remarks: [String] {
        first.first.map { ["passed over \(count) broken lines; the first: \($0)"] } ?? []
    }

    mutating func add(_ line: BrokenLine) {
        count += 1
        if first.count < Self.named { first.append(line) }
    }

    mutating func add(_ other: BrokenLines) {
        count += other.count
        first += other.first.prefix(Self.named - first.count)
    }

    /// Whether a file is refused: `lines` of it were read, these among them.
    func areTooMany(among lines: Int) -> Bool {
        count > Self.tolerated && Double(count) > Self.toleratedShare * Double(lines) || (lines > 0 && count == lines)
    }
}
