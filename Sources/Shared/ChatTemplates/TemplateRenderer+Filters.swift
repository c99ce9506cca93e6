import Foundation
import PlainText

/// Jinja's filters, as far as they make texts and numbers. What is not here is an error that names it.
extension TemplateRenderer {
    mutating func apply(
        _ use: Statement.FilterUse, to value: TemplateValue
    ) throws(ChatTemplateError) -> TemplateValue {
        try filter(use.name, value, try evaluated(use.arguments), line: use.line)
    }

    mutating func filter(
        _ name: String, _ value: TemplateValue, _ given: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        _ = try accounted(value, line: line)
        try budget.spend(1, line: line)
        if let result = try sequenceFilter(name, value, given, line: line) { return try accounted(result, line: line) }
        guard let names = Self.parameters[name] else {
            throw .unsupported(line: line, "the filter '\(name.prefix(40))'")
        }
        let arguments = try given.bound(to: names, of: "the filter '\(name)'", line: line)
        let result =
            switch name {
            case "default", "d": byDefault(value, arguments)
            case "abs", "int", "float", "round": try numberFilter(name, value, arguments, line: line)
            case "tojson": TemplateValue.string(try TemplateJSON.text(of: value, arguments, line: line))
            case "indent": TemplateValue.string(try indented(value, arguments, line: line))
            default:
                TemplateValue.string(
                    try textFilter(name, try TemplateText.written(value, line: line), arguments, line: line))
            }
        return try accounted(result, line: line)
    }

    /// Of the filters of texts and numbers, which parameters they have.
    private static let parameters: [String: [String]] = [
        "default": ["default_value", "boolean"], "d": ["default_value", "boolean"], "abs": [],
        "int": ["default", "base"], "float": ["default"], "round": ["precision", "method"],
        "tojson": TemplateJSON.parameters, "string": [], "upper": [], "lower": [], "capitalize": [], "title": [],
        "trim": ["chars"], "replace": ["old", "new", "count"], "indent": ["width", "first", "blank"],
        "center": ["width"],
    ]

    private func byDefault(_ value: TemplateValue, _ arguments: [String: TemplateValue]) -> TemplateValue {
        let other = arguments["default_value"] ?? .string("")
        if case .undefined = value { return other }
        return arguments["boolean"]?.isTrue == true && !value.isTrue ? other : value
    }

    // MARK: Texts

    private func textFilter(
        _ name: String, _ text: String, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> String {
        switch name {
        case "upper": return text.uppercased()
        case "lower": return text.lowercased()
        case "capitalize": return TemplateMethods.capitalized(text)
        case "title": return Self.titled(text)
        case "trim":
            switch arguments["chars"] {
            case nil, TemplateValue.none?: return TemplateMethods.stripped(text, nil, left: true, right: true)
            case .string(let characters)?: return TemplateMethods.stripped(text, characters, left: true, right: true)
            case let other?: throw .failed(line: line, "trim of \(other.kind)")
            }
        case "replace":
            guard let old = arguments["old"], let new = arguments["new"] else {
                throw .failed(line: line, "replace needs two texts")
            }
            var limit = arguments["count"]?.whole ?? -1
            if limit < 0 { limit = .max }
            return try TemplateMethods.replaced(
                text, try TemplateText.written(old, line: line), try TemplateText.written(new, line: line), limit,
                line: line)
        case "center":
            let width = arguments["width"]?.whole ?? 80
            guard
                case .string(let result)? = try TemplateMethods.padded(
                    "center", text, width, .string(" "), line: line)
            else { return text }
            return result
        default: return text
        }
    }

    /// Jinja's own way: a word begins behind a space, a hyphen or an opening bracket.
    private static func titled(_ text: String) -> String {
        var (result, begins) = ("", true)
        for scalar in text.unicodeScalars {
            if scalar.isPythonSpace || ["-", "(", "{", "[", "<"].contains(scalar) {
                result.unicodeScalars.append(scalar)
                begins = true
            } else {
                result += begins ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
                begins = false
            }
        }
        return result
    }

    private func indented(
        _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> String {
        guard case .string(let text) = value else { throw .failed(line: line, "indent of \(value.kind)") }
        let indentation: String
        switch arguments["width"] {
        case .string(let text)?: indentation = text
        case let width:
            let width = width?.whole ?? 4
            try TemplateText.check(width, line: line)
            indentation = String(repeating: " ", count: max(width, 0))
        }
        var lines = TemplateMethods.lines(text + "\n")
        try TemplateText.check(text.utf8.count + min(lines.count, 1 << 20) * indentation.utf8.count, line: line)
        let indentsBlank = arguments["blank"]?.isTrue ?? false
        for place in lines.indices.dropFirst() where indentsBlank || !lines[place].isEmpty {
            lines[place] = indentation + lines[place]
        }
        return (arguments["first"]?.isTrue == true ? indentation : "") + lines.joined(separator: "\n")
    }

    // MARK: Numbers

    private func numberFilter(
        _ name: String, _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        // Unlike the filters of texts, for which it is an empty one.
        if case .undefined = value { throw .failed(line: line, "\(name) of \(value.kind)") }
        switch name {
        case "abs":
            if case .number(let number) = value { return .number(number.magnitude) }
            guard let whole = value.whole, whole != .min else { throw .failed(line: line, "abs of \(value.kind)") }
            return .integer(abs(whole))
        case "int":
            guard arguments["base"]?.whole ?? 10 == 10 else { throw .unsupported(line: line, "int in another base") }
            return try Self.integer(value, line: line) ?? arguments["default"] ?? .integer(0)
        case "float": return Self.number(value).map(TemplateValue.number) ?? arguments["default"] ?? .number(0)
        default: return try rounded(value, arguments, line: line)
        }
    }

    private static func integer(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue? {
        if case .string(let text) = value, let whole = numeral(text).flatMap({ Int($0) }) { return .integer(whole) }
        if let whole = value.whole { return .integer(whole) }
        guard let number = number(value), number.isFinite else { return nil }
        guard let whole = Int(exactly: number.rounded(.towardZero)) else {
            throw .failed(line: line, "int of a number that is too large")
        }
        return .integer(whole)
    }

    private static func number(_ value: TemplateValue) -> Double? {
        guard case .string(let text) = value else { return value.numeric }
        guard let numeral = numeral(text)?.lowercased() else { return nil }
        // Swift reads hexadecimal digits and a payload of "nan" as well, which Python does not.
        return numeral.contains("x") || numeral.contains("(") ? nil : Double(numeral)
    }

    /// A numeral as Python takes it, in digits of ASCII: with white space around it, and a `_` between digits; nil where
    /// one stands elsewhere.
    private static func numeral(_ text: String) -> String? {
        let scalars = Array(TemplateMethods.stripped(text, nil, left: true, right: true).unicodeScalars)
        func digit(_ place: Int) -> Int? {
            guard scalars.indices.contains(place), scalars[place].properties.numericType == .decimal else { return nil }
            return scalars[place].properties.numericValue.map { Int($0) }
        }
        var numeral = ""
        for (place, scalar) in scalars.enumerated() {
            if let digit = digit(place) {
                numeral += "\(digit)"
            } else if scalar == "_" {
                guard digit(place - 1) != nil, digit(place + 1) != nil else { return nil }
            } else {
                numeral.unicodeScalars.append(scalar)
            }
        }
        return numeral
    }

    private func rounded(
        _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let precision = arguments["precision"]?.whole ?? 0
        guard (0...100).contains(precision), let number = value.numeric else {
            throw .unsupported(line: line, "round of \(value.kind) to this precision")
        }
        let scale = pow(10, Double(precision))
        switch arguments["method"] {
        case nil, .string("common")?:
            if let whole = value.whole { return .integer(whole) }
            return .number(Double(String(format: "%.\(precision)f", number)) ?? number)
        case .string("ceil")?: return .number((number * scale).rounded(.up) / scale)
        case .string("floor")?: return .number((number * scale).rounded(.down) / scale)
        default: throw .failed(line: line, "round by this method")
        }
    }
}
