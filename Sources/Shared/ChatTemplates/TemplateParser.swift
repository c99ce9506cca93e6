/// Jinja's grammar, as far as chat templates can use it: statements here, expressions beside.
struct TemplateParser {
    private let parts: [TemplateLexer.Part]
    private var part = 0
    var tokens: [TemplateLexer.Token] = []
    var token = 0
    var line = 1
    private var depth = 0
    /// Loops around what is read: without one there is nothing to leave.
    private var loops = 0

    private static let depthLimit = 80

    static func statements(of source: String) throws(ChatTemplateError) -> [Statement] {
        var lexer = TemplateLexer(source)
        var parser = TemplateParser(parts: try lexer.parts())
        return try parser.statements(until: [])
    }

    private init(parts: [TemplateLexer.Part]) { self.parts = parts }

    mutating func enter() throws(ChatTemplateError) {
        depth += 1
        guard depth <= Self.depthLimit else { throw .unsupported(line: line, "nesting deeper than \(Self.depthLimit)") }
    }

    mutating func leave() { depth -= 1 }

    /// The statements up to a tag of one of these names, which is left open for the caller.
    private mutating func statements(until ends: Set<String>) throws(ChatTemplateError) -> [Statement] {
        try enter()
        defer { leave() }
        var statements: [Statement] = []
        while part < parts.count {
            switch parts[part] {
            case .text(let text):
                statements.append(.text(text))
                part += 1
            case .output(let tokens):
                open(tokens)
                statements.append(.output(try values()))
                try close()
            case .statement(let tokens):
                open(tokens)
                let name = try name()
                if ends.contains(name) {
                    token = 0
                    return statements
                }
                statements += try statement(name)
            }
        }
        guard ends.isEmpty else { throw .syntax(line: line, "expected \(ends.sorted().joined(separator: " or "))") }
        return statements
    }

    /// The statements up to `end`, which is read as well.
    private mutating func body(until end: String) throws(ChatTemplateError) -> [Statement] {
        try close()
        let body = try statements(until: [end])
        _ = try name()
        try close()
        return body
    }

    private mutating func open(_ tokens: [TemplateLexer.Token]) {
        self.tokens = tokens
        token = 0
        line = tokens.first?.line ?? line
    }

    /// Checks that the tag has been read, and goes on behind it.
    private mutating func close() throws(ChatTemplateError) {
        guard token == tokens.count else { throw .syntax(line: line, "\(shown(tokens[token])) was not expected") }
        part += 1
    }

    private mutating func statement(_ name: String) throws(ChatTemplateError) -> [Statement] {
        switch name {
        case "if": return [try condition()]
        case "for": return [try loop()]
        case "set": return [try assignment()]
        case "macro": return [.macro(try macro(named: try self.name(), until: "endmacro"))]
        case "call": return [try call()]
        case "with": return [try with()]
        case "filter":
            let start = line
            let filters = try filterChain(startsWithName: true)
            return [.filtered(filters, body: try body(until: "endfilter"), line: start)]
        case "break", "continue":
            guard loops > 0 else { throw .syntax(line: line, "{% \(name) %} outside of a loop") }
            try close()
            return [name == "break" ? .leave : .next]
        // transformers marks the assistant's tokens so; its body has names of its own, as that of a call has.
        case "generation":
            return [
                .with(
                    [],
                    body: try outsideOfLoops { parser throws(ChatTemplateError) in
                        try parser.body(until: "endgeneration")
                    })
            ]
        case "elif", "else", "endif", "endfor", "endset", "endmacro", "endcall", "endwith", "endfilter",
            "endgeneration":
            throw .syntax(line: line, "{% \(name) %} has no beginning")
        default: throw .unsupported(line: line, "the tag {% \(name.prefix(40)) %}")
        }
    }

    private mutating func condition() throws(ChatTemplateError) -> Statement {
        var branches: [(Expression?, [Statement])] = []
        var test: Expression? = try values(withChoice: false)
        while true {
            try close()
            let body = try statements(until: test == nil ? ["endif"] : ["elif", "else", "endif"])
            branches.append((test, body))
            switch try name() {
            case "elif": test = try values(withChoice: false)
            case "else": test = nil
            default:
                try close()
                return .condition(branches)
            }
        }
    }

    private mutating func loop() throws(ChatTemplateError) -> Statement {
        let target = try target(until: "in")
        guard takeName("in") else { throw .syntax(line: line, "expected 'in'") }
        let items = try values(withChoice: false, until: "recursive")
        let filter = takeName("if") ? try expression() : nil
        let isRecursive = takeName("recursive")
        try close()
        loops += 1
        let body = try statements(until: ["else", "endfor"])
        loops -= 1
        var otherwise: [Statement] = []
        if try name() == "else" {
            try close()
            otherwise = try statements(until: ["endfor"])
            _ = try name()
        }
        try close()
        return .loop(
            Statement.Loop(
                target: target, over: items, filter: filter, isRecursive: isRecursive, body: body, otherwise: otherwise)
        )
    }

    private mutating func assignment() throws(ChatTemplateError) -> Statement {
        let target = try target(until: nil)
        if take("=") {
            let value = try values()
            try close()
            return .assignment(target, value)
        }
        if case .tuple = target { throw .syntax(line: line, "expected '='") }
        let filters = try filterChain(startsWithName: false)
        return .capture(target, filters, body: try body(until: "endset"))
    }

    /// `name | other(…)`, or the same with a `|` in front.
    private mutating func filterChain(startsWithName: Bool) throws(ChatTemplateError) -> [Statement.FilterUse] {
        var filters: [Statement.FilterUse] = []
        if startsWithName { filters.append(try filterUse()) }
        while take("|") { filters.append(try filterUse()) }
        return filters
    }

    private mutating func macro(
        named name: String, until end: String
    ) throws(ChatTemplateError) -> MacroDefinition {
        let start = line
        var parameters: [(name: String, standard: Expression?)] = []
        if take("(") {
            while !take(")") {
                let parameter = try self.name()
                let standard = take("=") ? try expression() : nil
                if standard == nil, parameters.last?.standard != nil {
                    throw .syntax(line: line, "a parameter without a default behind one with a default")
                }
                parameters.append((parameter, standard))
                guard take(",") || current == .symbol(")") else { throw .syntax(line: line, "expected ')'") }
            }
        }
        return try definition(named: name, parameters, until: end, line: start)
    }

    private mutating func definition(
        named name: String, _ parameters: [(name: String, standard: Expression?)], until end: String, line start: Int
    ) throws(ChatTemplateError) -> MacroDefinition {
        let first = part
        let body = try outsideOfLoops { parser throws(ChatTemplateError) in try parser.body(until: end) }
        return MacroDefinition(
            name: name, parameters: parameters, body: body,
            takesMore: (mentions("varargs", from: first), mentions("kwargs", from: first)), line: start)
    }

    /// Whether a tag from part `first` to here has the name.
    private func mentions(_ name: String, from first: Int) -> Bool {
        parts[first..<part].contains { part in
            switch part {
            case .text: false
            case .output(let tokens), .statement(let tokens): tokens.contains { $0.kind == .name(name) }
            }
        }
    }

    private mutating func outsideOfLoops<Result>(
        _ read: (inout TemplateParser) throws(ChatTemplateError) -> Result
    ) throws(ChatTemplateError) -> Result {
        let outer = loops
        loops = 0
        defer { loops = outer }
        return try read(&self)
    }

    private mutating func call() throws(ChatTemplateError) -> Statement {
        let start = line
        var parameters: [(name: String, standard: Expression?)] = []
        if take("(") {
            while !take(")") {
                parameters.append((try name(), take("=") ? try expression() : nil))
                guard take(",") || current == .symbol(")") else { throw .syntax(line: line, "expected ')'") }
            }
        }
        let called = try expression()
        guard case .call = called.kind else { throw .syntax(line: line, "expected a call") }
        return .call(called, try definition(named: "caller", parameters, until: "endcall", line: start))
    }

    private mutating func with() throws(ChatTemplateError) -> Statement {
        var values: [(Statement.Target, Expression)] = []
        while token < tokens.count {
            if !values.isEmpty { guard take(",") else { throw .syntax(line: line, "expected ','") } }
            let target = try target(until: nil)
            guard take("=") else { throw .syntax(line: line, "expected '='") }
            values.append((target, try expression()))
        }
        return .with(values, body: try body(until: "endwith"))
    }

    // MARK: Targets

    /// A name, an attribute of a name, or several of them.
    private mutating func target(until end: String?) throws(ChatTemplateError) -> Statement.Target {
        var targets = [try singleTarget()]
        var isTuple = false
        while take(",") {
            isTuple = true
            if let end, isName(end) { break }
            if current == .symbol("=") { break }
            targets.append(try singleTarget())
        }
        return isTuple ? .tuple(targets) : targets[0]
    }

    private mutating func singleTarget() throws(ChatTemplateError) -> Statement.Target {
        if take("(") {
            try enter()
            defer { leave() }
            let inner = try target(until: nil)
            guard take(")") else { throw .syntax(line: line, "expected ')'") }
            return inner
        }
        let name = try name()
        guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
            throw .syntax(line: line, "'\(name)' cannot be given a value")
        }
        return take(".") ? .attribute(of: name, try self.name()) : .name(name)
    }

    // MARK: Tokens

    var current: TemplateLexer.Token.Kind? { token < tokens.count ? tokens[token].kind : nil }

    func isName(_ name: String) -> Bool { current == .name(name) }

    mutating func take(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        token += 1
        return true
    }

    mutating func takeOne(of symbols: [String]) -> String? { symbols.first { take($0) } }

    mutating func takeName(_ name: String) -> Bool {
        guard isName(name) else { return false }
        token += 1
        return true
    }

    mutating func name() throws(ChatTemplateError) -> String {
        guard case .name(let name)? = current else {
            throw .syntax(
                line: line, "expected a name, found \(token < tokens.count ? shown(tokens[token]) : "nothing")")
        }
        token += 1
        return name
    }

    func make(_ kind: Expression.Kind) -> Expression { Expression(kind: kind, line: line) }

    func shown(_ token: TemplateLexer.Token) -> String {
        switch token.kind {
        case .name(let text), .symbol(let text): "'\(text.prefix(40))'"
        case .string(let text): text.prefix(40).debugDescription
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        }
    }
}
