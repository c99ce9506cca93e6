/// Expressions, from the loosest binding to the tightest.
extension TemplateParser {
    /// One expression, or several with commas between them: a tuple.
    /// - Parameters:
    ///   - withChoice: whether `x if y else z` may stand there without parentheses.
    ///   - end: a name that a comma may stand before.
    mutating func values(withChoice: Bool = true, until end: String? = nil) throws(ChatTemplateError) -> Expression {
        func one(_ parser: inout TemplateParser) throws(ChatTemplateError) -> Expression {
            withChoice ? try parser.expression() : try parser.alternatives()
        }
        let first = try one(&self)
        guard current == .symbol(",") else { return first }
        var parts = [first]
        while take(",") {
            guard let current, current != .symbol(")"), end.map({ current != .name($0) }) ?? true else { break }
            parts.append(try one(&self))
        }
        return make(.tuple(parts))
    }

    mutating func expression() throws(ChatTemplateError) -> Expression {
        try enter()
        defer { leave() }
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
        defer { leave() }
        return takeName("not") ? make(.not(try negation())) : try comparison()
    }

    private mutating func comparison() throws(ChatTemplateError) -> Expression {
        let value = try sum()
        var others: [(symbol: String, Expression)] = []
        while true {
            if let symbol = takeOne(of: ["==", "!=", "<", ">", "<=", ">="]) {
                others.append((symbol, try sum()))
            } else if takeName("in") {
                others.append(("in", try sum()))
            } else if isName("not"), token + 1 < tokens.count, tokens[token + 1].kind == .name("in") {
                token += 2
                others.append(("not in", try sum()))
            } else {
                return others.isEmpty ? value : make(.comparison(value, others))
            }
        }
    }

    private mutating func sum() throws(ChatTemplateError) -> Expression {
        var value = try joined()
        while let symbol = takeOne(of: ["+", "-"]) { value = make(.operation(symbol, value, try joined())) }
        return value
    }

    private mutating func joined() throws(ChatTemplateError) -> Expression {
        var parts = [try product()]
        while take("~") { parts.append(try product()) }
        return parts.count == 1 ? parts[0] : make(.concatenation(parts))
    }

    private mutating func product() throws(ChatTemplateError) -> Expression {
        var value = try power()
        while let symbol = takeOne(of: ["*", "//", "/", "%"]) { value = make(.operation(symbol, value, try power())) }
        return value
    }

    private mutating func power() throws(ChatTemplateError) -> Expression {
        var value = try signed()
        while take("**") { value = make(.operation("**", value, try signed())) }
        return value
    }

    private mutating func signed(withFilters: Bool = true) throws(ChatTemplateError) -> Expression {
        try enter()
        defer { leave() }
        let value: Expression
        if take("-") {
            value = make(.negative(try signed(withFilters: false)))
        } else if take("+") {
            value = make(.positive(try signed(withFilters: false)))
        } else {
            value = try primary()
        }
        let whole = try postfix(value)
        return withFilters ? try filtersAndTests(whole) : whole
    }

    private mutating func filtersAndTests(_ start: Expression) throws(ChatTemplateError) -> Expression {
        var value = start
        while true {
            if take("|") {
                value = make(.filter(value, try filterUse()))
            } else if takeName("is") {
                value = try test(of: value)
            } else if take("(") {
                value = make(.call(value, try arguments()))
            } else {
                return value
            }
        }
    }

    mutating func filterUse() throws(ChatTemplateError) -> Statement.FilterUse {
        let name = try name()
        return Statement.FilterUse(name: name, arguments: take("(") ? try arguments() : [], line: line)
    }

    private mutating func test(of value: Expression) throws(ChatTemplateError) -> Expression {
        let negated = takeName("not")
        let name = try name()
        var given: [Expression.Argument] = []
        switch current {
        case .symbol("(")? where take("("): given = try arguments()
        case .name("else")?, .name("or")?, .name("and")?: break
        case .name("is")?: throw .syntax(line: line, "a test of a test")
        case .name?, .string?, .integer?, .number?, .symbol("[")?, .symbol("{")?:
            given = [Expression.Argument(name: nil, value: try postfix(try primary()))]
        default: break
        }
        let test = make(.test(value, name, given))
        return negated ? make(.not(test)) : test
    }

    private mutating func postfix(_ start: Expression) throws(ChatTemplateError) -> Expression {
        var value = start
        while true {
            if take(".") {
                if case .integer(let place)? = current {
                    token += 1
                    value = make(.item(value, make(.literal(.integer(place)))))
                } else {
                    value = make(.attribute(value, try name()))
                }
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
            if current == .symbol("*") || current == .symbol("**") {
                throw .unsupported(line: line, "'*' before an argument")
            }
            var name: String?
            if case .name(let text)? = current, token + 1 < tokens.count, tokens[token + 1].kind == .symbol("=") {
                name = text
                token += 2
            } else if arguments.contains(where: { $0.name != nil }) {
                throw .syntax(line: line, "an argument without a name behind one that has a name")
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
            if take(")") { return make(.tuple([])) }
            let value = try values()
            guard take(")") else { throw .syntax(line: line, "expected ')'") }
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
}
