import JSON

/// One item of a coordination game, in which A has the facts and B the question.
package struct GameRecord: Hashable, Sendable {
    /// The file's own, or `line 7`.
    package let id: String
    package let promptA: String
    package let promptB: String
    package let answer: String
    /// The country, where the file names one.
    package let cluster: String?
}

/// A file of a coordination game, as KVComm publishes Countries and Tip Sheets: JSON lines with `prompt_A`, `prompt_B`
/// and the answer, `y` or `label`; perhaps `id` and `country`. Other fields are passed over.
package struct GameDataset: Sendable {
    /// In the file's order; at least one; no two of the same id.
    package let items: [GameRecord]
    /// Lines passed over because they cannot be read.
    package let broken: BrokenLines

    package static let maximumItems = 1 << 20

    /// Reads a file, plain or gzip.
    /// - Throws: ``DatasetError``.
    package init(file: String) throws(DatasetError) {
        var lines = try JSONLines(file: file, members: ["id", "prompt_A", "prompt_B", "y", "label", "country"])
        var items: [GameRecord] = []
        var ids: Set<String> = []
        while let item = try lines.next(Self.item) {
            guard ids.insert(item.id).inserted else {
                throw .malformed(file: file, path: "id", cause: "\"\(item.id)\" stands there twice")
            }
            guard items.count < Self.maximumItems else {
                throw .malformed(file: file, path: "", cause: "more than \(Self.maximumItems) items; split the file")
            }
            items.append(item)
        }
        guard !items.isEmpty else { throw .empty(file: file, expected: "items") }
        self.items = items
        broken = lines.broken
    }

    private static func item(_ record: JSONField<RecordFault>, line: Int) throws(RecordFault) -> GameRecord {
        let answer: JSONField<RecordFault>
        if let y = try record.optional("y") { answer = y } else { answer = try record.required("label") }
        return GameRecord(
            id: try record.string("id") ?? "line \(line)", promptA: try text(record.required("prompt_A")),
            promptB: try text(record.required("prompt_B")), answer: try text(answer),
            cluster: try record.string("country"))
    }

    private static func text(_ field: JSONField<RecordFault>) throws(RecordFault) -> String {
        let text = try field.string()
        guard !text.isEmpty else { throw RecordFault(cause: "\(field.path): empty") }
        return text
    }
}
