import Foundation

/// Python's operators on values. What has no meaning there is an error.
enum TemplateOperators {
    static func operate(
        _ symbol: String, _ a: TemplateValue, _ b: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch (symbol, a, b) {
        case ("+", .string(let x), .string(let y)):
            try TemplateText.check(x.utf8.count + y.utf8.count, line: line)
            return .string(x + y)
        case ("+", .list(let x), .list(let y)):
            try TemplateText.check((x.count + y.count) * 64, line: line)
            return .list(x + y)
        case ("+", .tuple(let x), .tuple(let y)):
            try TemplateText.check((x.count + y.count) * 64, line: line)
            return .tuple(x + y)
        case ("*", .string(let text), _):
            if let count = b.whole { return .string(try repeated(text, count, line: line)) }
        case ("*", _, .string(let text)):
            if let count = a.whole { return .string(try repeated(text, count, line: line)) }
        case ("*", .list(let values), _):
            if let count = b.whole { return .list(try repeated(values, count, line: line)) }
        case ("*", _, .list(let values)):
            if let count = a.whole { return .list(try repeated(values, count, line: line)) }
        case ("%", .string, _): throw .unsupported(line: line, "'%' that puts values into a text")
        default: break
        }
        return try calculate(symbol, a, b, line: line)
    }

    private static func repeated(_ text: String, _ count: Int, line: Int) throws(ChatTemplateError) -> String {
        try check(text.utf8.count, times: count, line: line)
        return String(repeating: text, count: max(count, 0))
    }

    private static func repeated(
        _ values: [TemplateValue], _ count: Int, line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        try check(values.count * 64, times: count, line: line)
        return Array([[TemplateValue]](repeating: values, count: max(count, 0)).joined())
    }

    private static func check(_ bytes: Int, times count: Int, line: Int) throws(ChatTemplateError) {
        // An empty value repeated for ever costs time all the same.
        let (total, overflows) = max(bytes, 1).multipliedReportingOverflow(by: max(count, 0))
        try TemplateText.check(overflows ? .max : total, line: line)
    }

    // MARK: Numbers

    private static func calculate(
        _ symbol: String, _ a: TemplateValue, _ b: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let x = a.numeric, let y = b.numeric else {
            throw .failed(line: line, "'\(symbol)' between \(a.kind) and \(b.kind)")
        }
        if ["/", "//", "%"].contains(symbol), y == 0 { throw .failed(line: line, "'\(symbol)' by 0") }
        if symbol == "/" { return .number(x / y) }
        if let m = a.whole, let n = b.whole {
            if symbol == "**", n < 0 { return .number(pow(x, y)) }
            return .integer(try whole(symbol, m, n, line: line))
        }
        switch symbol {
        case "+": return .number(x + y)
        case "-": return .number(x - y)
        case "*": return .number(x * y)
        // As in Python, the remainder has the sign of the divisor.
        case "%": return .number(remainder(x, y))
        case "//": return .number(((x - remainder(x, y)) / y).rounded())
        case "**" where x >= 0 || y == y.rounded(): return .number(pow(x, y))
        default: throw .unsupported(line: line, "'\(symbol)' between these numbers")
        }
    }

    private static func remainder(_ x: Double, _ y: Double) -> Double {
        let remainder = fmod(x, y)
        return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder
    }

    private static func whole(
        _ symbol: String, _ m: Int, _ n: Int, line: Int
    ) throws(ChatTemplateError) -> Int {
        let result: (partialValue: Int, overflow: Bool)
        switch symbol {
        case "+": result = m.addingReportingOverflow(n)
        case "-": result = m.subtractingReportingOverflow(n)
        case "*": result = m.multipliedReportingOverflow(by: n)
        case "%":
            let remainder = n == -1 ? 0 : m % n
            result = (remainder != 0 && (remainder < 0) != (n < 0) ? remainder + n : remainder, false)
        case "//":
            let (quotient, overflow) = m.dividedReportingOverflow(by: n)
            result = (quotient - (overflow || m % n == 0 || (m < 0) == (n < 0) ? 0 : 1), overflow)
        default: result = power(m, n)
        }
        guard !result.overflow else { throw .failed(line: line, "'\(symbol)' between \(m) and \(n) is too large") }
        return result.partialValue
    }

    private static func power(_ base: Int, _ exponent: Int) -> (partialValue: Int, overflow: Bool) {
        if [0, 1].contains(base) { return (exponent == 0 ? 1 : base, false) }
        if base == -1 { return (exponent % 2 == 0 ? 1 : -1, false) }
        guard exponent < 64 else { return (0, true) }
        var result = (partialValue: 1, overflow: false)
        for _ in 0..<exponent where !result.overflow {
            result = result.partialValue.multipliedReportingOverflow(by: base)
        }
        return result
    }

    static func negative(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        if case .number(let number) = value { return .number(-number) }
        guard let whole = value.whole, whole != .min else { throw .failed(line: line, "\(value.kind) has no negative") }
        return .integer(-whole)
    }

    static func positive(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        if case .number = value { return value }
        guard let whole = value.whole else { throw .failed(line: line, "'+' before \(value.kind)") }
        return .integer(whole)
    }

    // MARK: Comparisons

    static func compare(
        _ symbol: String, _ a: TemplateValue, _ b: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> Bool {
        func precedes(_ x: TemplateValue, _ y: TemplateValue) throws(ChatTemplateError) -> Bool {
            guard let result = TemplateValue.precedes(x, y) else {
                throw .failed(line: line, "'\(symbol)' between \(a.kind) and \(b.kind)")
            }
            return result
        }
        switch symbol {
        case "==": return TemplateValue.equal(a, b)
        case "!=": return !TemplateValue.equal(a, b)
        case "in": return try contains(b, a, line: line)
        case "not in": return try !contains(b, a, line: line)
        case "<": return try precedes(a, b)
        case ">": return try precedes(b, a)
        case "<=": return try precedes(a, b) || TemplateValue.equal(a, b)
        default: return try precedes(b, a) || TemplateValue.equal(a, b)
        }
    }

    private static func contains(
        _ whole: TemplateValue, _ part: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch (whole, part) {
        case (.string(let text), .string(let part)):
            return part.isEmpty || TemplateMethods.parts(of: text, by: part).count > 1
        case (.list(let values), _), (.tuple(let values), _):
            return values.contains { TemplateValue.equal($0, part) }
        case (.dictionary(let dictionary), _): return dictionary[try part.asKey(line: line)] != nil
        case (.undefined, _): return false
        default: throw .failed(line: line, "'in' between \(part.kind) and \(whole.kind)")
        }
    }
}
