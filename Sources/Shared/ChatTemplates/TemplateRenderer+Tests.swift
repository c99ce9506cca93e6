/// `is` and `is not`.
extension TemplateRenderer {
    private static let comparisons = [
        "eq": "==", "equalto": "==", "==": "==", "ne": "!=", "!=": "!=", "lt": "<", "lessthan": "<", "<": "<",
        "gt": ">", "greaterthan": ">", ">": ">", "le": "<=", "<=": "<=", "ge": ">=", ">=": ">=", "in": "in",
    ]

    func test(
        _ name: String, _ value: TemplateValue, _ arguments: [TemplateValue], line: Int
    ) throws(ChatTemplateError) -> Bool {
        if let symbol = Self.comparisons[name] {
            return try TemplateOperators.compare(
                symbol, value, try only(arguments, of: name, line: line), line: line)
        }
        if name == "divisibleby" {
            return try remainder(value, try only(arguments, of: name, line: line), line: line) == 0
        }
        guard arguments.isEmpty else {
            throw .failed(line: line, "the test '\(name.prefix(40))' takes no argument, or is not known")
        }
        if let result = Self.isKind(name, value) { return result }
        switch name {
        case "odd": return try remainder(value, .integer(2), line: line) == 1
        case "even": return try remainder(value, .integer(2), line: line) == 0
        case "lower":
            return TemplateMethods.hasCase(try TemplateText.written(value, line: line), upper: false)
        case "upper": return TemplateMethods.hasCase(try TemplateText.written(value, line: line), upper: true)
        default: throw .unsupported(line: line, "the test '\(name.prefix(40))'")
        }
    }

    private func only(
        _ arguments: [TemplateValue], of name: String, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard arguments.count == 1 else { throw .failed(line: line, "the test '\(name.prefix(40))' needs a value") }
        return arguments[0]
    }

    private func remainder(
        _ value: TemplateValue, _ divisor: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> Double? {
        try TemplateOperators.operate("%", value, divisor, line: line).numeric
    }

    /// Tests of what a value is; nil where `name` is none of them.
    private static func isKind(_ name: String, _ value: TemplateValue) -> Bool? {
        switch (name, value) {
        case ("defined", .undefined): false
        case ("defined", _): true
        case ("undefined", .undefined): true
        case ("none", .none), ("string", .string), ("mapping", .dictionary), ("boolean", .bool): true
        case ("number", .integer), ("number", .number), ("number", .bool): true
        case ("integer", .integer), ("float", .number): true
        case ("true", .bool(true)), ("false", .bool(false)): true
        case ("iterable", .string), ("iterable", .list), ("iterable", .tuple), ("iterable", .dictionary),
            ("iterable", .undefined), ("iterable", .generator), ("iterable", .loop):
            true
        case ("sequence", .string), ("sequence", .list), ("sequence", .tuple), ("sequence", .dictionary),
            ("sequence", .undefined):
            true
        case ("callable", .function), ("callable", .macro), ("callable", .method), ("callable", .loop),
            ("callable", .undefined):
            true
        case ("undefined", _), ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("number", _),
            ("integer", _), ("float", _), ("true", _), ("false", _), ("iterable", _), ("sequence", _),
            ("callable", _), ("escaped", _):
            false
        default: nil
        }
    }
}
