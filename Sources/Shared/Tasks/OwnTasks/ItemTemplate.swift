import Datasets

/// A prompt with the places of an item's fields: `{name}`; `{{` and `}}` stand for braces.
struct ItemTemplate: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case text(String)
        case field(String)
    }

    private let parts: [Part]

    /// - Returns: nil where a brace is not closed, or opens nothing.
    init?(_ text: String) {
        var parts: [Part] = []
        var plain = ""
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "{" || scalar == "}" else {
                plain.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == scalar {
                rest.removeFirst()
                plain.unicodeScalars.append(scalar)
                continue
            }
            guard scalar == "{", let end = rest.firstIndex(of: "}") else { return nil }
            let name = String(rest[..<end])
            guard !name.isEmpty, !name.contains("{") else { return nil }
            if !plain.isEmpty { parts.append(.text(plain)) }
            plain = ""
            parts.append(.field(name))
            rest = rest[rest.index(after: end)...]
        }
        if !plain.isEmpty { parts.append(.text(plain)) }
        self.parts = parts
    }

    var fields: [String] {
        parts.compactMap { part in if case .field(let name) = part { name } else { nil } }
    }

    /// The template with a record's fields in place; lists are joined by commas.
    /// - Throws: the name of a field that the record lacks.
    func text(_ record: FieldRecord) throws(MissingField) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .text(let plain): text += plain
            case .field(let name):
                switch record.fields[name] {
                case .text(let value): text += value
                case .texts(let values): text += values.joined(separator: ", ")
                case nil: throw MissingField(name: name)
                }
            }
        }
        return text
    }

    struct MissingField: Error {
        var name: String
    }
}
