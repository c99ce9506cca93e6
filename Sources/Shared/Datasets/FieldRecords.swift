import JSON

/// One line of a user's own items: its fields by their names.
package struct FieldRecord: Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    package let fields: [String: Value]

    package enum Value: Hashable, Sendable {
        /// A string, or a number or truth value as it is written.
        case text(String)
        case texts([String])
    }
}

/// A user's own items: JSON lines of objects whose fields are strings, numbers, truth values, or lists of these. Other
/// fields (objects, nulls) are passed over. No line may be broken: the file is the user's, and can be mended.
package enum FieldRecords {
    package static let maximumRecords = 1 << 20

    /// Reads a file, plain or gzip.
    /// - Throws: ``DatasetError``, naming file and line.
    package static func records(of file: String) throws(DatasetError) -> [FieldRecord] {
        let lines = try LineReader(file: file)
        var records: [FieldRecord] = []
        while let line = try lines.next() {
            if line.isBlank { continue }
            guard records.count < maximumRecords else {
                throw .malformed(file: file, path: "", cause: "more than \(maximumRecords) items; split the file")
            }
            let root = try JSONField<DatasetError>(file: "\(file), line \(line.number)", bytes: line.bytes)
            var fields: [String: FieldRecord.Value] = [:]
            for (name, field) in try root.members() { fields[name] = value(field.value) }
            records.append(FieldRecord(line: line.number, fields: fields))
        }
        guard !records.isEmpty else { throw .empty(file: file, expected: "items") }
        return records
    }

    private static func value(_ value: JSONValue) -> FieldRecord.Value? {
        if let text = text(value) { return .text(text) }
        guard case .array(let elements) = value else { return nil }
        let texts = elements.compactMap(text)
        return texts.count == elements.count ? .texts(texts) : nil
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): text
        case .numeral(let numeral): numeral.text
        case .bool(let bool): bool ? "true" : "false"
        default: nil
        }
    }
}
