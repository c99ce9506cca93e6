package import Foundation
import JSON

/// How a model wants a conversation written: the Jinja template of its tokenizer.
///
///     let template = try ChatTemplate(folder: folder.url)
///     let text = try template.prompt([ChatTemplate.Message(role: "user", content: "What is the capital of France?")])
///
/// Jinja as transformers sets it up, without what reaches beyond one template (`include`, `extends`) and without the few
/// filters and methods that no conversation needs: what is not known is an error that names it. `strftime_now` is defined
/// where the settings name a day, since a prompt must not depend on the moment: templates that ask whether it is defined
/// otherwise take the date written in them.
package struct ChatTemplate: Sendable {
    package struct Message: Sendable {
        package var role: String
        package var content: String

        package init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    private let source: String
    private let parsed: Parsed
    /// `bos_token`, `eos_token` and their like.
    private let tokens: [String: String]
    private let settings: TemplateSettings

    private static let byteLimit = 16 << 20
    /// Bytes of a template: those of the families have a few thousand.
    private static let sourceLimit = 1 << 20

    /// The statements hold literals alone, which nothing changes.
    private struct Parsed: @unchecked Sendable {
        let statements: [Statement]
    }

    /// A template, and the special tokens that it may name.
    package init(
        source: String, tokens: [String: String] = [:], settings: TemplateSettings = TemplateSettings()
    ) throws(ChatTemplateError) {
        guard source.utf8.count <= Self.sourceLimit else {
            throw .failed(line: 1, "expected at most \(Self.sourceLimit) bytes, found \(source.utf8.count)")
        }
        parsed = Parsed(statements: try TemplateParser.statements(of: source))
        self.source = source
        self.tokens = tokens
        self.settings = settings
    }

    /// The template of a model folder: chat_template.jinja, else `chat_template` of tokenizer_config.json, of which
    /// the one named "default" is taken where there are several.
    /// - Parameter tokens: what the folder's tokenizer names, such as `bos_token`.
    package init(
        folder: URL, tokens: [String: String], settings: TemplateSettings = TemplateSettings()
    ) throws(ChatTemplateError) {
        let file = folder.appendingPathComponent("chat_template.jinja")
        if let data = try Self.contents(of: file) {
            guard let text = String(data: data, encoding: .utf8) else {
                throw .unreadable(file: file.path, reason: "it is not UTF-8")
            }
            try self.init(source: text, tokens: tokens, settings: settings)
            return
        }
        let configuration = try Self.configuration(folder.appendingPathComponent("tokenizer_config.json"))
        guard let template = try Self.template(configuration?.optional("chat_template")) else {
            throw .none(folder: folder.path)
        }
        try self.init(source: template, tokens: tokens, settings: settings)
    }

    /// `chat_template` is a template, or several, each with a name.
    private static func template(_ field: JSONField<ChatTemplateError>?) throws(ChatTemplateError) -> String? {
        guard let field else { return nil }
        guard case .array = field.value else { return try field.string() }
        for named in try field.elements() where try named.string("name") == "default" {
            return try named.required("template").string()
        }
        return nil
    }

    /// The template of a folder, tried on a message of a user alone: one that refuses this, or cannot write it, is
    /// known before any work.
    package init(
        checking folder: URL, tokens: [String: String], settings: TemplateSettings = TemplateSettings()
    ) throws(ChatTemplateError) {
        do {
            try self.init(folder: folder, tokens: tokens, settings: settings)
            _ = try prompt(user: "x")
        } catch {
            switch error {
            case .none, .unreadable, .unusable, .unusableSetting: throw error
            case .syntax, .unsupported, .failed, .refused: throw .unusable(folder: folder.path, reason: "\(error)")
            }
        }
    }

    /// Whether the template has to do with thoughts that a model writes down before its answer.
    package var speaksOfThinking: Bool { source.lowercased().contains("think") }

    /// The variable that turns thoughts on and off, `enable_thinking` where the template asks for none.
    package var thinkingVariable: String {
        let names = source.split { !($0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_") }
        return names.first { $0.contains("think") && $0.contains("_") }.map(String.init) ?? "enable_thinking"
    }

    /// What a user alone says, as the model reads it, up to where its answer begins.
    package func prompt(user content: String) throws(ChatTemplateError) -> String {
        try prompt([Message(role: "user", content: content)])
    }

    /// What stands behind what a user says: that in which the prompts of two messages end alike.
    package var closing: String {
        get throws(ChatTemplateError) {
            let (a, b) = (try prompt(user: "a"), try prompt(user: "b"))
            let common = zip(a.utf8.reversed(), b.utf8.reversed()).prefix { $0 == $1 }.map(\.0)
            return String(decoding: common.reversed(), as: UTF8.self)
        }
    }

    /// The conversation as the model reads it, up to where its answer begins.
    package func prompt(_ messages: [Message]) throws(ChatTemplateError) -> String {
        try measured(messages).text.get()
    }

    /// The same, and the work that it took.
    func measured(_ messages: [Message]) -> (text: Result<String, ChatTemplateError>, work: TemplateBudget) {
        var variables: [String: TemplateValue] = tokens.mapValues(TemplateValue.string)
        variables["messages"] = .list(
            messages.map { message in
                .dictionary(
                    TemplateDictionary([
                        (.string("role"), .string(message.role)), (.string("content"), .string(message.content)),
                    ]))
            })
        variables["add_generation_prompt"] = .bool(true)
        variables["tools"] = TemplateValue.none
        variables["documents"] = TemplateValue.none
        for (name, value) in settings.variables { variables[name] = TemplateValue(value) }
        return TemplateRenderer.run(parsed.statements, variables, date: settings.date)
    }

    /// Nil where there is no such file.
    private static func configuration(_ url: URL) throws(ChatTemplateError) -> JSONField<ChatTemplateError>? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try JSONField(contentsOf: url, limit: byteLimit)
    }

    /// Nil where there is no such file.
    private static func contents(of url: URL) throws(ChatTemplateError) -> Data? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let handle = try? FileHandle(forReadingFrom: url) else {
            throw .unreadable(file: url.path, reason: "no access")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: byteLimit + 1), data.count <= byteLimit else {
            throw .unreadable(file: url.path, reason: "cannot be read, or larger than \(byteLimit) bytes")
        }
        return data
    }
}
