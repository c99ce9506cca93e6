import JSON

/// One word problem of GSM8K (Cobbe et al., 2021).
package struct GSM8KItem: Hashable, Sendable {
    /// `gsm8k-0001` for the file's first line.
    package let id: String
    package let question: String
    /// The worked solution, the line `#### number` included.
    package let answer: String
    /// The number after the last `####`: an optional minus, digits, perhaps a point and digits; thousands'
    /// commas left out.
    package let gold: String
}

/// A file in GSM8K's layout: JSON lines with `question` and `answer`, whose solution ends with `#### number`.
/// Other fields are passed over.
package struct GSM8KDataset: Sendable {
    /// In the file's order; at least one.
    package let items: [GSM8KItem]
    /// Lines passed over because they cannot be read.
    package let broken: BrokenLines

    /// Items of the largest file that is read.
    package static let maximumItems = 1 << 20

    /// Reads a file, plain or gzip.
    /// - Throws: ``DatasetError``: the file cannot be read, has too many broken lines (``BrokenLines``), or no
    ///   problem.
    package init(file: String) throws(DatasetError) {
        var lines = try JSONLines(file: file, members: ["question", "answer"])
        var items: [GSM8KItem] = []
        while let item = try lines.next(Self.item) {
            guard items.count < Self.maximumItems else {
                throw .malformed(
                    file: file, path: "", cause: "more than \(Self.maximumItems) problems; split the file")
            }
            items.append(item)
        }
        guard !items.isEmpty else { throw .empty(file: file, expected: "problems") }
        self.items = items
        broken = lines.broken
    }

    private static func item(_ record: JSONField<RecordFault>, line: Int) throws(RecordFault) -> GSM8KItem {
        let question = try record.required("question").string()
        guard !question.isEmpty else { throw RecordFault(cause: "question: empty") }
        let answer = try record.required("answer").string()
        guard let gold = gold(in: answer) else { throw RecordFault(cause: "answer: ends with no \"#### number\"") }
        let digits = String(line)
        let id = "gsm8k-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return GSM8KItem(id: id, question: question, answer: answer, gold: gold)
    }

    private static func gold(in answer: String) -> String? {
        let parts = answer.split(separator: "####", omittingEmptySubsequences: false)
        guard parts.count > 1, let last = parts.last else { return nil }
        let number = last.filter { !$0.isWhitespace && $0 != "," && $0 != "$" }
        let unsigned = number.hasPrefix("-") ? number.dropFirst() : number[...]
        let halves = unsigned.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, halves.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39) ~= $0 } })
        else { return nil }
        return String(number)
    }
}
