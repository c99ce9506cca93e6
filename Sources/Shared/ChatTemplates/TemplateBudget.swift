/// What a template may cost: it comes with the model, so its work and the size of its values are bounded.
///
/// Work is counted in steps of about a microsecond: one for each expression and each turn of a loop, and of what an
/// operation goes through one for every 256 bytes of text or 8 elements.
struct TemplateBudget {
    private var spent = 0

    private static let limit = 200_000
    /// Elements of a value, those of its elements included.
    private static let elementLimit = 100_000
    /// Lists within lists.
    private static let depthLimit = 16

    mutating func spend(_ steps: Int, line: Int) throws(ChatTemplateError) {
        // No addend is larger than a value's bytes, so the sum stays far from overflowing.
        spent += steps
        guard spent <= Self.limit else { throw .failed(line: line, "the template does not come to an end") }
    }

    /// Takes account of a value that an operation reads or has made.
    /// - Throws: where it is larger or nested deeper than what any conversation needs. So nothing that goes through
    ///   a value's elements can take long or go deep, though a value may hold another many times over.
    mutating func account(for value: TemplateValue, line: Int) throws(ChatTemplateError) {
        switch value {
        case .string(let text): try spend(text.utf8.count / 256, line: line)
        case .list, .dictionary:
            var elements = 0
            try Self.count(value, into: &elements, depth: 0, line: line)
            try spend(elements / 8, line: line)
        default: break
        }
    }

    private static func count(
        _ value: TemplateValue, into elements: inout Int, depth: Int, line: Int
    ) throws(ChatTemplateError) {
        guard depth <= depthLimit else { throw .failed(line: line, "a value is nested deeper than \(depthLimit)") }
        switch value {
        case .list(let values):
            elements += values.count
            guard elements <= elementLimit else { break }
            for value in values { try count(value, into: &elements, depth: depth + 1, line: line) }
        case .dictionary(let pairs):
            elements += pairs.count
            guard elements <= elementLimit else { break }
            for pair in pairs { try count(pair.value, into: &elements, depth: depth + 1, line: line) }
        default: return
        }
        guard elements <= elementLimit else {
            throw .failed(line: line, "a value grows to more than \(elementLimit) elements")
        }
    }
}
