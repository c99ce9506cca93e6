import JSON

/// One question of SQuAD v1.1 (Rajpurkar et al., 2016).
package struct SQuADItem: Hashable, Sendable {
    package let id: String
    /// The article's title.
    package let title: String
    /// The paragraph that holds the answer.
    package let context: String
    package let question: String
    /// Texts of the answers that annotators gave, in the file's order, repetitions included; at least one.
    package let golds: [String]
}

/// A file in SQuAD v1.1's layout: `data[].paragraphs[].{context, qas[].{id, question, answers[].text}}`.
package struct SQuADDataset: Sendable {
    /// In the file's order; at least one; no two of the same id.
    package let items: [SQuADItem]

    /// Bytes of the largest file that is read.
    package static let maximumBytes = 512 << 20

    private typealias Field = JSONField<DatasetError>

    /// Reads a file, plain or gzip.
    /// - Throws: ``DatasetError``, naming the file and the place in it.
    package init(file: String) throws(DatasetError) {
        let root = try Field(file: file, bytes: try FileBytes(file: file).all(limit: Self.maximumBytes))
        var items: [SQuADItem] = []
        var paths: [String: String] = [:]
        for article in try root.required("data").elements() {
            let title = try article.string("title") ?? ""
            for paragraph in try article.required("paragraphs").elements() {
                let context = try Self.text(paragraph, "context")
                for question in try paragraph.required("qas").elements() {
                    let item = try Self.item(question, title: title, context: context)
                    let path = question.path(of: "id")
                    if let other = paths.updateValue(path, forKey: item.id) {
                        throw .malformed(file: file, path: path, cause: "the same id as \(other)")
                    }
                    items.append(item)
                }
            }
        }
        guard !items.isEmpty else { throw .empty(file: file, expected: "questions") }
        self.items = items
    }

    private static func item(_ question: Field, title: String, context: String) throws(DatasetError) -> SQuADItem {
        let answers = try question.required("answers")
        var golds: [String] = []
        for answer in try answers.elements() { golds.append(try text(answer, "text")) }
        guard !golds.isEmpty else {
            throw .malformed(
                file: question.file, path: answers.path,
                cause: "empty; every question has an answer in SQuAD v1.1 (v2.0 is another task)")
        }
        return SQuADItem(
            id: try text(question, "id"), title: title, context: context, question: try text(question, "question"),
            golds: golds)
    }

    /// A text that is not empty.
    private static func text(_ field: Field, _ name: String) throws(DatasetError) -> String {
        let text = try field.required(name).string()
        guard !text.isEmpty else { throw .malformed(file: field.file, path: field.path(of: name), cause: "empty") }
        return text
    }
}
