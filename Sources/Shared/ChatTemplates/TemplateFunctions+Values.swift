import Foundation

extension TemplateFunctions {
    static func filter(
        _ name: String, _ value: TemplateValue, _ arguments: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (name, value) {
        case ("trim", .string), ("upper", .string), ("lower", .string), ("capitalize", .string), ("title", .string),
            ("replace", .string):
            return try method(name == "trim" ? "strip" : name, value, arguments, line: line)
        case ("length", .string(let text)), ("count", .string(let text)): return .integer(text.unicodeScalars.count)
        case ("length", .list(let values)), ("count", .list(let values)): return .integer(values.count)
        case ("length", .dictionary(let pairs)), ("count", .dictionary(let pairs)): return .integer(pairs.count)
        case ("first", .list(let values)): return values.first ?? .undefined("first")
        case ("last", .list(let values)): return values.last ?? .undefined("last")
        case ("list", .list): return value
        case ("list", .string(let text)): return .list(text.unicodeScalars.map { .string(String($0)) })
        case ("reverse", .list(let values)): return .list(values.reversed())
        case ("safe", _): return value
        case ("string", _):
            guard let text = value.text else { throw .unsupported(line: line, "\(value.kind) as a string") }
            return .string(text)
        case ("default", _), ("d", _):
            let other = arguments.first("default_value") ?? .string("")
            let whenFalse = arguments.plain.count > 1 ? arguments.plain[1].isTrue : arguments.named["boolean"]?.isTrue
            if case .undefined = value { return other }
            return whenFalse == true && !value.isTrue ? other : value
        case ("join", .list(let values)):
            let texts = values.compactMap(\.text)
            guard texts.count == values.count else { throw .unsupported(line: line, "join of \(value.kind)") }
            let separator = arguments.first("d")?.text ?? ""
            let bytes = texts.reduce(0) { $0 + $1.utf8.count }
            try check(bytes + texts.count * separator.utf8.count, line: line)
            return .string(texts.joined(separator: separator))
        case ("items", .dictionary(let pairs)): return .list(pairs.map { .list([.string($0.key), $0.value]) })
        case ("tojson", _):
            guard arguments.plain.isEmpty, arguments.named.isEmpty else {
                throw .unsupported(line: line, "tojson with arguments")
            }
            return .string(try json(value, line: line))
        case ("selectattr", .list(let values)), ("rejectattr", .list(let values)):
            guard case .string(let attribute)? = arguments.plain.first else {
                throw .syntax(line: line, "\(name) needs the name of an attribute")
            }
            var kept: [TemplateValue] = []
            for value in values {
                var found = TemplateValue.undefined(attribute)
                if case .dictionary(let pairs) = value { found = pairs.last { $0.key == attribute }?.value ?? found }
                var matches = found.isTrue
                if arguments.plain.count > 1, let test = arguments.plain[1].text {
                    let test = test == "==" ? "eq" : test
                    matches = try self.test(test, found, Array(arguments.plain.dropFirst(2)), line: line)
                }
                if matches == (name == "selectattr") { kept.append(value) }
            }
            return .list(kept)
        case ("trim", _), ("upper", _), ("lower", _), ("length", _), ("count", _), ("first", _), ("last", _),
            ("list", _), ("join", _), ("items", _), ("replace", _), ("selectattr", _), ("rejectattr", _):
            throw .failed(line: line, "the filter '\(name)' of \(value.kind)")
        default: throw .unsupported(line: line, "the filter '\(name.prefix(40))'")
        }
    }

    static func method(
        _ name: String, _ value: TemplateValue, _ arguments: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .string(let text): return try method(name, text, arguments, line: line)
        case .dictionary(let pairs):
            switch name {
            case "items": return .list(pairs.map { .list([.string($0.key), $0.value]) })
            case "keys": return .list(pairs.map { .string($0.key) })
            case "values": return .list(pairs.map(\.value))
            case "get":
                guard case .string(let key)? = arguments.plain.first else { break }
                let missing = arguments.plain.count > 1 ? arguments.plain[1] : .none
                return pairs.last { $0.key == key }?.value ?? missing
            default: break
            }
        case .undefined: throw .failed(line: line, "\(value.kind), has no '\(name.prefix(40))'")
        default: break
        }
        throw .unsupported(line: line, "the method '\(name.prefix(40))' of \(value.kind)")
    }

    private static func method(
        _ name: String, _ text: String, _ arguments: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let given = arguments.plain.compactMap { value in if case .string(let text) = value { text } else { nil } }
        guard arguments.named.isEmpty, given.count == arguments.plain.count else {
            throw .unsupported(line: line, "the method '\(name.prefix(40))' with these arguments")
        }
        switch (name, given.count) {
        case ("strip", 0...1): return .string(stripped(text, given.first, left: true, right: true))
        case ("lstrip", 0...1): return .string(stripped(text, given.first, left: true, right: false))
        case ("rstrip", 0...1): return .string(stripped(text, given.first, left: false, right: true))
        case ("upper", 0): return .string(text.uppercased())
        case ("lower", 0): return .string(text.lowercased())
        case ("capitalize", 0): return .string(text.prefix(1).uppercased() + text.dropFirst().lowercased())
        case ("startswith", 1): return .bool(text.unicodeScalars.starts(with: given[0].unicodeScalars))
        case ("endswith", 1):
            return .bool(text.unicodeScalars.reversed().starts(with: given[0].unicodeScalars.reversed()))
        case ("split", 1) where !given[0].isEmpty: return .list(parts(of: text, by: given[0]).map(TemplateValue.string))
        case ("split", 0):
            return .list(
                text.unicodeScalars.split { $0.properties.isWhitespace }.map { .string(String(Array($0))) })
        case ("replace", 2) where !given[0].isEmpty:
            let parts = parts(of: text, by: given[0])
            try check(text.utf8.count + (parts.count - 1) * given[1].utf8.count, line: line)
            return .string(parts.joined(separator: given[1]))
        default: throw .unsupported(line: line, "the method '\(name.prefix(40))' of a string with these arguments")
        }
    }

    /// The text between the separators, which are not empty.
    ///
    /// Byte by byte, since Swift's own search takes canonically equivalent texts for equal; and by Knuth, Morris and
    /// Pratt (1977), in time that grows with the text alone, whatever the template looks for in it.
    static func parts(of text: String, by separator: String) -> [String] {
        let (bytes, wanted) = (Array(text.utf8), Array(separator.utf8))
        // Of each beginning of `wanted`: how long a part of it is both its end and a beginning.
        var borders = [0]
        for place in wanted.indices.dropFirst() {
            var border = borders[place - 1]
            while border > 0, wanted[border] != wanted[place] { border = borders[border - 1] }
            borders.append(wanted[border] == wanted[place] ? border + 1 : 0)
        }
        var parts: [String] = []
        var (begin, matched) = (0, 0)
        for (place, byte) in bytes.enumerated() {
            while matched > 0, wanted[matched] != byte { matched = borders[matched - 1] }
            if wanted[matched] == byte { matched += 1 }
            guard matched == wanted.count else { continue }
            parts.append(String(decoding: bytes[begin...place].dropLast(wanted.count), as: UTF8.self))
            (begin, matched) = (place + 1, 0)
        }
        return parts + [String(decoding: bytes[begin...], as: UTF8.self)]
    }

    private static func stripped(_ text: String, _ characters: String?, left: Bool, right: Bool) -> String {
        let set = characters.map { Set($0.unicodeScalars) }
        func goes(_ scalar: Unicode.Scalar) -> Bool {
            // Python counts the four information separators as whitespace too.
            set.map { $0.contains(scalar) } ?? (scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value))
        }
        var rest = Array(text.unicodeScalars)[...]
        if left { while let first = rest.first, goes(first) { rest.removeFirst() } }
        if right { while let last = rest.last, goes(last) { rest.removeLast() } }
        return String(Array(rest))
    }

    /// As `json.dumps` writes it, characters as they are.
    private static func json(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> String {
        switch value {
        case .none: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return "\(value)"
        case .string(let text):
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
                case _ where scalar.value < 0x20: result += String(format: "\\u%04x", scalar.value)
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result + "\""
        case .list(let values):
            var parts: [String] = []
            for value in values { parts.append(try json(value, line: line)) }
            return "[" + parts.joined(separator: ", ") + "]"
        case .dictionary(let pairs):
            var parts: [String] = []
            for (key, value) in pairs {
                parts.append(try json(.string(key), line: line) + ": " + (try json(value, line: line)))
            }
            return "{" + parts.joined(separator: ", ") + "}"
        case .undefined, .number, .namespace, .function: throw .unsupported(line: line, "tojson of \(value.kind)")
        }
    }
}
