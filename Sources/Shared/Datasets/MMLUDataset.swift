/// One question of MMLU (Hendrycks et al., 2021).
package struct MMLUItem: Hashable, Sendable {
    package let question: String
    /// Four.
    package let choices: [String]
    /// The right one's place.
    package let answer: Int
}

/// A subject's file of MMLU in either layout: the authors' (no header; question, four choices, the letter), or with a
/// header `question,choice0,…,choice3,answer` and the answer's place.
package struct MMLUDataset: Sendable {
    /// `formal_logic` of `formal_logic_test.csv`.
    package let subject: String
    /// In the file's order; at least one.
    package let items: [MMLUItem]

    /// Bytes of the largest file that is read.
    package static let maximumBytes = 256 << 20
    private static let header = ["question", "choice0", "choice1", "choice2", "choice3", "answer"]
    private static let letters = ["A", "B", "C", "D"]

    /// - Throws: ``DatasetError``, naming file and line.
    package init(file: String) throws(DatasetError) {
        var records = try CSVRecords.records(of: file, limit: Self.maximumBytes)
        let hasHeader = records.first?.fields == Self.header
        if hasHeader { records.removeFirst() }
        var items: [MMLUItem] = []
        for record in records {
            let place = "\(file), line \(record.line)"
            guard record.fields.count == Self.header.count else {
                throw .malformed(
                    file: place, path: "",
                    cause: "expected a question, four choices and the answer, found \(record.fields.count) fields")
            }
            let names = hasHeader ? ["0", "1", "2", "3"] : Self.letters
            guard let answer = names.firstIndex(of: record.fields[5]) else {
                throw .malformed(
                    file: place, path: "answer",
                    cause: "expected \(names[0]) to \(names[3]), found \"\(record.fields[5])\"")
            }
            items.append(
                MMLUItem(question: record.fields[0], choices: Array(record.fields[1...4]), answer: answer))
        }
        guard !items.isEmpty else { throw .empty(file: file, expected: "questions") }
        self.items = items
        subject = Self.subject(of: file)
    }

    /// Of a file `SUBJECT_test.csv`, `SUBJECT_dev.csv` or `SUBJECT_val.csv`, perhaps `.gz`.
    package static func subject(of file: String) -> String {
        var name = file.split(separator: "/").last.map(String.init) ?? file
        for suffix in [".gz", ".csv", "_test", "_dev", "_val"] where name.hasSuffix(suffix) {
            name.removeLast(suffix.count)
        }
        return name
    }
}
