import Foundation

/// Operators, filters, tests, methods and functions. What is not here is an error that names it.
enum TemplateFunctions {
    struct Arguments {
        var plain: [TemplateValue] = []
        var named: [String: TemplateValue] = [:]

        /// The first argument, or the one of this name.
        func first(_ name: String) -> TemplateValue? { plain.first ?? named[name] }
    }

    static func operate(
        _ symbol: String, _ a: TemplateValue, _ b: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (symbol, a, b) {
        case ("==", _, _): return .bool(TemplateValue.equal(a, b))
        case ("!=", _, _): return .bool(!TemplateValue.equal(a, b))
        case ("in", _, _): return .bool(try contains(b, a, line: line))
        case ("+", .string(let x), .string(let y)):
            try check(x.utf8.count + y.utf8.count, line: line)
            return .string(x + y)
        case ("+", .list(let x), .list(let y)):
            try check((x.count + y.count) * 64, line: line)
            return .list(x + y)
        case ("~", _, _):
            guard let x = a.text, let y = b.text else {
                throw .unsupported(line: line, "'~' between \(a.kind) and \(b.kind)")
            }
            try check(x.utf8.count + y.utf8.count, line: line)
            return .string(x + y)
        case ("<", .string(let x), .string(let y)): return .bool(precedes(x, y))
        case (">", .string(let x), .string(let y)): return .bool(precedes(y, x))
        default: return try calculate(symbol, a, b, line: line)
        }
    }

    /// Refuses values that are larger than any conversation: a template could double one again and again.
    static func check(_ bytes: Int, line: Int) throws(ChatTemplateError) {
        guard bytes <= 16 << 20 else { throw .failed(line: line, "a value grows to \(bytes) bytes") }
    }

    private static func precedes(_ x: String, _ y: String) -> Bool {
        x.unicodeScalars.lexicographicallyPrecedes(y.unicodeScalars)
    }

    private static func calculate(
        _ symbol: String, _ a: TemplateValue, _ b: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let x = a.numeric, let y = b.numeric else {
            throw .failed(line: line, "'\(symbol)' between \(a.kind) and \(b.kind)")
        }
        switch symbol {
        case "<": return .bool(x < y)
        case ">": return .bool(x > y)
        case "<=": return .bool(x <= y)
        case ">=": return .bool(x >= y)
        default: break
        }
        guard let m = a.whole, let n = b.whole else {
            throw .unsupported(line: line, "'\(symbol)' between numbers that are not whole")
        }
        let result: (partialValue: Int, overflow: Bool)
        switch symbol {
        case "+": result = m.addingReportingOverflow(n)
        case "-": result = m.subtractingReportingOverflow(n)
        case "*": result = m.multipliedReportingOverflow(by: n)
        // As in Python, the remainder has the sign of the divisor.
        case "%" where n > 0: result = ((m % n + n) % n, false)
        case "//" where n > 0: result = ((m - (m % n + n) % n) / n, false)
        default: throw .unsupported(line: line, "'\(symbol)' between \(m) and \(n)")
        }
        guard !result.overflow else { throw .failed(line: line, "'\(symbol)' between \(m) and \(n) is too large") }
        return .integer(result.partialValue)
    }

    private static func contains(
        _ whole: TemplateValue, _ part: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch (whole, part) {
        case (.string(let text), .string(let part)): return part.isEmpty || parts(of: text, by: part).count > 1
        case (.list(let values), _): return values.contains { TemplateValue.equal($0, part) }
        case (.dictionary(let pairs), .string(let key)): return pairs.contains { $0.key == key }
        default: throw .failed(line: line, "'in' between \(part.kind) and \(whole.kind)")
        }
    }

    static func test(
        _ name: String, _ value: TemplateValue, _ arguments: [TemplateValue], line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch (name, value) {
        case ("defined", .undefined): return false
        case ("defined", _): return true
        case ("undefined", .undefined): return true
        case ("undefined", _): return false
        case ("none", .none), ("string", .string), ("mapping", .dictionary), ("boolean", .bool): return true
        case ("number", .integer), ("number", .number), ("number", .bool), ("integer", .integer): return true
        case ("true", .bool(true)), ("false", .bool(false)): return true
        case ("iterable", .string), ("iterable", .list), ("iterable", .dictionary): return true
        case ("sequence", .string), ("sequence", .list), ("sequence", .dictionary): return true
        case ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("number", _), ("integer", _), ("true", _),
            ("false", _), ("iterable", _), ("sequence", _):
            return false
        case ("eq", _), ("equalto", _), ("ne", _):
            guard let other = arguments.first else { throw .syntax(line: line, "the test '\(name)' needs a value") }
            return TemplateValue.equal(value, other) == (name != "ne")
        default: throw .unsupported(line: line, "the test '\(name.prefix(40))'")
        }
    }

    static func function(
        _ name: String, _ arguments: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "raise_exception": throw .refused(arguments.plain.first?.text ?? "it does not say why")
        case "namespace":
            let namespace = TemplateValue.Namespace()
            namespace.values = arguments.named
            return .namespace(namespace)
        case "dict":
            return .dictionary(arguments.named.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        case "range":
            let bounds = arguments.plain.compactMap(\.whole)
            guard bounds.count == arguments.plain.count, (1...2).contains(bounds.count) else {
                throw .unsupported(line: line, "range with these arguments")
            }
            let (from, to) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
            guard from < to else { return .list([]) }
            guard to.subtractingReportingOverflow(from).partialValue <= 10_000, to > from else {
                throw .failed(line: line, "range from \(from) to \(to) is too long")
            }
            return .list((from..<to).map(TemplateValue.integer))
        default: throw .unsupported(line: line, "the function '\(name.prefix(40))'")
        }
    }
}
