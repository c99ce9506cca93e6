import PlainText

/// A JSON value; an object keeps its members in their order, a number its digits.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case numeral(JSONNumeral)
    case string(String)
    case array([JSONValue])
    /// No two members of the same name, where it was read.
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// An object of these members, in this order.
    package static func members(_ members: (String, JSONValue)...) -> JSONValue {
        .object(members.map { Member(name: $0.0, value: $0.1) })
    }

    package static func integer(_ value: some BinaryInteger) -> JSONValue { .numeral(JSONNumeral(value)) }
    package static func count(_ value: Int) -> JSONValue { .integer(value) }
    /// Null unless the number is finite.
    package static func number(_ value: Double) -> JSONValue { JSONNumeral(value).map(JSONValue.numeral) ?? .null }
    package static func optional(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }

    /// Whether both say the same: members count in any order, and `2` is `2.0`.
    package func isEquivalent(to other: JSONValue) -> Bool {
        switch (self, other) {
        case (.numeral(let left), .numeral(let right)):
            return left == right || (left.double != nil && left.double == right.double)
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { $0.isEquivalent(to: $1) }
        case (.object(let left), .object(let right)):
            guard left.count == right.count else { return false }
            let values = Dictionary(right.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
            return left.allSatisfy { values[$0.name]?.isEquivalent(to: $0.value) ?? false }
        default: return self == other
        }
    }

    /// The value as a message shows it: on one line, of bounded length.
    package var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .numeral(let numeral): PrintableText.quoted(numeral.text)
        case .string(let value): "\"\(PrintableText.quoted(value))\""
        case .array(let elements): "an array of \(elements.count)"
        case .object(let members): "an object of \(members.count)"
        }
    }
}
