import Foundation

/// The text's bytes are a function of the value: members keep their order, numbers their digits.
extension JSONValue {
    /// An encodable value, the members of its objects sorted by their names' bytes.
    package init(encoding value: some Encodable) throws {
        var scanner = try JSONScanner(file: "", bytes: [UInt8](JSONEncoder().encode(value)))
        self = try scanner.document().sorted
    }

    /// On one line, without a space.
    package var compact: String {
        var text = ""
        write(to: &text, indentation: nil)
        return text
    }

    /// Over several lines, indented by two spaces.
    package var pretty: String {
        var text = ""
        write(to: &text, indentation: 0)
        return text
    }

    private var sorted: JSONValue {
        switch self {
        case .array(let elements): .array(elements.map(\.sorted))
        case .object(let members):
            .object(
                members.map { Member(name: $0.name, value: $0.value.sorted) }
                    .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
        default: self
        }
    }

    private func write(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .numeral(let numeral): text += numeral.text
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.write(values, between: "[", "]", to: &text, indentation: indentation) { value, text, indentation in
                value.write(to: &text, indentation: indentation)
            }
        case .object(let members):
            Self.write(members, between: "{", "}", to: &text, indentation: indentation) { member, text, indentation in
                Self.write(member.name, to: &text)
                text += indentation == nil ? ":" : ": "
                member.value.write(to: &text, indentation: indentation)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], between open: String, _ close: String, to text: inout String, indentation: Int?,
        _ body: (Element, inout String, Int?) -> Void
    ) {
        text += open
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if let indentation { text += "\n" + String(repeating: " ", count: 2 * (indentation + 1)) }
            body(element, &text, indentation.map { $0 + 1 })
        }
        if let indentation, !elements.isEmpty { text += "\n" + String(repeating: " ", count: 2 * indentation) }
        text += close
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1f}", "\u{7f}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
