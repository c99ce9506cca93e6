package import JSON

/// Why a chat template cannot be used. One line that names the place and what is not supported.
package enum ChatTemplateError: Error, Equatable, CustomStringConvertible {
    /// The folder has no template.
    case none(folder: String)
    /// A file cannot be read, or is not what it should be.
    case unreadable(file: String, reason: String)
    /// The folder's template cannot be used, for the reason given.
    case unusable(folder: String, reason: String)
    /// What the template is to be told cannot be told.
    case unusableSetting(String)
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
        case .unusable(let folder, let reason): "\(folder): \(reason)"
        case .unusableSetting(let reason): Self.short(reason)
        case .syntax(let line, let reason): "chat template, line \(line): \(Self.short(reason))"
        case .unsupported(let line, let what): "chat template, line \(line): \(Self.short(what)) is not supported"
        case .failed(let line, let reason): "chat template, line \(line): \(Self.short(reason))"
        case .refused(let message): "the chat template refuses the messages: \(Self.short(message))"
        }
    }

    /// A part of a template may stand in a reason: what is long is cut, and what is no text is left out.
    private static func short(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(300)
        return String(String.UnicodeScalarView(scalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
            + (text.unicodeScalars.count > 300 ? "…" : "")
    }
}

extension ChatTemplateError: JSONFailure {
    package init(_ error: JSONError) {
        self = .unreadable(file: error.file, reason: error.placedCause)
    }
}
