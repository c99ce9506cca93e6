/// Runs a template's statements. Work and output are bounded: see ``TemplateBudget``.
struct TemplateRenderer {
    var scope: TemplateScope
    var budget = TemplateBudget()
    let date: TemplateDate?
    private var output = ""
    /// All that the template has made that may hold one another: see ``clear()``.
    var namespaces: [TemplateValue.Namespace] = []
    var memories: [TemplateLoop.Memory] = []
    private var scopes: [TemplateScope] = []
    private var depth = 0

    /// Statements and expressions that are inside one another while they run, those of macros and of recursive loops
    /// among them.
    private static let depthLimit = 300

    private init(_ variables: [String: TemplateValue], _ date: TemplateDate?) {
        scope = TemplateScope(variables)
        self.date = date
        scopes = [scope]
    }

    /// What the statements write, and what that took.
    static func run(
        _ statements: [Statement], _ variables: [String: TemplateValue], date: TemplateDate?
    ) -> (text: Result<String, ChatTemplateError>, work: TemplateBudget) {
        var renderer = TemplateRenderer(variables, date)
        defer { renderer.clear() }
        do throws(ChatTemplateError) {
            _ = try renderer.run(statements)
            return (.success(renderer.output), renderer.budget)
        } catch {
            return (.failure(error), renderer.budget)
        }
    }

    /// Parts what would keep one another for ever, or be given back one inside the other.
    private mutating func clear() {
        for namespace in namespaces { namespace.values = [] }
        for memory in memories { memory.last = nil }
        for scope in scopes { scope.clear() }
    }

    mutating func enter(line: Int) throws(ChatTemplateError) {
        depth += 1
        guard depth <= Self.depthLimit else {
            throw .failed(line: line, "macros, loops and expressions are nested deeper than \(Self.depthLimit)")
        }
    }

    mutating func leave() { depth -= 1 }

    // MARK: Statements

    /// How the statements around one go on.
    enum Course { case onwards, leavesLoop, nextTurn }

    mutating func run(_ statements: [Statement]) throws(ChatTemplateError) -> Course {
        try enter(line: 0)
        defer { leave() }
        for statement in statements {
            let course = try run(statement)
            if course != .onwards { return course }
        }
        return .onwards
    }

    private mutating func run(_ statement: Statement) throws(ChatTemplateError) -> Course {
        switch statement {
        case .text(let text): try write(text, line: 0)
        case .output(let expression): try write(expression)
        case .condition(let branches): return try run(branches)
        case .loop(let loop): return try run(loop)
        case .assignment(let target, let expression):
            try assign(try evaluate(expression), to: target, line: expression.line)
        case .capture(let target, let filters, let body):
            let text = try captured(body, in: TemplateScope(inside: scope))
            try assign(try filtered(.string(text), filters), to: target, line: filters.first?.line ?? 0)
        case .filtered(let filters, let body, let line):
            let text = try captured(body, in: TemplateScope(inside: scope))
            try write(try TemplateText.written(try filtered(.string(text), filters), line: line), line: line)
        case .macro(let definition): scope[definition.name] = .macro(made(definition))
        case .call(let called, let definition): try write(calling: called, definition)
        case .with(let values, let body): return try run(values, body)
        case .leave: return .leavesLoop
        case .next: return .nextTurn
        }
        return .onwards
    }

    private mutating func run(_ branches: [(Expression?, [Statement])]) throws(ChatTemplateError) -> Course {
        for (test, body) in branches {
            if let test, try !evaluate(test).isTrue { continue }
            return try run(body)
        }
        return .onwards
    }

    private mutating func run(
        _ values: [(Statement.Target, Expression)], _ body: [Statement]
    ) throws(ChatTemplateError) -> Course {
        let outer = scope
        let inner = TemplateScope(inside: outer)
        for (target, expression) in values {
            let value = try evaluate(expression)
            scope = inner
            defer { scope = outer }
            try assign(value, to: target, line: expression.line)
        }
        scope = inner
        defer { scope = outer }
        return try run(body)
    }

    private mutating func write(_ expression: Expression) throws(ChatTemplateError) {
        // What is marked as safe is as it was, where nothing else is done to it.
        if case .filter(let base, let use) = expression.kind, use.name == "safe", use.arguments.isEmpty {
            return try write(base)
        }
        let value = try evaluate(expression)
        try write(try TemplateText.written(value, line: expression.line), line: expression.line)
    }

    private mutating func write(_ text: String, line: Int) throws(ChatTemplateError) {
        try TemplateText.check(output.utf8.count + text.utf8.count, line: line)
        try budget.spend(text.utf8.count / 256, line: line)
        output += text
    }

    /// What statements write in a scope of their own.
    mutating func captured(_ body: [Statement], in inner: TemplateScope) throws(ChatTemplateError) -> String {
        let outer = scope
        scope = inner
        defer { scope = outer }
        return try capture { renderer throws(ChatTemplateError) in _ = try renderer.run(body) }
    }

    /// What is written meanwhile.
    mutating func capture(
        _ work: (inout TemplateRenderer) throws(ChatTemplateError) -> Void
    ) throws(ChatTemplateError) -> String {
        let outer = output
        output = ""
        defer { output = outer }
        try work(&self)
        return output
    }

    private mutating func filtered(
        _ start: TemplateValue, _ filters: [Statement.FilterUse]
    ) throws(ChatTemplateError) -> TemplateValue {
        var value = start
        for use in filters { value = try apply(use, to: value) }
        return value
    }

    /// A macro that looks into the present scope.
    private mutating func made(_ definition: MacroDefinition) -> TemplateMacro {
        scopes.append(scope)
        return TemplateMacro(definition, in: scope)
    }

    private mutating func write(calling called: Expression, _ definition: MacroDefinition) throws(ChatTemplateError) {
        guard case .call(let callee, let given) = called.kind else { return }
        let line = called.line
        var arguments = try evaluated(given)
        arguments.named.append(("caller", .macro(made(definition))))
        let value = try call(try evaluate(callee), arguments, line: line)
        try write(try TemplateText.written(value, line: line), line: line)
    }

    // MARK: Names

    mutating func assign(
        _ value: TemplateValue, to target: Statement.Target, line: Int
    ) throws(ChatTemplateError) {
        switch target {
        case .name(let name): scope[name] = value
        case .attribute(let name, let attribute):
            guard case .namespace(let namespace)? = scope[name] else {
                throw .failed(line: line, "'\(name)' is no namespace")
            }
            guard !attribute.hasPrefix("_") else {
                throw .failed(line: line, "'\(attribute)' begins with an underscore, which no namespace takes")
            }
            namespace[attribute] = value
        case .tuple(let targets):
            let values = try elements(of: value, line: line)
            guard values.count == targets.count else {
                throw .failed(line: line, "expected \(targets.count) values, found \(values.count)")
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target, line: line) }
        }
    }

    func lookUp(_ name: String) -> TemplateValue {
        if let value = scope[name] { return value }
        return Self.globals.contains(name) || name == "strftime_now" && date != nil
            ? .function(name) : .undefined(name)
    }

    private static let globals: Set<String> = [
        "range", "dict", "namespace", "raise_exception", "cycler", "joiner", "lipsum",
    ]
}
