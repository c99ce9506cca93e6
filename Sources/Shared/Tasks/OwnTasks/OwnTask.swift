import Datasets
import Evaluation
import Run

/// A task of the user's own, as its file describes it: see `docs/EXPERIMENTS.md`.
struct OwnTask: Hashable, Sendable {
    var name: String
    var title: String
    /// The file of the items.
    var items: String
    /// The file of those that W may learn from; nil for none.
    var train: String?
    var templates: [PromptRole: ItemTemplate]
    var cue: String
    /// The fields with an item's own id, its group, its cluster; nil for none.
    var id: String?
    var group: String?
    var cluster: String?
    /// The field with the choices; nil where answers are written.
    var choices: String?
    /// The field with the right answers.
    var golds: String
    var limits: GenerationLimits
    var metrics: [Metric]

    static let promptRoles: [PromptRole] = [.a, .b, .both, .question]

    /// The task of these items.
    /// - Parameter source: what `file` says.
    func definition(file: String, source text: String) -> TaskDefinition {
        TaskDefinition(
            name: name, title: title, fileHelp: "items of \(file)", files: { [items] _, _ in [file, items] },
            read: { source in
                _ = try source.plainFile(of: name)
                return TaskData(items: try read(items))
            },
            prompts: { $0.prompts ?? Prompts.questionAnswering($0) },
            answer: { [limits] _ in choices == nil ? .text(limits) : .choice }, metrics: metrics,
            train: train.map { train in
                TrainSplit(
                    fileHelp: nil, files: { _ in [file, train] }, read: { _ in TaskData(items: try read(train)) })
            }, source: text)
    }

    // MARK: Items

    private func read(_ items: String) throws -> [TaskItem] {
        var lines: [String: Int] = [:]
        return try FieldRecords.records(of: items).map { record in
            let item = try item(record, of: items)
            if let other = lines.updateValue(record.line, forKey: item.id) {
                throw OwnTaskError.repeatedID(file: items, line: record.line, other: other, id: item.id)
            }
            return item
        }
    }

    private func item(_ record: FieldRecord, of items: String) throws(OwnTaskError) -> TaskItem {
        func fault(_ field: String, _ cause: String) -> OwnTaskError {
            .item(file: items, line: record.line, field: field, cause: cause)
        }
        func optional(_ field: String?) throws(OwnTaskError) -> String? {
            guard let field else { return nil }
            guard case .text(let text) = record.fields[field] else { throw fault(field, "expected a text") }
            return text
        }
        func list(_ field: String) throws(OwnTaskError) -> [String] {
            switch record.fields[field] {
            case .text(let text): return [text]
            case .texts(let texts): return texts
            case nil: throw fault(field, "missing, or neither a text nor a list of texts")
            }
        }
        let choices = try choices.map(list) ?? []
        if let field = self.choices, choices.count < 2 {
            throw fault(field, "expected at least two choices, found \(choices.count)")
        }
        var golds = try list(self.golds)
        guard !golds.isEmpty else { throw fault(self.golds, "expected at least one right answer") }
        if self.choices != nil {
            if let odd = golds.first(where: { !choices.contains($0) }) {
                throw fault(self.golds, "'\(odd)' is none of the choices")
            }
            golds = golds.map { " \($0)" }
        }
        let prompts = try prompts(record, of: items)
        return TaskItem(
            id: try optional(id) ?? "\(name)-\(record.line)", group: try optional(group),
            cluster: try optional(cluster), question: prompts.question, choices: choices.map { " \($0)" },
            golds: golds, prompts: prompts)
    }

    private func prompts(_ record: FieldRecord, of items: String) throws(OwnTaskError) -> ItemPrompts {
        func text(_ role: PromptRole) throws(OwnTaskError) -> String {
            do throws(ItemTemplate.MissingField) {
                return try templates[role]?.text(record) ?? ""
            } catch {
                throw .item(
                    file: items, line: record.line, field: error.name,
                    cause: "missing, and prompt '\(role.rawValue)' needs it")
            }
        }
        return ItemPrompts(
            a: try text(.a), b: try text(.b), both: try text(.both), question: try text(.question), cue: cue)
    }
}
