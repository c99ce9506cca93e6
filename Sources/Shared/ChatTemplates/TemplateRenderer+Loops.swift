extension TemplateRenderer {
    mutating func run(_ loop: Statement.Loop) throws(ChatTemplateError) -> Course {
        try run(loop, over: try evaluate(loop.over), in: scope, depth: 0)
    }

    /// Goes through `value`, in scopes inside `outer`.
    private mutating func run(
        _ loop: Statement.Loop, over value: TemplateValue, in outer: TemplateScope, depth: Int
    ) throws(ChatTemplateError) -> Course {
        let line = loop.over.line
        let present = scope
        defer { scope = present }
        let items = try kept(try elements(of: value, line: line), loop, in: outer)
        let memory = TemplateLoop.Memory()
        /// Jinja's own way: `else` is for a loop of which no turn came to its end, be it by `break` or `continue`.
        var isEmpty = true
        for (index, item) in items.enumerated() {
            try budget.spend(1, line: line)
            scope = TemplateScope(inside: outer)
            try assign(item, to: loop.target, line: line)
            scope["loop"] = .loop(
                TemplateLoop(
                    items: items, index: index, depth: depth, memory: memory,
                    again: loop.isRecursive ? (loop, outer) : nil))
            let course = try run(loop.body)
            if course == .leavesLoop { break }
            if course == .onwards { isEmpty = false }
        }
        guard isEmpty else { return .onwards }
        scope = TemplateScope(inside: outer)
        return try run(loop.otherwise)
    }

    /// Those for which the loop's condition holds.
    private mutating func kept(
        _ values: [TemplateValue], _ loop: Statement.Loop, in outer: TemplateScope
    ) throws(ChatTemplateError) -> [TemplateValue] {
        guard let filter = loop.filter else { return values }
        var kept: [TemplateValue] = []
        for value in values {
            try budget.spend(1, line: loop.over.line)
            scope = TemplateScope(inside: outer)
            try assign(value, to: loop.target, line: loop.over.line)
            if try evaluate(filter).isTrue { kept.append(value) }
        }
        return kept
    }

    /// What the values of a `{% for %}`, or of a tuple's names, are.
    mutating func elements(of value: TemplateValue, line: Int) throws(ChatTemplateError) -> [TemplateValue] {
        switch value {
        case .list(let values), .tuple(let values): return values
        case .dictionary(let dictionary): return dictionary.pairs.map(\.key)
        case .generator(let generator):
            try budget.spend(generator.rest.count / 8, line: line)
            return generator.takeAll()
        case .string(let text):
            try budget.spend(text.utf8.count, line: line)
            return text.unicodeScalars.map { .string(String($0)) }
        case .undefined: return []
        default: throw .failed(line: line, "\(value.kind) cannot be gone through")
        }
    }

    /// `loop(…)` of a recursive loop, `loop.cycle(…)` and `loop.changed(…)`.
    mutating func call(
        _ loop: TemplateLoop, _ method: String?, _ arguments: Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        guard arguments.named.isEmpty else { throw .unsupported(line: line, "names of a loop's arguments") }
        let given = arguments.plain
        switch method {
        case "cycle":
            guard !given.isEmpty else { throw .failed(line: line, "no items for cycling given") }
            return given[loop.index % given.count]
        case "changed":
            memories.append(loop.memory)
            defer { loop.memory.last = given }
            return .bool(!(loop.memory.last.map { TemplateValue.equal(.tuple($0), .tuple(given)) } ?? false))
        default:
            guard let again = loop.again, given.count == 1 else {
                throw .failed(line: line, "the loop is not recursive, or was called without what to go through")
            }
            return .string(try capturedLoop(again.loop, over: given[0], in: again.scope, depth: loop.depth + 1))
        }
    }

    private mutating func capturedLoop(
        _ loop: Statement.Loop, over value: TemplateValue, in outer: TemplateScope, depth: Int
    ) throws(ChatTemplateError) -> String {
        try capture { renderer throws(ChatTemplateError) in
            _ = try renderer.run(loop, over: value, in: outer, depth: depth)
        }
    }
}
