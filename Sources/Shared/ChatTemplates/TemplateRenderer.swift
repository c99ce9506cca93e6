/// Runs a template's statements. Work and output are bounded: see ``TemplateBudget``.
struct TemplateRenderer {
    private var scopes: [[String: TemplateValue]]
    private var output = ""
    private var budget = TemplateBudget()
    /// All that the template has made. They may hold one another: see ``clear()``.
    private var namespaces: [TemplateValue.Namespace] = []

    private static let outputLimit = 16 << 20

    private let date: TemplateDate?

    private init(_ variables: [String: TemplateValue], _ date: TemplateDate?) {
        scopes = [variables]
        self.date = date
    }

    /// What the statements write.
    static func output(
        of statements: [Statement], _ variables: [String: TemplateValue], date: TemplateDate?
    ) throws(ChatTemplateError) -> String {
        var renderer = TemplateRenderer(variables, date)
        defer { renderer.clear() }
        try renderer.run(statements)
        return renderer.output
    }

    /// Parts the namespaces, which would keep one another for ever, or be given back one inside the other.
    private mutating func clear() {
        for namespace in namespaces { namespace.values = [:] }
    }

    private mutating func run(_ statements: [Statement]) throws(ChatTemplateError) {
        for statement in statements { try run(statement) }
    }

    private mutating func run(_ statement: Statement) throws(ChatTemplateError) {
        switch statement {
        case .text(let text): try write(text, line: 0)
        case .output(let expression):
            let value = try evaluate(expression)
            guard let text = value.text else {
                throw .unsupported(line: expression.line, "writing \(value.kind) as text")
            }
            try write(text, line: expression.line)
        case .condition(let branches):
            for (test, body) in branches {
                if let test, try !evaluate(test).isTrue { continue }
                return try run(body)
            }
        case .assignment(let name, nil, let expression):
            scopes[scopes.count - 1][name] = try evaluate(expression)
        case .assignment(let name, let attribute?, let expression):
            guard case .namespace(let namespace)? = lookUp(name) else {
                throw .failed(line: expression.line, "'\(name)' is no namespace")
            }
            namespace.values[attribute] = try evaluate(expression)
        case .loop(let names, let over, let filter, let body, let otherwise):
            try loop(names, over, filter, body, otherwise)
        }
    }

    private mutating func write(_ text: String, line: Int) throws(ChatTemplateError) {
        guard output.utf8.count + text.utf8.count <= Self.outputLimit else {
            throw .failed(line: line, "the text grows beyond \(Self.outputLimit) bytes")
        }
        try budget.spend(text.utf8.count / 256, line: line)
        output += text
    }

    private mutating func loop(
        _ names: [String], _ over: Expression, _ filter: Expression?, _ body: [Statement], _ otherwise: [Statement]
    ) throws(ChatTemplateError) {
        var items: [[String: TemplateValue]] = []
        var plain: [TemplateValue] = []
        for value in try elements(of: try evaluate(over), line: over.line) {
            try budget.spend(1, line: over.line)
            let bound = try bind(names, value, line: over.line)
            if let filter {
                scopes.append(bound)
                let keeps = try evaluate(filter).isTrue
                scopes.removeLast()
                guard keeps else { continue }
            }
            items.append(bound)
            plain.append(value)
        }
        guard !items.isEmpty else { return try run(otherwise) }
        for (index, bound) in items.enumerated() {
            var scope = bound
            scope["loop"] = .dictionary([
                ("index", .integer(index + 1)), ("index0", .integer(index)), ("first", .bool(index == 0)),
                ("last", .bool(index == items.count - 1)), ("length", .integer(items.count)),
                ("revindex", .integer(items.count - index)), ("revindex0", .integer(items.count - index - 1)),
                ("previtem", index > 0 ? plain[index - 1] : .undefined("loop.previtem")),
                ("nextitem", index + 1 < items.count ? plain[index + 1] : .undefined("loop.nextitem")),
            ])
            try budget.spend(1, line: over.line)
            scopes.append(scope)
            try run(body)
            scopes.removeLast()
        }
    }

    private func bind(
        _ names: [String], _ value: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> [String: TemplateValue] {
        guard names.count > 1 else { return [names[0]: value] }
        guard case .list(let parts) = value, parts.count == names.count else {
            throw .failed(line: line, "expected \(names.count) values in each element, found \(value.kind)")
        }
        return Dictionary(zip(names, parts)) { $1 }
    }

    private mutating func elements(of value: TemplateValue, line: Int) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .list(let values): return values
        case .dictionary(let pairs): return pairs.map { .string($0.key) }
        case .string(let text):
            try budget.spend(text.utf8.count, line: line)
            return text.unicodeScalars.map { .string(String($0)) }
        case .undefined(let name) where !name.contains("."): return []
        default: throw .failed(line: line, "\(value.kind) cannot be gone through")
        }
    }

    private func lookUp(_ name: String) -> TemplateValue? {
        for scope in scopes.reversed() { if let value = scope[name] { return value } }
        return name == "strftime_now" && date != nil ? .function(name) : nil
    }

    // MARK: Expressions

    mutating func evaluate(_ expression: Expression) throws(ChatTemplateError) -> TemplateValue {
        let line = expression.line
        try budget.spend(1, line: line)
        switch expression.kind {
        case .literal(let value): return value
        case .name(let name): return lookUp(name) ?? .undefined(name)
        case .list(let parts):
            var values: [TemplateValue] = []
            for part in parts { values.append(try evaluate(part)) }
            return try accounted(.list(values), line: line)
        case .dictionary(let parts):
            var pairs: [(key: String, value: TemplateValue)] = []
            for (key, value) in parts {
                guard case .string(let name) = try evaluate(key) else {
                    throw .unsupported(line: line, "a key that is no string")
                }
                pairs.append((name, try evaluate(value)))
            }
            return try accounted(.dictionary(pairs), line: line)
        case .attribute(let base, let name): return try member(name, of: try evaluate(base), line: line)
        case .item(let base, let index): return try item(try evaluate(index), of: try evaluate(base), line: line)
        case .slice(let base, let from, let to, let step):
            let bounds = (try bound(from), try bound(to), try bound(step))
            return try slice(try accounted(try evaluate(base), line: line), bounds, line: line)
        case .call(let callee, let arguments): return try call(callee, arguments)
        case .filter(let base, let name, let arguments):
            let value = try read(try evaluate(base), by: name, line: line)
            let arguments = try evaluated(arguments)
            return try accounted(try TemplateFunctions.filter(name, value, arguments, line: line), line: line)
        case .test(let base, let name, let arguments, let negated):
            let value = try accounted(try evaluate(base), line: line)
            let result = try TemplateFunctions.test(name, value, try evaluated(arguments).plain, line: line)
            return .bool(result != negated)
        case .not(let operand): return .bool(!(try evaluate(operand).isTrue))
        case .negative(let operand):
            switch try evaluate(operand) {
            case .integer(let value) where value != .min: return .integer(-value)
            case .number(let value): return .number(-value)
            case let value: throw .failed(line: line, "\(value.kind) has no negative")
            }
        case .and(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? try evaluate(right) : value
        case .or(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? value : try evaluate(right)
        case .operation(let symbol, let left, let right):
            let x = try accounted(try evaluate(left), line: line)
            let y = try accounted(try evaluate(right), line: line)
            return try accounted(try TemplateFunctions.operate(symbol, x, y, line: line), line: line)
        case .choice(let value, let condition, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(value) }
            guard let otherwise else { return .undefined("else") }
            return try evaluate(otherwise)
        }
    }

    /// The value, once the budget has borne it.
    private mutating func accounted(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        try budget.account(for: value, line: line)
        return value
    }

    /// A value that a filter or method of this name goes through. Those that cut a text make a value of each part.
    private mutating func read(
        _ value: TemplateValue, by name: String, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .string(let text) = value, ["list", "split"].contains(name) {
            try budget.spend(text.utf8.count / 8, line: line)
        }
        return try accounted(value, line: line)
    }

    private mutating func evaluated(
        _ arguments: [Expression.Argument]
    ) throws(ChatTemplateError) -> TemplateFunctions.Arguments {
        var result = TemplateFunctions.Arguments()
        for argument in arguments {
            let value = try accounted(try evaluate(argument.value), line: argument.value.line)
            if let name = argument.name { result.named[name] = value } else { result.plain.append(value) }
        }
        return result
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

    private func member(_ name: String, of base: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        switch base {
        case .dictionary(let pairs): return pairs.last { $0.key == name }?.value ?? .undefined(name)
        case .namespace(let namespace): return namespace.values[name] ?? .undefined(name)
        case .undefined: throw .failed(line: line, "\(base.kind), has no '\(name)'")
        default: return .undefined(name)
        }
    }

    private mutating func item(
        _ index: TemplateValue, of base: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .string(let name) = index { return try member(name, of: base, line: line) }
        guard let place = index.whole else { throw .failed(line: line, "\(index.kind) is no index") }
        /// Where the element is among so many.
        func offset(_ count: Int) -> Int? {
            let from = place < 0 ? place + count : place
            return (0..<count).contains(from) ? from : nil
        }
        switch base {
        case .list(let values): return offset(values.count).map { values[$0] } ?? .undefined("element \(place)")
        case .string(let text):
            try budget.account(for: base, line: line)
            let scalars = text.unicodeScalars
            guard let offset = offset(scalars.count) else { return .undefined("element \(place)") }
            return .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: offset)]))
        default: throw .failed(line: line, "\(base.kind) has no elements")
        }
    }

    /// Python's slices: bounds beyond the ends are the ends.
    private func slice(
        _ base: TemplateValue, _ bounds: (from: Int?, to: Int?, step: Int?), line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        func chosen<Element>(_ values: [Element]) throws(ChatTemplateError) -> [Element] {
            let step = bounds.step ?? 1
            guard step == 1 || step == -1 else { throw .unsupported(line: line, "a slice in steps of \(step)") }
            func place(_ bound: Int?, _ missing: Int, _ range: ClosedRange<Int>) -> Int {
                guard let bound else { return missing }
                let place = bound < 0 ? bound.addingReportingOverflow(values.count).partialValue : bound
                return min(max(place, range.lowerBound), range.upperBound)
            }
            if step == 1 {
                let (from, to) = (
                    place(bounds.from, 0, 0...values.count), place(bounds.to, values.count, 0...values.count)
                )
                return from < to ? Array(values[from..<to]) : []
            }
            let last = values.count - 1
            let (from, to) = (place(bounds.from, last, -1...last), place(bounds.to, -1, -1...last))
            return from > to ? Array(values[to + 1...from].reversed()) : []
        }
        switch base {
        case .list(let values): return .list(try chosen(values))
        case .string(let text): return .string(String(try chosen(Array(text.unicodeScalars))))
        default: throw .failed(line: line, "\(base.kind) has no elements")
        }
    }

    private mutating func call(
        _ callee: Expression, _ given: [Expression.Argument]
    ) throws(ChatTemplateError) -> TemplateValue {
        switch callee.kind {
        case .attribute(let base, let name):
            let value = try read(try evaluate(base), by: name, line: callee.line)
            let arguments = try evaluated(given)
            return try accounted(
                try TemplateFunctions.method(name, value, arguments, line: callee.line), line: callee.line)
        case .name("strftime_now"): return try now(try evaluated(given), line: callee.line)
        case .name(let name):
            let arguments = try evaluated(given)
            let value = try accounted(
                try TemplateFunctions.function(name, arguments, line: callee.line), line: callee.line)
            if case .namespace(let namespace) = value { namespaces.append(namespace) }
            return value
        default: throw .unsupported(line: callee.line, "a call of what is no name")
        }
    }

    /// The day in the template's own form.
    private func now(
        _ arguments: TemplateFunctions.Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let date else {
            throw .failed(line: line, "the template asks for today's date: name one with --template-date YYYY-MM-DD")
        }
        guard case .string(let format)? = arguments.first("format"), let text = date.written(format) else {
            throw .unsupported(line: line, "strftime_now with these arguments")
        }
        return .string(text)
    }
}
