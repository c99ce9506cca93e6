/// Jinja's grammar, as far as chat templates use it.
struct TemplateParser {
    private let parts: [TemplateLexer.Part]
    private var part = 0
    private var tokens: [TemplateLexer.Token] = []
    private var token = 0
    private var line = 1
    private var depth = 0

    private static let depthLimit = 80

    static func statements(of source: String) throws(ChatTemplateError) -> [Statement] {
        var lexer = TemplateLexer(source)
        var parser = TemplateParser(parts: try lexer.parts())
        let statements = try parser.statements(until: [])
        return statements
    }

    private init(parts: [TemplateLexer.Part]) { self.parts = parts }

    // MARK: Statements

    /// The statements up to a tag of one of these names, which is left open for the caller.
    private mutating func statements(until ends: Set<String>) throws(ChatTemplateError) -> [Statement] {
        try enter()
        defer { depth -= 1 }
        var statements: [Statement] = []
        while part < parts.count {
            switch parts[part] {
            case .text(let text):
                statements.append(.text(text))
                part += 1
            case .output(let tokens):
                open(tokens)
                statements.append(.output(try expression()))
                try close()
            case .statement(let tokens):
                open(tokens)
                let name = try name()
                if ends.contains(name) {
                    token = 0
                    return statements
                }
                if let statement = try statement(name) { statements.append(statement) }
            }
        }
        guard ends.isEmpty else { throw .syntax(line: line, "expected \(ends.sorted().joined(separator: " or "))") }
        return statements
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

    private mutating func statement(_ name: String) throws(ChatTemplateError) -> Statement? {
        switch name {
        case "if": return try condition()
        case "for": return try loop()
        case "set": return try assignment()
        // transformers marks the assistant's tokens so; it changes no text.
        case "generation", "endgeneration":
            try close()
            return nil
        case "elif", "else", "endif", "endfor": throw .syntax(line: line, "{% \(name) %} has no beginning")
        default: throw .unsupported(line: line, "the tag {% \(name.prefix(40)) %}")
        }
    }

    private mutating func condition() throws(ChatTemplateError) -> Statement {
        var branches: [(Expression?, [Statement])] = []
        var test: Expression? = try expression()
        while true {
            try close()
            let body = try statements(until: test == nil ? ["endif"] : ["elif", "else", "endif"])
            branches.append((test, body))
            switch try name() {
            case "elif": test = try expression()
            case "else": test = nil
            default:
                try close()
                return .condition(branches)
            }
        }
    }

    private mutating func loop() throws(ChatTemplateError) -> Statement {
        var names = [try name()]
        while take(",") { names.append(try name()) }
        guard takeName("in") else { throw .syntax(line: line, "expected 'in'") }
        let items = try alternatives()
        let filter = takeName("if") ? try expression() : nil
        try close()
        let body = try statements(until: ["else", "endfor"])
        var otherwise: [Statement] = []
        if try name() == "else" {
            try close()
            otherwise = try statements(until: ["endfor"])
            _ = try name()
        }
        try close()
        return .loop(names: names, over: items, filter: filter, body: body, otherwise: otherwise)
    }

    private mutating func assignment() throws(ChatTemplateError) -> Statement {
        let target = try name()
        let attribute = take(".") ? try name() : nil
        guard take("=") else { throw .unsupported(line: line, "{% set %} without '='") }
        let value = try expression()
        try close()
        return .assignment(name: target, attribute: attribute, value)
    }

    // MARK: Expressions, from the loosest binding to the tightest

    private mutating func expression() throws(ChatTemplateError) -> Expression {
        try enter()
        defer { depth -= 1 }
        var value = try alternatives()
        while takeName("if") {
            let test = try alternatives()
            let otherwise = takeName("else") ? try expression() : nil
            value = make(.choice(value, condition: test, otherwise: otherwise))
        }
        return value
    }

    private mutating func alternatives() throws(ChatTemplateError) -> Expression {
        var value = try conjunction()
        while takeName("or") { value = make(.or(value, try conjunction())) }
        return value
    }

    private mutating func conjunction() throws(ChatTemplateError) -> Expression {
        var value = try negation()
        while takeName("and") { value = make(.and(value, try negation())) }
        return value
    }

    private mutating func negation() throws(ChatTemplateError) -> Expression {
        try enter()
        defer { depth -= 1 }
        return takeName("not") ? make(.not(try negation())) : try comparison()
    }

    private mutating func comparison() throws(ChatTemplateError) -> Expression {
        var value = try sum()
        while true {
            if let symbol = takeOne(of: ["==", "!=", "<", ">", "<=", ">="]) {
                value = make(.operation(symbol, value, try sum()))
            } else if takeName("in") {
                value = make(.operation("in", value, try sum()))
            } else if isName("not"), token + 1 < tokens.count, tokens[token + 1].kind == .name("in") {
                token += 2
                value = make(.not(make(.operation("in", value, try sum()))))
            } else {
                return value
            }
        }
    }

    private mutating func sum() throws(ChatTemplateError) -> Expression {
        var value = try joined()
        while let symbol = takeOne(of: ["+", "-"]) { value = make(.operation(symbol, value, try joined())) }
        return value
    }

    private mutating func joined() throws(ChatTemplateError) -> Expression {
        var value = try product()
        while take("~") { value = make(.operation("~", value, try product())) }
        return value
    }

    private mutating func product() throws(ChatTemplateError) -> Expression {
        var value = try signed()
        while let symbol = takeOne(of: ["*", "//", "/", "%"]) { value = make(.operation(symbol, value, try signed())) }
        return value
    }

    private mutating func signed() throws(ChatTemplateError) -> Expression {
        try enter()
        defer { depth -= 1 }
        let value = take("-") ? make(.negative(try postfix(try primary()))) : try postfix(try primary())
        return try filtersAndTests(value)
    }

    private mutating func filtersAndTests(_ start: Expression) throws(ChatTemplateError) -> Expression {
        var value = start
        while true {
            if take("|") {
                let name = try name()
                value = make(.filter(value, name, take("(") ? try arguments() : []))
            } else if takeName("is") {
                let negated = takeName("not")
                let name = try name()
                var given: [Expression.Argument] = []
                if take("(") {
                    given = try arguments()
                } else if ["eq", "equalto", "ne", "divisibleby"].contains(name) {
                    given = [Expression.Argument(name: nil, value: try postfix(try primary()))]
                }
                value = make(.test(value, name, given, negated: negated))
            } else {
                return value
            }
        }
    }

    private mutating func postfix(_ start: Expression) throws(ChatTemplateError) -> Expression {
        var value = start
        while true {
            if take(".") {
                value = make(.attribute(value, try name()))
            } else if take("[") {
                value = try subscripted(value)
            } else if take("(") {
                value = make(.call(value, try arguments()))
            } else {
                return value
            }
        }
    }

    private mutating func subscripted(_ value: Expression) throws(ChatTemplateError) -> Expression {
        var bounds: [Expression?] = [nil, nil, nil]
        var place = 0
        while !take("]") {
            if take(":") {
                place += 1
                guard place < 3 else { throw .syntax(line: line, "a slice has at most three parts") }
            } else {
                guard bounds[place] == nil else { throw .syntax(line: line, "expected ']'") }
                bounds[place] = try expression()
            }
        }
        if place > 0 { return make(.slice(value, from: bounds[0], to: bounds[1], step: bounds[2])) }
        guard let index = bounds[0] else { throw .syntax(line: line, "expected an index") }
        return make(.item(value, index))
    }

    private mutating func arguments() throws(ChatTemplateError) -> [Expression.Argument] {
        var arguments: [Expression.Argument] = []
        while !take(")") {
            var name: String?
            if case .name(let text)? = current, token + 1 < tokens.count, tokens[token + 1].kind == .symbol("=") {
                name = text
                token += 2
            }
            arguments.append(Expression.Argument(name: name, value: try expression()))
            guard take(",") || current == .symbol(")") else { throw .syntax(line: line, "expected ')'") }
        }
        return arguments
    }

    private mutating func primary() throws(ChatTemplateError) -> Expression {
        guard let kind = current else { throw .syntax(line: line, "an expression ends too early") }
        line = tokens[token].line
        token += 1
        switch kind {
        case .string(let text):
            var whole = text
            // Strings side by side are one, as in Python.
            while case .string(let more)? = current {
                whole += more
                token += 1
            }
            return make(.literal(.string(whole)))
        case .integer(let value): return make(.literal(.integer(value)))
        case .number(let value): return make(.literal(.number(value)))
        case .name("true"), .name("True"): return make(.literal(.bool(true)))
        case .name("false"), .name("False"): return make(.literal(.bool(false)))
        case .name("none"), .name("None"): return make(.literal(.none))
        case .name(let name): return make(.name(name))
        case .symbol("("):
            let value = try expression()
            guard take(")") else { throw .unsupported(line: line, "a tuple, or a parenthesis that does not end") }
            return value
        case .symbol("["):
            var values: [Expression] = []
            while !take("]") {
                values.append(try expression())
                guard take(",") || current == .symbol("]") else { throw .syntax(line: line, "expected ']'") }
            }
            return make(.list(values))
        case .symbol("{"):
            var pairs: [(Expression, Expression)] = []
            while !take("}") {
                let key = try expression()
                guard take(":") else { throw .syntax(line: line, "expected ':'") }
                pairs.append((key, try expression()))
                guard take(",") || current == .symbol("}") else { throw .syntax(line: line, "expected '}'") }
            }
            return make(.dictionary(pairs))
        case .symbol: throw .syntax(line: line, "\(shown(tokens[token - 1])) was not expected")
        }
    }

    // MARK: Tokens

    private mutating func enter() throws(ChatTemplateError) {
        depth += 1
        guard depth <= Self.depthLimit else { throw .unsupported(line: line, "nesting deeper than \(Self.depthLimit)") }
    }

    private var current: TemplateLexer.Token.Kind? { token < tokens.count ? tokens[token].kind : nil }

    private func isName(_ name: String) -> Bool { current == .name(name) }

    private mutating func take(_ symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        token += 1
        return true
    }

    private mutating func takeOne(of symbols: [String]) -> String? { symbols.first { take($0) } }

    private mutating func takeName(_ name: String) -> Bool {
        guard isName(name) else { return false }
        token += 1
        return true
    }

    private mutating func name() throws(ChatTemplateError) -> String {
        guard case .name(let name)? = current else {
            throw .syntax(
                line: line, "expected a name, found \(token < tokens.count ? shown(tokens[token]) : "nothing")")
        }
        token += 1
        return name
    }

    private func make(_ kind: Expression.Kind) -> Expression { Expression(kind: kind, line: line) }

    private func shown(_ token: TemplateLexer.Token) -> String {
        switch token.kind {
        case .name(let text), .symbol(let text): "'\(text.prefix(40))'"
        case .string(let text): text.prefix(40).debugDescription
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        }
    }
}
