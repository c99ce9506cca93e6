import Foundation

/// `json.dumps`, as transformers' filter calls it.
struct TemplateJSON {
    private let ensuresASCII: Bool
    /// What a level is indented by; nil for everything on one line.
    private let indent: String?
    private let betweenItems, afterKey: String
    private let sortsKeys: Bool
    private let line: Int
    private var text = ""

    static func text(
        of value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> String {
        var writer = try TemplateJSON(arguments, line: line)
        try writer.write(value, level: 0)
        return writer.text
    }

    static let parameters = ["ensure_ascii", "indent", "separators", "sort_keys"]

    private init(_ arguments: [String: TemplateValue], line: Int) throws(ChatTemplateError) {
        self.line = line
        ensuresASCII = arguments["ensure_ascii"]?.isTrue ?? false
        sortsKeys = arguments["sort_keys"]?.isTrue ?? false
        switch arguments["indent"] {
        case nil, TemplateValue.none?: indent = nil
        case .string(let text)? where text.utf8.count <= 64: indent = text
        case let value?:
            guard let spaces = value.whole, spaces <= 64 else {
                throw .unsupported(line: line, "tojson with this indent")
            }
            indent = String(repeating: " ", count: max(spaces, 0))
        }
        switch arguments["separators"] {
        case nil, TemplateValue.none?: (betweenItems, afterKey) = (indent == nil ? ", " : ",", ": ")
        case .list(let parts)?, .tuple(let parts)?:
            let texts = parts.compactMap { part in if case .string(let text) = part { text } else { nil } }
            guard parts.count == 2, texts.count == 2 else { throw .failed(line: line, "tojson with these separators") }
            (betweenItems, afterKey) = (texts[0], texts[1])
        default: throw .failed(line: line, "tojson with these separators")
        }
    }

    private mutating func append(_ more: String) throws(ChatTemplateError) {
        try TemplateText.check(text.utf8.count + more.utf8.count, line: line)
        text += more
    }

    private mutating func write(_ value: TemplateValue, level: Int) throws(ChatTemplateError) {
        switch value {
        case .none: try append("null")
        case .bool(let value): try append(value ? "true" : "false")
        case .integer(let value): try append("\(value)")
        case .number(let value): try append(Self.number(value))
        case .string(let text): try append(quoted(text))
        case .list(let values), .tuple(let values):
            try write("[", "]", values.count, level) { writer, place, level throws(ChatTemplateError) in
                try writer.write(values[place], level: level)
            }
        case .dictionary(let dictionary): try write(dictionary, level: level)
        default: throw .failed(line: line, "tojson of \(value.kind)")
        }
    }

    private mutating func write(_ dictionary: TemplateDictionary, level: Int) throws(ChatTemplateError) {
        var pairs = dictionary.pairs
        if sortsKeys {
            guard let sorted = TemplateValue.sorted(pairs, by: \.key) else {
                throw .failed(line: line, "keys of several kinds have no order")
            }
            pairs = sorted
        }
        var names: [String] = []
        for pair in pairs { names.append(try key(pair.key)) }
        try write("{", "}", pairs.count, level) { writer, place, level throws(ChatTemplateError) in
            try writer.append(writer.quoted(names[place]) + writer.afterKey)
            try writer.write(pairs[place].value, level: level)
        }
    }

    private func key(_ key: TemplateValue) throws(ChatTemplateError) -> String {
        switch key {
        case .string(let text): return text
        case .none: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return "\(value)"
        case .number(let value): return Self.number(value)
        default: throw .failed(line: line, "\(key.kind) as a key of JSON")
        }
    }

    private mutating func write(
        _ opening: String, _ closing: String, _ count: Int, _ level: Int,
        _ item: (inout TemplateJSON, _ place: Int, _ level: Int) throws(ChatTemplateError) -> Void
    ) throws(ChatTemplateError) {
        guard count > 0 else { return try append(opening + closing) }
        let start = indent.map { "\n" + String(repeating: $0, count: level + 1) } ?? ""
        try append(opening)
        for place in 0..<count {
            try append((place > 0 ? betweenItems : "") + start)
            try item(&self, place, level + 1)
        }
        try append((indent.map { "\n" + String(repeating: $0, count: level) } ?? "") + closing)
    }

    private static func number(_ value: Double) -> String {
        value.isFinite ? TemplateText.number(value) : value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
    }

    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{c}": result += "\\f"
            case _ where scalar.value < 0x20 || ensuresASCII && scalar.value > 0x7e:
                for unit in String(scalar).utf16 { result += String(format: "\\u%04x", unit) }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
