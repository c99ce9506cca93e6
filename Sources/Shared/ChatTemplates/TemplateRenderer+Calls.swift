extension TemplateRenderer {
    /// What a call, a filter or a test is given.
    struct Arguments {
        var plain: [TemplateValue] = []
        var named: [(name: String, value: TemplateValue)] = []

        /// By the names of the parameters, in their order.
        /// - Throws: where there are more, or others.
        func bound(to names: [String], of what: String, line: Int) throws(ChatTemplateError) -> [String: TemplateValue]
        {
            guard plain.count <= names.count else {
                throw .failed(line: line, "\(what.prefix(60)) takes \(names.count) arguments, not \(plain.count)")
            }
            var bound = Dictionary(zip(names, plain)) { $1 }
            for (name, value) in named {
                guard names.contains(name), bound.updateValue(value, forKey: name) == nil else {
                    throw .failed(line: line, "\(what.prefix(60)) takes no '\(name.prefix(40))', or has it already")
                }
            }
            return bound
        }
    }

    mutating func evaluated(_ given: [Expression.Argument]) throws(ChatTemplateError) -> Arguments {
        var result = Arguments()
        for argument in given {
            let value = try accounted(try evaluate(argument.value), line: argument.value.line)
            if let name = argument.name { result.named.append((name, value)) } else { result.plain.append(value) }
        }
        return result
    }

    mutating func call(
        _ callee: TemplateValue, _ arguments: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch callee {
        case .macro(let macro): return try accounted(try call(macro, arguments, line: line), line: line)
        case .function(let name): return try accounted(try call(name, arguments, line: line), line: line)
        case .method(.loop(let loop), let name): return try call(loop, name, arguments, line: line)
        case .loop(let loop): return try call(loop, nil, arguments, line: line)
        case .method(let base, let name):
            try budget.account(for: base, line: line)
            // Those that cut a text make a value of each part.
            if case .string(let text) = base { try budget.spend(text.utf8.count / 64, line: line) }
            return try accounted(try TemplateMethods.call(name, base, arguments, line: line), line: line)
        case .undefined(let name) where name == "strftime_now":
            throw .failed(
                line: line, "the template asks for today's date: name a day with --template-date YYYY-MM-DD")
        default: throw .failed(line: line, "\(callee.kind) cannot be called")
        }
    }

    // MARK: Macros

    private mutating func call(
        _ macro: TemplateMacro, _ given: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let definition = macro.definition
        let inner = TemplateScope(inside: macro.scope)
        var named = given.named
        let caller = named.firstIndex { $0.name == "caller" }.map { named.remove(at: $0).value }
        inner["caller"] = caller ?? .undefined("caller")
        let present = scope
        defer { scope = present }
        scope = inner
        for (place, parameter) in definition.parameters.enumerated() {
            if place < given.plain.count {
                inner[parameter.name] = given.plain[place]
            } else if let index = named.firstIndex(where: { $0.name == parameter.name }) {
                inner[parameter.name] = named.remove(at: index).value
            } else if let standard = parameter.standard {
                inner[parameter.name] = try evaluate(standard)
            } else {
                inner[parameter.name] = .undefined(parameter.name)
            }
        }
        let more = Array(given.plain.dropFirst(definition.parameters.count))
        guard more.isEmpty || definition.takesMore.plain, named.isEmpty || definition.takesMore.named else {
            throw .failed(line: line, "the macro '\(definition.name.prefix(40))' does not take all of the arguments")
        }
        if definition.takesMore.plain { inner["varargs"] = .tuple(more) }
        if definition.takesMore.named {
            inner["kwargs"] = .dictionary(TemplateDictionary(named.map { (.string($0.name), $0.value) }))
        }
        return .string(try captured(definition.body, in: inner))
    }

    // MARK: Functions

    private mutating func call(
        _ name: String, _ arguments: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "raise_exception":
            let message = try arguments.bound(to: ["message"], of: name, line: line)["message"]
            throw .refused(
                try message.map { value throws(ChatTemplateError) in
                    try TemplateText.written(value, line: line)
                } ?? "it does not say why")
        case "namespace":
            let namespace = TemplateValue.Namespace()
            for (key, value) in try dictionary(arguments, line: line).pairs {
                guard case .string(let name) = key, !name.hasPrefix("_") else {
                    throw .failed(line: line, "a namespace takes names without an underscore in front")
                }
                namespace[name] = value
            }
            namespaces.append(namespace)
            return .namespace(namespace)
        case "dict": return .dictionary(try dictionary(arguments, line: line))
        case "range": return .list(try range(arguments, line: line))
        case "strftime_now":
            guard case .string(let format)? = try arguments.bound(to: ["format"], of: name, line: line)["format"],
                let text = date?.written(format)
            else { throw .unsupported(line: line, "strftime_now with these arguments") }
            return .string(text)
        default: throw .unsupported(line: line, "the function '\(name.prefix(40))'")
        }
    }

    /// `dict(other, name=value)`, where `other` is a dictionary or pairs of keys and values.
    private mutating func dictionary(
        _ arguments: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateDictionary {
        guard arguments.plain.count <= 1 else { throw .failed(line: line, "expected one dictionary at most") }
        var dictionary = TemplateDictionary()
        switch arguments.plain.first {
        case nil: break
        case .dictionary(let other)?: dictionary = other
        case .namespace(let other)?:
            for (name, value) in other.values { dictionary[.string(name)] = value }
        case let pairs?:
            for pair in try elements(of: pairs, line: line) {
                let parts = try elements(of: pair, line: line)
                guard parts.count == 2 else { throw .failed(line: line, "expected pairs of a key and a value") }
                try budget.spend(1 + dictionary.pairs.count / 8, line: line)
                dictionary[try parts[0].asKey(line: line)] = parts[1]
            }
        }
        for (name, value) in arguments.named { dictionary[.string(name)] = value }
        return dictionary
    }

    private func range(_ arguments: Arguments, line: Int) throws(ChatTemplateError) -> [TemplateValue] {
        let bounds = arguments.plain.compactMap(\.whole)
        guard arguments.named.isEmpty, bounds.count == arguments.plain.count, (1...3).contains(bounds.count) else {
            throw .failed(line: line, "range with these arguments")
        }
        let (from, to) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        let step = bounds.count == 3 ? bounds[2] : 1
        guard step != 0, step != .min else { throw .failed(line: line, "range in steps of \(step)") }
        let (length, overflows) = to.subtractingReportingOverflow(from)
        guard !overflows, length.magnitude / step.magnitude < 100_000 else {
            throw .failed(line: line, "range from \(from) to \(to) is too long")
        }
        return stride(from: from, to: to, by: step).map(TemplateValue.integer)
    }
}
