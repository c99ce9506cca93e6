extension TemplateRenderer {
    mutating func evaluate(_ expression: Expression) throws(ChatTemplateError) -> TemplateValue {
        let line = expression.line
        try enter(line: line)
        defer { leave() }
        try budget.spend(1, line: line)
        switch expression.kind {
        case .literal(let value): return value
        case .name(let name): return lookUp(name)
        case .list(let parts): return try accounted(.list(try evaluated(parts)), line: line)
        case .tuple(let parts): return try accounted(.tuple(try evaluated(parts)), line: line)
        case .dictionary(let parts): return try dictionary(parts, line: line)
        case .attribute(let base, let name): return try attribute(name, of: try evaluate(base), line: line)
        case .item(let base, let index): return try item(try evaluate(index), of: try evaluate(base), line: line)
        case .slice(let base, let from, let to, let step):
            let bounds = (try bound(from), try bound(to), try bound(step))
            return try slice(try accounted(try evaluate(base), line: line), bounds, line: line)
        case .call(let callee, let given):
            return try call(try evaluate(callee), try evaluated(given), line: line)
        case .filter(let base, let use): return try apply(use, to: try evaluate(base))
        case .test(let base, let name, let given):
            let value = try accounted(try evaluate(base), line: line)
            return .bool(try test(name, value, try evaluated(given).plain, line: line))
        case .not(let operand): return .bool(!(try evaluate(operand).isTrue))
        case .negative(let operand): return try TemplateOperators.negative(try evaluate(operand), line: line)
        case .positive(let operand): return try TemplateOperators.positive(try evaluate(operand), line: line)
        case .and(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? try evaluate(right) : value
        case .or(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? value : try evaluate(right)
        case .operation(let symbol, let left, let right): return try operate(symbol, left, right, line: line)
        case .comparison(let first, let others): return .bool(try compare(first, others, line: line))
        case .concatenation(let parts): return try concatenate(parts, line: line)
        case .choice(let value, let condition, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(value) }
            guard let otherwise else { return .undefined("else") }
            return try evaluate(otherwise)
        }
    }

    private mutating func evaluated(_ parts: [Expression]) throws(ChatTemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for part in parts { values.append(try evaluate(part)) }
        return values
    }

    private mutating func dictionary(
        _ parts: [(Expression, Expression)], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var dictionary = TemplateDictionary()
        for (key, value) in parts {
            dictionary[try evaluate(key).asKey(line: line)] = try evaluate(value)
        }
        return try accounted(.dictionary(dictionary), line: line)
    }

    private mutating func operate(
        _ symbol: String, _ left: Expression, _ right: Expression, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let x = try accounted(try evaluate(left), line: line)
        let y = try accounted(try evaluate(right), line: line)
        return try accounted(try TemplateOperators.operate(symbol, x, y, line: line), line: line)
    }

    private mutating func compare(
        _ first: Expression, _ others: [(symbol: String, Expression)], line: Int
    ) throws(ChatTemplateError) -> Bool {
        var left = try accounted(try evaluate(first), line: line)
        for (symbol, other) in others {
            var right = try accounted(try evaluate(other), line: line)
            if case .generator = right, symbol.hasSuffix("in") { right = .list(try elements(of: right, line: line)) }
            guard try TemplateOperators.compare(symbol, left, right, line: line) else { return false }
            left = right
        }
        return true
    }

    private mutating func concatenate(
        _ parts: [Expression], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var text = ""
        for part in parts {
            let more = try TemplateText.written(try accounted(try evaluate(part), line: line), line: line)
            try TemplateText.check(text.utf8.count + more.utf8.count, line: line)
            text += more
        }
        return try accounted(.string(text), line: line)
    }

    /// The value, once the budget has borne it.
    mutating func accounted(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        try budget.account(for: value, line: line)
        return value
    }

    // MARK: Parts of values

    func attribute(
        _ name: String, of base: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .undefined = base { throw .failed(line: line, "\(base.kind), has no '\(name.prefix(40))'") }
        if TemplateMethods.names(of: base).contains(name) { return .method(base, name) }
        switch base {
        case .dictionary(let dictionary): if let value = dictionary[name] { return value }
        case .namespace(let namespace): if let value = namespace[name] { return value }
        case .loop(let loop): if let value = loop[name] { return value }
        default: break
        }
        guard !name.hasPrefix("__") else { throw .unsupported(line: line, "the attribute '\(name.prefix(40))'") }
        return .undefined(name)
    }

    mutating func item(
        _ index: TemplateValue, of base: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .undefined = base { throw .failed(line: line, "\(base.kind), has no elements") }
        if case .dictionary(let dictionary) = base, let value = dictionary[index] { return value }
        if case .string(let name) = index { return try attribute(name, of: base, line: line) }
        guard let place = index.whole else { return .undefined("an element") }
        /// Where the element is among so many.
        func offset(_ count: Int) -> Int? {
            let from = place < 0 ? place.addingReportingOverflow(count).partialValue : place
            return (0..<count).contains(from) ? from : nil
        }
        switch base {
        case .list(let values), .tuple(let values):
            return offset(values.count).map { values[$0] } ?? .undefined("element \(place)")
        case .string(let text):
            try budget.account(for: base, line: line)
            let scalars = text.unicodeScalars
            guard let offset = offset(scalars.count) else { return .undefined("element \(place)") }
            return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: offset)]))
        default: return .undefined("element \(place)")
        }
    }

    private mutating func bound(_ expression: Expression?) throws(ChatTemplateError) -> Int? {
        guard let expression else { return nil }
        switch try evaluate(expression) {
        case .none: return nil
        case let value:
            guard let whole = value.whole else { throw .failed(line: expression.line, "\(value.kind) is no index") }
            return whole
        }
    }

    /// Python's slices: bounds beyond the ends are the ends.
    private func slice(
        _ base: TemplateValue, _ bounds: (from: Int?, to: Int?, step: Int?), line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let step = bounds.step ?? 1
        guard step != 0, step != .min else { throw .failed(line: line, "a slice in steps of \(step)") }
        func chosen<Element>(_ values: [Element]) -> [Element] {
            let last = step > 0 ? values.count : values.count - 1
            let range = step > 0 ? 0...max(values.count, 0) : -1...last
            func place(_ bound: Int?, _ missing: Int) -> Int {
                guard let bound else { return missing }
                let place = bound < 0 ? bound.addingReportingOverflow(values.count).partialValue : bound
                return min(max(place, range.lowerBound), range.upperBound)
            }
            let (from, to) = (place(bounds.from, step > 0 ? 0 : last), place(bounds.to, step > 0 ? last : -1))
            return stride(from: from, to: to, by: step).map { values[$0] }
        }
        switch base {
        case .list(let values): return .list(chosen(values))
        case .tuple(let values): return .tuple(chosen(values))
        case .string(let text): return .string(String(chosen(Array(text.unicodeScalars))))
        default: throw .failed(line: line, "\(base.kind) has no elements")
        }
    }
}
