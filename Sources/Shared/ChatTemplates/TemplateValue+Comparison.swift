import Foundation

extension TemplateValue {
    static func equal(_ a: TemplateValue, _ b: TemplateValue) -> Bool {
        switch (a, b) {
        case (.undefined, .undefined), (.none, .none): true
        case (.string(let x), .string(let y)): x.hasSameScalars(as: y)
        case (.list(let x), .list(let y)), (.tuple(let x), .tuple(let y)):
            x.count == y.count && zip(x, y).allSatisfy { equal($0, $1) }
        case (.dictionary(let x), .dictionary(let y)):
            x.pairs.count == y.pairs.count
                && x.pairs.allSatisfy { pair in y[pair.key].map { equal($0, pair.value) } ?? false }
        case (.namespace(let x), .namespace(let y)): x === y
        case (.generator(let x), .generator(let y)): x === y
        case (.macro(let x), .macro(let y)): x === y
        case (.function(let x), .function(let y)): x == y
        case (.integer(let x), .integer(let y)): x == y
        default:
            if let x = a.numeric, let y = b.numeric { x == y } else { false }
        }
    }

    /// The value, which must be one that can be a key: lists and dictionaries cannot.
    func asKey(line: Int) throws(ChatTemplateError) -> TemplateValue {
        switch self {
        case .list, .dictionary: throw .failed(line: line, "\(kind) cannot be a key")
        case .tuple(let parts): for part in parts { _ = try part.asKey(line: line) }
        default: break
        }
        return self
    }

    /// Whether `a` comes before `b`; nil for kinds that have no order.
    static func precedes(_ a: TemplateValue, _ b: TemplateValue) -> Bool? {
        switch (a, b) {
        case (.string(let x), .string(let y)):
            return x.unicodeScalars.lexicographicallyPrecedes(y.unicodeScalars)
        case (.list(let x), .list(let y)), (.tuple(let x), .tuple(let y)):
            for (left, right) in zip(x, y) where !equal(left, right) { return precedes(left, right) }
            return x.count < y.count
        default:
            if let x = a.whole, let y = b.whole { return x < y }
            guard let x = a.numeric, let y = b.numeric else { return nil }
            return x < y
        }
    }
}

extension String {
    /// Python's equality: scalar by scalar.
    func hasSameScalars(as other: String) -> Bool { unicodeScalars.elementsEqual(other.unicodeScalars) }

    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}
