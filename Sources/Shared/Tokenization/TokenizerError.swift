package import JSON
import PlainText

/// Why a tokenizer could not be read. Every description is one line: file, field, expected, found, advice.
package enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// A file cannot be read, is not JSON, or has a field that cannot be right.
    case file(JSONError)
    /// A field asks for something that would change the outcome and that this reader does not do.
    case unsupported(file: String, field: String, value: String, understood: String)
    /// There is no tokenizer.json, but a tokenizer in another form.
    case otherForm(folder: String, found: String)

    package var description: String {
        switch self {
        case .file(let error):
            if case .malformed = error { "\(error); the file is damaged, fetch it again" } else { "\(error)" }
        case .otherForm(let folder, let found):
            "\(PrintableText.quoted(folder, limit: 400)): \(found) is there and no tokenizer.json; make it: "
                + "python3 -c \"import sys; from transformers import AutoTokenizer as T; "
                + "T.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[1])\" \(ShellText.quoted(folder))"
        case .unsupported(let file, let field, let value, let understood):
            "\(PrintableText.quoted(file, limit: 400)): \(field): \(value) is not supported, only \(understood); "
                + "use a model whose tokenizer does without it"
        }
    }
}

extension TokenizerError: JSONFailure {
    package init(_ error: JSONError) {
        if case .unknown(let file, let path, let found, let understood) = error {
            self = .unsupported(
                file: file, field: path, value: found, understood: understood.joined(separator: ", "))
        } else {
            self = .file(error)
        }
    }
}
