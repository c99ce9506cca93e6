package import Evaluation
import Foundation
import PlainText
import Run
import Yams

extension TaskDefinition {
    /// Reads the description of a task of the user's own; its items are read with the run's other data.
    /// - Throws: ``OwnTaskError``, naming file and key.
    package init(ownFile path: String) throws(OwnTaskError) {
        try self.init(ownSource: try OwnTask.text(of: path), file: path)
    }

    /// The same of a description that was read before.
    /// - Parameters:
    ///   - file: what errors call it; items lie beside it.
    package init(ownSource text: String, file: String) throws(OwnTaskError) {
        self = try OwnTask(text, file: file).definition(file: file, source: text)
    }
}

extension OwnTask {
    private static let maximumBytes = 1 << 20
    private static let keys = [
        "name", "title", "items", "train", "id", "group", "cluster", "prompts", "choices", "golds", "stop",
        "max-new-tokens",
        "metrics",
    ]
    private static let promptKeys = promptRoles.map(\.rawValue) + ["cue"]

    /// - Parameter file: what errors call the text; items are seen from its folder.
    init(_ text: String, file: String) throws(OwnTaskError) {
        let mapping = try Self.mapping(of: text, file: file)
        let settings = try OwnTaskSettings(file: file, mapping, path: nil, known: Self.keys)
        let prompts = try settings.part(
            "prompts", known: Self.promptKeys, purpose: "what A reads (a), what B reads (b), and both in one (both)")
        name = try settings.required("name", purpose: "what flags and files call the task")
        guard name.range(of: "^[a-z][a-z0-9_-]*$", options: .regularExpression) != nil,
            name != "projection", case .evaluate = Stage(rawValue: name),
            !TaskDefinition.all.contains(where: { [name] in $0.name == name })
        else {
            throw .invalid(
                file: file, key: "name",
                expected: "lower-case letters, digits, - and _, and no other task's or stage's",
                found: "'\(name)'")
        }
        title = try settings.text("title") ?? name
        let items = try settings.required("items", purpose: "the file of JSON lines, seen from this one's folder")
        self.items = Self.path(of: items, besides: file)
        train = try settings.text("train").map { Self.path(of: $0, besides: file) }
        (id, group, cluster) = (try settings.text("id"), try settings.text("group"), try settings.text("cluster"))
        choices = try settings.text("choices")
        golds = try settings.required("golds", purpose: "the field with the right answer, or a list of them")
        cue = try prompts.text("cue") ?? Prompts.cue
        limits = GenerationLimits(
            maximumNewTokens: try settings.number("max-new-tokens", in: 1...4096) ?? 32,
            stopStrings: try settings.texts("stop") ?? ["\n"])
        if choices != nil {
            for key in ["stop", "max-new-tokens"] where try settings.has(key) {
                throw .invalid(file: file, key: key, expected: "no such key beside 'choices'", found: "one")
            }
        }
        metrics = try Self.metrics(settings, ofChoices: choices != nil)
        templates = try Self.templates(prompts)
    }

    /// A file as it is seen from another one's folder.
    private static func path(of named: String, besides file: String) -> String {
        named.hasPrefix("/")
            ? named : ((file as NSString).deletingLastPathComponent as NSString).appendingPathComponent(named)
    }

    fileprivate static func text(of file: String) throws(OwnTaskError) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw .unreadable(file: file, cause: SystemFailure.reason(of: error))
        }
        guard data.count <= maximumBytes, let text = String(data: data, encoding: .utf8) else {
            throw .unreadable(file: file, cause: "expected UTF-8 of at most \(maximumBytes) bytes")
        }
        return text
    }

    private static func mapping(of text: String, file: String) throws(OwnTaskError) -> Node.Mapping {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw .unreadable(file: file, cause: PrintableText.oneLine("\(error)"))
        }
        guard let mapping = node?.mapping else {
            throw .unreadable(file: file, cause: "expected lines of the form 'name: value'")
        }
        return mapping
    }

    private static func metrics(_ settings: OwnTaskSettings, ofChoices: Bool) throws(OwnTaskError) -> [Metric] {
        let known = ofChoices ? Metric.ofChoices : Metric.ofTexts
        guard let names = try settings.texts("metrics") else { return [known[0]] }
        guard !names.isEmpty, Set(names).count == names.count else {
            throw .invalid(
                file: settings.file, key: "metrics", expected: "different names", found: names.joined(separator: ", "))
        }
        var metrics: [Metric] = []
        for name in names {
            guard let metric = known.first(where: { $0.name == name }) else {
                throw .metric(
                    file: settings.file, name: name, known: known.map(\.name),
                    form: ofChoices ? "choices" : "written answers")
            }
            metrics.append(metric)
        }
        return metrics
    }

    /// What B alone reads stands for the question, where the file says nothing else.
    private static func templates(_ prompts: OwnTaskSettings) throws(OwnTaskError) -> [PromptRole: ItemTemplate] {
        var templates: [PromptRole: ItemTemplate] = [:]
        for role in promptRoles {
            var text = try prompts.text(role.rawValue)
            if text == nil, role == .question { text = try prompts.text("b") }
            guard let text else {
                throw .missing(file: prompts.file, key: "prompts.\(role.rawValue)", purpose: "a prompt")
            }
            guard let template = ItemTemplate(text) else {
                throw .template(
                    file: prompts.file, key: "prompts.\(role.rawValue)",
                    cause: "a brace stands alone; a field is {name}, a brace {{ or }}")
            }
            templates[role] = template
        }
        return templates
    }
}
