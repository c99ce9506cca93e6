import Foundation

/// Python's `str` and `repr` of values, up to a length.
struct TemplateText {
    private(set) var text = ""
    private let line: Int

    /// The longest text, in bytes: larger than any conversation. A template could double one again and again.
    static let limit = 16 << 20

    private init(line: Int) { self.line = line }

    /// As `{{ … }}` writes a value.
    static func written(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> String {
        switch value {
        case .undefined: return ""
        case .string(let text): return text
        default: return try representation(of: value, line: line)
        }
    }

    /// As a list shows its elements.
    static func representation(of value: TemplateValue, line: Int) throws(ChatTemplateError) -> String {
        var writer = TemplateText(line: line)
        try writer.write(value)
        return writer.text
    }

    /// Refuses what would become too long.
    static func check(_ bytes: Int, line: Int) throws(ChatTemplateError) {
        guard bytes <= limit else { throw .failed(line: line, "a value grows to \(bytes) bytes") }
    }

    private mutating func append(_ more: String) throws(ChatTemplateError) {
        try Self.check(text.utf8.count + more.utf8.count, line: line)
        text += more
    }

    private mutating func write(_ value: TemplateValue) throws(ChatTemplateError) {
        switch value {
        case .undefined: try append("Undefined")
        case .none: try append("None")
        case .bool(let value): try append(value ? "True" : "False")
        case .integer(let value): try append("\(value)")
        case .number(let value): try append(Self.number(value))
        case .string(let text): try append(Self.quoted(text))
        case .list(let values): try write(values, "[", "]")
        case .tuple(let values): try write(values, "(", values.count == 1 ? ",)" : ")")
        case .dictionary(let dictionary):
            try append("{")
            for (place, pair) in dictionary.pairs.enumerated() {
                if place > 0 { try append(", ") }
                try write(pair.key)
                try append(": ")
                try write(pair.value)
            }
            try append("}")
        case .namespace, .generator, .macro, .function, .method, .loop:
            throw .unsupported(line: line, "\(value.kind) as text")
        }
    }

    private mutating func write(
        _ values: [TemplateValue], _ opening: String, _ closing: String
    ) throws(ChatTemplateError) {
        try append(opening)
        for (place, value) in values.enumerated() {
            if place > 0 { try append(", ") }
            try write(value)
        }
        try append(closing)
    }

    /// Python's `repr` of a float: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let shown = "\(value.magnitude)".lowercased()
        let parts = shown.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var digits = String(mantissa[0]) + (mantissa.count > 1 ? String(mantissa[1]) : "")
        var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.count > 1, digits.hasPrefix("0") {
            digits.removeFirst()
            point -= 1
        }
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        if digits == "0" { point = 1 }
        let sign = value.sign == .minus ? "-" : ""
        if point > 16 || point < -3 {
            let exponent = point - 1
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let size = String(abs(exponent))
            return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+")
                + (size.count < 2 ? "0" : "") + size
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        if point >= digits.count {
            return sign + digits + String(repeating: "0", count: point - digits.count) + ".0"
        }
        return sign + digits.prefix(point) + "." + digits.dropFirst(point)
    }

    /// Python's `repr` of a string.
    private static func quoted(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        var result = String.UnicodeScalarView([quote])
        for scalar in scalars {
            switch scalar {
            case "\\", quote:
                result.append("\\")
                result.append(scalar)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            default:
                if scalar == " " || isPrintable(scalar) {
                    result.append(scalar)
                } else {
                    result.append(contentsOf: escaped(scalar).unicodeScalars)
                }
            }
        }
        result.append(quote)
        return String(result)
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        let digits = String(scalar.value, radix: 16)
        return "\\\(letter)" + String(repeating: "0", count: width - digits.count) + digits
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }
}
