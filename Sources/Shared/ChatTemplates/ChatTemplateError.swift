/// Why a chat template cannot be used. One line that names the place and what is not supported.
package enum ChatTemplateError: Error, Equatable, CustomStringConvertible {
    /// The folder has no template.
    case none(folder: String)
    /// A file cannot be read, or is not what it should be.
    case unreadable(file: String, reason: String)
    /// The template is not well formed.
    case syntax(line: Int, String)
    /// The template uses a part of Jinja that is not known here.
    case unsupported(line: Int, String)
    /// An operation on values that it is not made for.
    case failed(line: Int, String)
    /// The template itself refuses the messages.
    case refused(String)

    package var description: String {
        switch self {
        case .none(let folder):
            "\(folder): no chat template: neither chat_template.jinja nor chat_template in tokenizer_config.json; "
                + "is it an instruction-tuned model?"
        case .unreadable(let file, let reason): "\(file): \(reason)"
        case .syntax(let line, let reason): "chat template, line \(line): \(reason)"
        case .unsupported(let line, let what): "chat template, line \(line): \(what) is not supported"
        case .failed(let line, let reason): "chat template, line \(line): \(reason)"
        case .refused(let message): "the chat template refuses the messages: \(message)"
        }
    }
}
