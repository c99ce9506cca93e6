/// What a template may cost: it comes with the model, so its work and the size of its values are bounded.
///
/// Work is counted in steps of about a microsecond: one for each expression and each turn of a loop, and of what an
/// operation goes through one for every 256 bytes of a text, 4096 bytes of the texts in a list, or 8 elements.
struct TemplateBudget {
    /// Steps taken so far.
    private(set) var spent = 0
    /// Bytes of the texts, and elements of the lists times 16, that operations have read and made.
    private(set) var handled = 0

    static let limit = 200_000
    /// Elements of a value, those of its elements included.
    private static let elementLimit = 100_000
    /// Lists within lists.
    private static let depthLimit = 16

    mutating func spend(_ steps: Int, line: Int) throws(ChatTemplateError) {
        guard steps <= Self.limit - spent else { throw .failed(line: line, "the template does not come to an end") }
        spent += max(steps, 0)
    }

    /// Takes account of a value that an operation reads or has made.
    /// - Throws: where it is larger or nested deeper than what any conversation needs. So nothing that goes through
    ///   a value's elements can take long or go deep, though a value may hold another many times over.
    mutating func account(for value: TemplateValue, line: Int) throws(ChatTemplateError) {
        switch value {
        case .string(let text):
            try spend(text.utf8.count / 256, line: line)
            handled += text.utf8.count
        case .list, .tuple, .dictionary, .generator, .method, .loop:
            var size = Size()
            try size.add(value, depth: 0, line: line)
            try spend(size.elements / 8 + size.bytes / 4096, line: line)
            handled += size.bytes + 16 * size.elements
        default: break
        }
    }

    /// How large a value is, all that it holds included, as often as it holds it.
    private struct Size {
        var elements = 0
        /// Of the texts in it, which a comparison may go through.
        var bytes = 0

        mutating func add(_ value: TemplateValue, depth: Int, line: Int) throws(ChatTemplateError) {
            guard depth <= depthLimit else { throw .failed(line: line, "a value is nested deeper than \(depthLimit)") }
            switch value {
            case .string(let text): bytes += text.utf8.count
            case .list(let values), .tuple(let values): try add(values, depth: depth, line: line)
            case .dictionary(let dictionary): try add(dictionary.pairs.map(\.value), depth: depth, line: line)
            case .generator(let generator): try add(generator.rest, depth: depth, line: line)
            case .loop(let loop): try add(loop.items, depth: depth, line: line)
            case .method(let base, _): try add(base, depth: depth + 1, line: line)
            default: return
            }
        }

        private mutating func add(
            _ values: some Collection<TemplateValue>, depth: Int, line: Int
        ) throws(ChatTemplateError) {
            elements += values.count
            guard elements <= elementLimit else {
                throw .failed(line: line, "a value grows to more than \(elementLimit) elements")
            }
            for value in values { try add(value, depth: depth + 1, line: line) }
        }
    }
}
