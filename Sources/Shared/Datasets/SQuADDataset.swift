import JSON

/// One question of SQuAD v1.1 (Rajpurkar et al., 2016).
package struct SQuADItem: Hashable, Sendable {
    package let id: String
    /// The paragraph that holds the answer.
    package let context: String
    package let question: String
    /// Texts of the answers that annotators gave, in the file's order, repetitions included; at least one.
    package let golds: [String]
}

/// A file in one of SQuAD v1.1's layouts: the authors', `data[].paragraphs[].{context, qas[].{id, question,
/// answers[].text}}`, or the Hugging Face hub's as JSON lines, `{id, context, question, answers.text[]}`. Other fields
/// are passed over, whatever they hold.
package struct SQuADDataset: Sendable {
    /// In the file's order; at least one; no two of the same id.
    package let items: [SQuADItem]

    /// Bytes of the largest file that is read.
    package static let maximumBytes = 512 << 20

    private typealias Field = JSONField<DatasetError>
    private static let members: Set = ["data", "paragraphs", "context", "qas", "id", "question", "answers", "text"]

    /// Reads a file, plain or gzip.
    /// - Throws: ``DatasetError``, naming the file and the place in it.
    package init(file: String) throws(DatasetError) {
        let bytes = try FileBytes(file: file).all(limit: Self.maximumBytes)
        let isOfLines = Self.isRecord(bytes.prefix { $0 != 0x0a })
        items = try isOfLines ? Self.items(ofLines: bytes, file: file) : Self.items(ofDocument: bytes, file: file)
        guard !items.isEmpty else { throw .empty(file: file, expected: "questions") }
    }

    private static func items(ofDocument bytes: [UInt8], file: String) throws(DatasetError) -> [SQuADItem] {
        let root = try Field(file: file, bytes: bytes, members: members)
        if case .array = root.value { throw .foreign(file: file, .jsonArray) }
        var items: [SQuADItem] = []
        var paths: [String: String] = [:]
        for article in try root.required("data").elements() {
            for paragraph in try article.required("paragraphs").elements() {
                let context = try text(paragraph, "context")
                for question in try paragraph.required("qas").elements() {
                    let item = try item(question, context: context)
                    let path = question.path(of: "id")
                    if let other = paths.updateValue(path, forKey: item.id) {
                        throw .malformed(file: file, path: path, cause: "the same id as \(other)")
                    }
                    items.append(item)
                }
            }
        }
        return items
    }

    // MARK: The hub's layout

    /// Whether a file's first line is a question by itself.
    private static func isRecord(_ line: ArraySlice<UInt8>) -> Bool {
        guard var scanner = try? JSONScanner(file: "", bytes: Array(line)), (try? scanner.open(0x7b)) != nil else {
            return false
        }
        var (names, count) = (NameSet(), 0)
        while (try? scanner.next(until: 0x7d, &count)) == true, let name = try? scanner.name(after: &names) {
            if name == "question" { return true }
            guard name != "data", (try? scanner.skip(depth: 1)) != nil else { return false }
        }
        return false
    }

    private static func items(ofLines bytes: [UInt8], file: String) throws(DatasetError) -> [SQuADItem] {
        var items: [SQuADItem] = []
        var lines: [String: Int] = [:]
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
            let place = "\(file), line \(index + 1)"
            let record = try Field(file: place, bytes: Array(line), members: members)
            let item = try item(record, context: text(record, "context"))
            if let other = lines.updateValue(index + 1, forKey: item.id) {
                throw .malformed(file: place, path: "id", cause: "the same as line \(other)")
            }
            items.append(item)
        }
        return items
    }

    // MARK: Questions

    private static func item(_ question: Field, context: String) throws(DatasetError) -> SQuADItem {
        let answers = try question.required("answers")
        var golds: [String] = []
        if case .object = answers.value {
            for answer in try answers.required("text").elements() { golds.append(try text(answer)) }
        } else {
            for answer in try answers.elements() { golds.append(try text(answer, "text")) }
        }
        guard !golds.isEmpty else {
            throw .malformed(
                file: question.file, path: answers.path,
                cause: "empty; every question has an answer in SQuAD v1.1 (v2.0 is another task)")
        }
        return SQuADItem(
            id: try id(of: question), context: context, question: try text(question, "question"), golds: golds)
    }

    /// A text that is not empty, or a whole number's decimal, as Python's `str` writes it.
    private static func id(of question: Field) throws(DatasetError) -> String {
        let field = try question.required("id")
        guard case .numeral(let numeral) = field.value else { return try text(field) }
        guard numeral.text.utf8.allSatisfy({ $0 == 0x2d || 0x30...0x39 ~= $0 }) else {
            throw field.invalid("a string or a whole number")
        }
        return numeral.text == "-0" ? "0" : numeral.text
    }

    private static func text(_ field: Field, _ name: String) throws(DatasetError) -> String {
        try text(try field.required(name))
    }

    /// A text that is not empty.
    private static func text(_ field: Field) throws(DatasetError) -> String {
        let text = try field.string()
        guard !text.isEmpty else { throw .malformed(file: field.file, path: field.path, cause: "empty") }
        return text
    }
}
