import JSON

/// A value of a template, as Python and Jinja have it.
indirect enum TemplateValue {
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([TemplateValue])
    case tuple([TemplateValue])
    case dictionary(TemplateDictionary)
    case namespace(Namespace)
    /// What `map`, `select` and their like give.
    case generator(Generator)
    case macro(TemplateMacro)
    /// One that is there under a name, such as `range`.
    case function(String)
    /// A value's method that is not called yet, such as `text.strip`.
    case method(TemplateValue, String)
    case loop(TemplateLoop)

    /// `namespace(…)`: what a loop's body can change and keep.
    final class Namespace {
        var values: [(name: String, value: TemplateValue)] = []

        subscript(name: String) -> TemplateValue? {
            get { values.first { $0.name.hasSameScalars(as: name) }?.value }
            set {
                guard let newValue else { return }
                if let place = values.firstIndex(where: { $0.name.hasSameScalars(as: name) }) {
                    values[place].value = newValue
                } else {
                    values.append((name, newValue))
                }
            }
        }
    }

    /// Values that can be gone through once: what was taken is gone.
    final class Generator {
        private(set) var rest: ArraySlice<TemplateValue>

        init(_ values: [TemplateValue]) { rest = values[...] }

        func takeFirst() -> TemplateValue? { rest.popFirst() }

        func takeAll() -> [TemplateValue] {
            defer { rest = [] }
            return Array(rest)
        }
    }

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .numeral(let numeral): self = numeral.integer.map(TemplateValue.integer) ?? .number(numeral.double ?? 0)
        case .string(let text): self = .string(text)
        case .array(let values): self = .list(values.map(TemplateValue.init))
        case .object(let members):
            self = .dictionary(TemplateDictionary(members.map { (.string($0.name), TemplateValue($0.value)) }))
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let values), .tuple(let values): !values.isEmpty
        case .dictionary(let dictionary): !dictionary.pairs.isEmpty
        case .namespace, .generator, .macro, .function, .method, .loop: true
        }
    }

    /// What kind of value it is, for errors.
    var kind: String {
        switch self {
        case .undefined(let name): "'\(name.prefix(60))', which is not defined"
        case .none: "none"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .string: "a string"
        case .list: "a list"
        case .tuple: "a tuple"
        case .dictionary: "a dictionary"
        case .namespace: "a namespace"
        case .generator: "a sequence that is gone through once"
        case .macro(let macro): "the macro '\(macro.name.prefix(40))'"
        case .function(let name): "the function '\(name.prefix(40))'"
        case .method(_, let name): "the method '\(name.prefix(40))'"
        case .loop: "'loop'"
        }
    }

    /// As in Python, a truth value counts as 0 or 1.
    var numeric: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var whole: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }
}

/// Keys and values in the order in which the keys came, no key twice.
struct TemplateDictionary {
    private(set) var pairs: [(key: TemplateValue, value: TemplateValue)] = []

    init() {}

    /// The last value of a key counts.
    init(_ pairs: [(TemplateValue, TemplateValue)]) {
        for (key, value) in pairs { self[key] = value }
    }

    subscript(key: TemplateValue) -> TemplateValue? {
        get { pairs.first { TemplateValue.equal($0.key, key) }?.value }
        set {
            guard let newValue else { return }
            if let place = pairs.firstIndex(where: { TemplateValue.equal($0.key, key) }) {
                pairs[place].value = newValue
            } else {
                pairs.append((key, newValue))
            }
        }
    }

    subscript(name: String) -> TemplateValue? { self[.string(name)] }
}
