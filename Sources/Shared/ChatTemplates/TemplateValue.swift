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
    /// In the order in which it was made.
    case dictionary([(key: String, value: TemplateValue)])
    case namespace(Namespace)
    /// One that is asked for by its name without being called.
    case function(String)

    /// `namespace(…)`: what a loop's body can change and keep.
    final class Namespace {
        var values: [String: TemplateValue] = [:]
    }

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .numeral(let numeral): self = numeral.integer.map(TemplateValue.integer) ?? .number(numeral.double ?? 0)
        case .string(let text): self = .string(text)
        case .array(let values): self = .list(values.map(TemplateValue.init))
        case .object(let members): self = .dictionary(members.map { ($0.name, TemplateValue($0.value)) })
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let values): !values.isEmpty
        case .dictionary(let pairs): !pairs.isEmpty
        case .namespace, .function: true
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
        case .dictionary: "a dictionary"
        case .namespace: "a namespace"
        case .function(let name): "the function '\(name)'"
        }
    }

    /// As `{{ … }}` writes it; nil for what has no text here.
    var text: String? {
        switch self {
        case .undefined: ""
        case .none: "None"
        case .bool(let value): value ? "True" : "False"
        case .integer(let value): "\(value)"
        case .string(let text): text
        case .number, .list, .dictionary, .namespace, .function: nil
        }
    }

    static func equal(_ a: TemplateValue, _ b: TemplateValue) -> Bool {
        switch (a, b) {
        case (.undefined, .undefined), (.none, .none): true
        case (.string(let x), .string(let y)): x.unicodeScalars.elementsEqual(y.unicodeScalars)
        case (.list(let x), .list(let y)): x.count == y.count && zip(x, y).allSatisfy { equal($0, $1) }
        case (.dictionary(let x), .dictionary(let y)):
            x.count == y.count
                && x.allSatisfy { pair in y.contains { $0.key == pair.key && equal($0.value, pair.value) } }
        case (.namespace(let x), .namespace(let y)): x === y
        default:
            if let x = a.numeric, let y = b.numeric { x == y } else { false }
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
