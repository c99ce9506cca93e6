/// Jinja's filters of lists and of what can be gone through.
extension TemplateRenderer {
    /// Nil where `name` is none of them.
    mutating func sequenceFilter(
        _ name: String, _ value: TemplateValue, _ given: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue? {
        func bound(_ names: String...) throws(ChatTemplateError) -> [String: TemplateValue] {
            try given.bound(to: names, of: "the filter '\(name)'", line: line)
        }
        switch name {
        case "length", "count":
            _ = try bound()
            return .integer(try length(of: value, line: line))
        case "first", "last":
            _ = try bound()
            return try end(name, of: value, line: line)
        case "list":
            _ = try bound()
            return .list(try elements(of: value, line: line))
        case "items":
            _ = try bound()
            if case .undefined = value { return .generator(TemplateValue.Generator([])) }
            guard case .dictionary(let dictionary) = value else { throw .failed(line: line, "items of \(value.kind)") }
            return .generator(TemplateValue.Generator(dictionary.pairs.map { .tuple([$0.key, $0.value]) }))
        case "reverse":
            _ = try bound()
            return try reversed(value, line: line)
        case "join": return try joined(value, try bound("d", "attribute"), line: line)
        case "sort":
            let arguments = try bound("reverse", "case_sensitive", "attribute")
            let sorted = try sorted(value, arguments, line: line)
            return .list(sorted)
        case "unique": return try unique(value, try bound("case_sensitive", "attribute"), line: line)
        case "min", "max": return try extreme(name, value, try bound("case_sensitive", "attribute"), line: line)
        case "sum": return try sum(value, try bound("attribute", "start"), line: line)
        case "dictsort":
            return try sortedPairs(value, try bound("case_sensitive", "by", "reverse"), line: line)
        case "batch": return try batched(value, try bound("linecount", "fill_with"), line: line)
        case "select", "reject", "selectattr", "rejectattr": return try chosen(name, value, given, line: line)
        case "map": return try mapped(value, given, line: line)
        default: return nil
        }
    }

    private mutating func length(of value: TemplateValue, line: Int) throws(ChatTemplateError) -> Int {
        switch value {
        case .string(let text): return text.unicodeScalars.count
        case .list(let values), .tuple(let values): return values.count
        case .dictionary(let dictionary): return dictionary.pairs.count
        case .loop(let loop): return loop.items.count
        case .undefined: return 0
        default: throw .failed(line: line, "the length of \(value.kind)")
        }
    }

    private mutating func end(
        _ name: String, of value: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        if case .generator(let generator) = value {
            guard name == "first" else { throw .failed(line: line, "the last of \(value.kind)") }
            return generator.takeFirst() ?? .undefined(name)
        }
        let values = try elements(of: value, line: line)
        return (name == "first" ? values.first : values.last) ?? .undefined(name)
    }

    private mutating func reversed(_ value: TemplateValue, line: Int) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .string(let text): return .string(String(text.unicodeScalars.reversed()))
        case .generator(let generator): return .list(generator.takeAll().reversed())
        default:
            return .generator(TemplateValue.Generator(try elements(of: value, line: line).reversed()))
        }
    }

    // MARK: Attributes

    /// `a.b.0` of a value, as filters take it.
    private mutating func part(
        _ path: TemplateValue, of value: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard case .string(let text) = path else { return try item(path, of: value, line: line) }
        var found = value
        for name in text.split(separator: ".", omittingEmptySubsequences: false) {
            try budget.spend(1, line: line)
            let isPlace = !name.isEmpty && name.utf8.allSatisfy { (48...57).contains($0) }
            found = try item(
                isPlace ? Int(name).map(TemplateValue.integer) ?? .string(String(name)) : .string(String(name)),
                of: found, line: line)
        }
        return found
    }

    /// What values are compared by: a part of each where one is named, in lower case where case does not count.
    private mutating func keyed(
        _ values: [TemplateValue], _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> [(key: TemplateValue, value: TemplateValue)] {
        if case .string(let path)? = arguments["attribute"], path.contains(",") {
            throw .unsupported(line: line, "several attributes")
        }
        let isSensitive = arguments["case_sensitive"]?.isTrue ?? false
        var keyed: [(key: TemplateValue, value: TemplateValue)] = []
        for value in values {
            var key = value
            if let path = arguments["attribute"], !path.isNone {
                key = try part(path, of: value, line: line)
            }
            if !isSensitive, case .string(let text) = key {
                try budget.spend(1 + text.utf8.count / 256, line: line)
                key = .string(text.lowercased())
            }
            keyed.append((key, value))
        }
        return keyed
    }

    // MARK: Orders

    private mutating func order(
        _ pairs: [(key: TemplateValue, value: TemplateValue)], reverse: Bool, line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        try budget.spend(pairs.count, line: line)
        // Equal ones stay in their order either way, as in Python.
        let given = reverse ? pairs.reversed() : pairs
        guard let sorted = TemplateValue.sorted(given, by: \.key) else {
            throw .failed(line: line, "values of several kinds have no order")
        }
        return (reverse ? sorted.reversed() : sorted).map(\.value)
    }

    private mutating func sorted(
        _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> [TemplateValue] {
        var pairs = try keyed(try elements(of: value, line: line), arguments, line: line)
        // What none of them has tells none from another; what some have is an error.
        if pairs.allSatisfy({ $0.key.isUndefined }) { pairs = pairs.map { (.integer(0), $0.value) } }
        return try order(pairs, reverse: arguments["reverse"]?.isTrue ?? false, line: line)
    }

    private mutating func sortedPairs(
        _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard case .dictionary(let dictionary) = value else { throw .failed(line: line, "dictsort of \(value.kind)") }
        let byValue: Bool
        switch arguments["by"] {
        case nil, .string("key")?: byValue = false
        case .string("value")?: byValue = true
        default: throw .failed(line: line, "dictsort by neither key nor value")
        }
        let keys = try keyed(
            dictionary.pairs.map { byValue ? $0.value : $0.key }, arguments.filter { $0.key == "case_sensitive" },
            line: line)
        let pairs = zip(keys, dictionary.pairs).map { (key: $0.key, value: TemplateValue.tuple([$1.key, $1.value])) }
        return .list(try order(pairs, reverse: arguments["reverse"]?.isTrue ?? false, line: line))
    }

    private mutating func extreme(
        _ name: String, _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let pairs = try keyed(try elements(of: value, line: line), arguments, line: line)
        guard var best = pairs.first else { return .undefined(name) }
        for pair in pairs.dropFirst() {
            let (low, high) = name == "min" ? (pair.key, best.key) : (best.key, pair.key)
            guard let isBetter = TemplateValue.precedes(low, high) else {
                throw .failed(line: line, "values of several kinds have no order")
            }
            if isBetter { best = pair }
        }
        return best.value
    }

    private mutating func unique(
        _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var seen: [TemplateValue] = []
        var kept: [TemplateValue] = []
        for pair in try keyed(try elements(of: value, line: line), arguments, line: line) {
            let key = try pair.key.asKey(line: line)
            try budget.spend(1 + seen.count / 8, line: line)
            guard !seen.contains(where: { TemplateValue.equal($0, key) }) else { continue }
            seen.append(key)
            kept.append(pair.value)
        }
        return .generator(TemplateValue.Generator(kept))
    }

    // MARK: Together

    private mutating func joined(
        _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var texts: [String] = []
        for element in try elements(of: value, line: line) {
            let shown = try arguments["attribute"].map { path throws(ChatTemplateError) in
                try part(path, of: element, line: line)
            }
            texts.append(try TemplateText.written(try accounted(shown ?? element, line: line), line: line))
        }
        let separator =
            try arguments["d"].map { value throws(ChatTemplateError) in
                try TemplateText.written(value, line: line)
            } ?? ""
        try TemplateMethods.check(texts, separator, line: line)
        return .string(texts.joined(separator: separator))
    }

    private mutating func sum(
        _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var sum = arguments["start"] ?? .integer(0)
        for element in try elements(of: value, line: line) {
            try budget.spend(1, line: line)
            let addend = try arguments["attribute"].map { path throws(ChatTemplateError) in
                try part(path, of: element, line: line)
            }
            if case .string = sum { throw .failed(line: line, "the sum of strings: join them") }
            sum = try accounted(
                try TemplateOperators.operate("+", sum, addend ?? element, line: line), line: line)
        }
        return sum
    }

    private mutating func batched(
        _ value: TemplateValue, _ arguments: [String: TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard let size = arguments["linecount"]?.whole, (1...100_000).contains(size) else {
            throw .failed(line: line, "batch needs a number above 0")
        }
        let values = try elements(of: value, line: line)
        var batches = stride(from: 0, to: values.count, by: size).map {
            Array(values[$0..<min($0 + size, values.count)])
        }
        if let filling = arguments["fill_with"], !filling.isNone, let last = batches.last {
            batches[batches.count - 1] = last + Array(repeating: filling, count: size - last.count)
        }
        return .generator(TemplateValue.Generator(batches.map(TemplateValue.list)))
    }

    // MARK: One by one

    /// What these filters go through: of a value that counts as false nothing, whatever it is.
    private mutating func elements(ofTrue value: TemplateValue, line: Int) throws(ChatTemplateError) -> [TemplateValue]
    {
        value.isTrue ? try elements(of: value, line: line) : []
    }

    /// `select`, `reject` and their like with an attribute: by a test, or by whether a value counts as true.
    private mutating func chosen(
        _ name: String, _ value: TemplateValue, _ given: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard given.named.isEmpty else { throw .failed(line: line, "\(name) takes no named arguments") }
        var arguments = given.plain[...]
        var path: TemplateValue?
        if name.hasSuffix("attr") {
            path = arguments.popFirst()
            guard path != nil else { throw .failed(line: line, "\(name) needs the name of an attribute") }
        }
        var testName: String?
        if let first = arguments.popFirst() {
            guard case .string(let text) = first else { throw .failed(line: line, "\(name) needs the name of a test") }
            testName = text
        }
        var kept: [TemplateValue] = []
        for element in try elements(ofTrue: value, line: line) {
            try budget.spend(1, line: line)
            let asked = try path.map { path throws(ChatTemplateError) in try part(path, of: element, line: line) }
            let found = try accounted(asked ?? element, line: line)
            let matches = try testName.map { test throws(ChatTemplateError) in
                try self.test(test, found, Array(arguments), line: line)
            }
            if (matches ?? found.isTrue) == name.hasPrefix("select") { kept.append(element) }
        }
        return .generator(TemplateValue.Generator(kept))
    }

    private mutating func mapped(
        _ value: TemplateValue, _ given: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        var results: [TemplateValue] = []
        if given.plain.isEmpty {
            let arguments = try given.bound(to: ["attribute", "default"], of: "the filter 'map'", line: line)
            guard let path = arguments["attribute"] else { throw .failed(line: line, "map needs a filter's name") }
            for element in try elements(ofTrue: value, line: line) {
                try budget.spend(1, line: line)
                let found = try part(path, of: element, line: line)
                if case .undefined = found {
                    results.append(arguments["default"] ?? found)
                } else {
                    results.append(found)
                }
            }
        } else {
            guard case .string(let name) = given.plain[0] else {
                throw .failed(line: line, "map needs a filter's name")
            }
            let arguments = Arguments(plain: Array(given.plain.dropFirst()), named: given.named)
            for element in try elements(ofTrue: value, line: line) {
                results.append(try filter(name, element, arguments, line: line))
            }
        }
        return .generator(TemplateValue.Generator(results))
    }
}

extension TemplateValue {
    var isNone: Bool { if case .none = self { true } else { false } }
    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// In order by a key, equal ones as they were; nil where two keys have no order.
    static func sorted<Element>(_ elements: [Element], by key: (Element) -> TemplateValue) -> [Element]? {
        var isOrdered = true
        let sorted = elements.enumerated().sorted { left, right in
            guard let precedes = precedes(key(left.element), key(right.element)) else {
                isOrdered = false
                return left.offset < right.offset
            }
            if precedes { return true }
            return !equal(key(left.element), key(right.element)) ? false : left.offset < right.offset
        }
        return isOrdered ? sorted.map(\.element) : nil
    }
}
