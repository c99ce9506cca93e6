/// Names and their values, and where the names are looked for that are not among them.
final class TemplateScope {
    private var values: [String: TemplateValue]
    private let outer: TemplateScope?

    init(_ values: [String: TemplateValue] = [:], inside outer: TemplateScope? = nil) {
        self.values = values
        self.outer = outer
    }

    subscript(name: String) -> TemplateValue? {
        get {
            var scope: TemplateScope? = self
            while let inner = scope {
                if let value = inner.values[name] { return value }
                scope = inner.outer
            }
            return nil
        }
        set { values[name] = newValue }
    }

    /// Forgets all names: a macro that stands in the scope it looks into would keep both for ever.
    func clear() { values = [:] }
}

/// A macro and where it was defined, in which its body looks for names.
final class TemplateMacro {
    let definition: MacroDefinition
    let scope: TemplateScope

    var name: String { definition.name }

    init(_ definition: MacroDefinition, in scope: TemplateScope) {
        self.definition = definition
        self.scope = scope
    }
}

/// What a loop's body knows of the loop, in one of its turns.
struct TemplateLoop {
    let items: [TemplateValue]
    let index: Int
    /// How many recursive loops it stands in.
    let depth: Int
    let memory: Memory
    /// What a recursive loop goes through again, and where.
    let again: (loop: Statement.Loop, scope: TemplateScope)?

    /// What `loop.changed` was asked for last.
    final class Memory {
        var last: [TemplateValue]?
    }

    /// `loop.name`.
    subscript(name: String) -> TemplateValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "first": .bool(index == 0)
        case "last": .bool(index == items.count - 1)
        case "length": .integer(items.count)
        case "revindex": .integer(items.count - index)
        case "revindex0": .integer(items.count - index - 1)
        case "depth": .integer(depth + 1)
        case "depth0": .integer(depth)
        case "previtem": index > 0 ? items[index - 1] : .undefined("loop.previtem")
        case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined("loop.nextitem")
        case "cycle", "changed": .method(.loop(self), name)
        default: nil
        }
    }
}
