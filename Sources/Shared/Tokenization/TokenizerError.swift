/// Why a tokenizer could not be read. Every description is one line: file, field, expected, found, advice.
package enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The file is missing, is not a regular file, or cannot be read.
    case unreadable(file: String, reason: String)
    /// The file is longer than a tokenizer's file may be, in bytes.
    case tooLarge(file: String, bytes: Int, limit: Int)
    /// The file is not UTF-8 or not JSON; `offset` is the byte at which that shows.
    case malformed(file: String, offset: Int, expected: String, found: String)
    /// A field has a value that cannot be right.
    case invalid(file: String, field: String, expected: String, found: String)
    /// A field asks for something that would change the outcome and that this reader does not do.
    case unsupported(file: String, field: String, value: String, understood: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(quoted(file, limit: 400)): cannot be read: \(reason)"
        case .tooLarge(let file, let bytes, let limit):
            "\(quoted(file, limit: 400)): \(bytes) bytes, but at most \(limit) are read; is it the right file?"
        case .malformed(let file, let offset, let expected, let found):
            "\(quoted(file, limit: 400)): byte \(offset): expected \(expected), found \(found); "
                + "the file is damaged, fetch it again"
        case .invalid(let file, let field, let expected, let found):
            "\(quoted(file, limit: 400)): \(field): expected \(expected), found \(found)"
        case .unsupported(let file, let field, let value, let understood):
            "\(quoted(file, limit: 400)): \(field): \(value) is not supported, only \(understood); "
                + "use a model whose tokenizer does without it"
        }
    }
}

/// Text from outside as it may stand inside a one-line message: control characters escaped, cut at `limit` scalars.
func quoted(_ text: String, limit: Int = 60) -> String {
    var shown = ""
    for (count, scalar) in text.unicodeScalars.enumerated() {
        if count == limit { return shown + "…" }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format, .unassigned, .privateUse:
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}
