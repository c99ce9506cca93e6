extension JSONValue {
    /// What Python's `json.dumps(value, indent=2, ensure_ascii=False)` writes, byte by byte: for digests that others take of
    /// it. It differs from ``pretty`` in what is escaped.
    package var pythonText: String {
        var text = ""
        Self.write(self, indent: "", to: &text)
        return text
    }

    private static func write(_ value: JSONValue, indent: String, to text: inout String) {
        let inner = indent + "  "
        switch value {
        case .string(let string): write(string, to: &text)
        case .array(let elements):
            text += "["
            for (place, element) in elements.enumerated() {
                text += (place == 0 ? "\n" : ",\n") + inner
                write(element, indent: inner, to: &text)
            }
            text += elements.isEmpty ? "]" : "\n\(indent)]"
        case .object(let members):
            text += "{"
            for (place, member) in members.enumerated() {
                text += (place == 0 ? "\n" : ",\n") + inner
                write(member.name, to: &text)
                text += ": "
                write(member.value, indent: inner, to: &text)
            }
            text += members.isEmpty ? "}" : "\n\(indent)}"
        case .null, .bool, .numeral: text += value.compact
        }
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
            case "\u{8}": text += "\\b"
            case "\u{c}": text += "\\f"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
