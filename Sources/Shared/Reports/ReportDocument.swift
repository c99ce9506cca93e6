import Evaluation
import PlainText
import Run

/// A report's content, before it becomes Markdown or HTML: the two say the same.
struct ReportDocument {
    struct Section {
        var title: String
        var blocks: [Block]
    }

    enum Block {
        case paragraph(String)
        case table(DocumentTable)
        /// Drawn in HTML alone; Markdown leaves the figures to the tables.
        case plot(Plot)
    }

    let title: String
    let lead: String
    let sections: [Section]
}

/// A table as titles and cells; columns after the first are figures where `figures` says so.
struct DocumentTable {
    var titles: [String]
    var rows: [[String]]
    /// Whether the columns after the first are numbers, aligned at their ends.
    var figures = true
}

extension RunReport {
    var document: ReportDocument {
        var sections: [ReportDocument.Section] = []
        if !remarks.isEmpty { sections.append(.init(title: "Remarks", blocks: remarks.map { .paragraph($0) })) }
        sections += [sweepSection, mapsSection].compactMap(\.self)
        let trainings = trainings
        for (place, (channel, audits)) in zip(channels, audits).enumerated() {
            let of = hasSeveralChannels ? " (channel \(channel.channel))" : ""
            if !channel.tasks.isEmpty {
                sections += [Self.section(audits), overview(channel)].map {
                    .init(title: $0.title + of, blocks: $0.blocks)
                }
            }
            for training in trainings where training.place == place {
                let of = hasSeveralChannels || trainings.count > 1 ? " (channel \(training.channel))" : ""
                let section = Self.section(training.summary)
                sections.append(.init(title: section.title + of, blocks: section.blocks))
            }
            var parts: [ReportDocument.Section] = []
            if let similarity = channel.similarity { parts.append(Self.section(similarity)) }
            parts += channel.tasks.map(section)
            if let shape, !channel.tasks.isEmpty { parts.append(Self.section(channel.tasks, shape)) }
            if !channel.gates.isEmpty { parts.append(Self.section(channel.gates)) }
            sections += parts.map { .init(title: $0.title + of, blocks: $0.blocks) }
        }
        if !parity.isEmpty { sections.append(Self.section(parity)) }
        sections.append(setting)
        return ReportDocument(
            title: "Communicating activations: \(Self.name(configuration.modelA)) → \(Self.name(configuration.modelB))",
            lead: lead,
            sections: sections)
    }

    private var lead: String {
        let intervals = "Brackets hold 95 % confidence intervals."
        guard let channel = channels.first?.channel, !hasSeveralChannels else {
            return "A's residual stream after k blocks, at \(tokens.a), is written into B after j blocks\(tokens.b) "
                + "(operation: \(operation)), over the channels k:j "
                + channels.map { "\($0.channel)" }.joined(separator: ", ") + ". " + intervals
        }
        guard !channel.hasSeveralLinks else {
            let blocks = channel.links.map { "after block \($0.k) into B after block \($0.j)" }
            return "A's residual stream, at \(tokens.a), is written at several blocks at once: "
                + blocks.joined(separator: ", ") + "\(tokens.b) (operation: \(operation)). " + intervals
        }
        return "A's residual stream after block \(channel.k), at \(tokens.a), is written into "
            + "B after block \(channel.j)\(tokens.b) (operation: \(operation)). " + intervals
    }

    /// Where A is read, and where B is written unless that is the last token too.
    private var tokens: (a: String, b: String) {
        let positions = configuration.positions ?? TokenPositions()
        func text(_ position: TokenPosition) -> String {
            switch position {
            case .last: "the last prompt token"
            case .all: "all prompt tokens"
            case .fromEnd(let count): "the prompt token \(count - 1) before the last"
            case .contentEnd: "the last token of the message in the chat template"
            }
        }
        return (
            text(positions.a),
            positions.b == .last
                ? "" : positions.areAll ? ", token by token from the end," : ", at \(text(positions.b)),"
        )
    }

    private var operation: String {
        configuration.operation.rawValue
            + (configuration.matchesNorm == true ? ", messages scaled to the median norm of B's stream" : "")
    }

    /// The last component of a folder's path.
    private static func name(_ folder: String) -> String {
        folder.split(separator: "/").last.map(String.init) ?? folder
    }

    private func overview(_ channel: ChannelReport) -> ReportDocument.Section {
        let table = Self.scoreTable(channel.tasks)
        return .init(
            title: "Scores",
            blocks: [
                .table(table),
                .paragraph(channel.projectionLine.map { "Of what is injected: \($0)." } ?? "Nothing is injected."),
                .paragraph(
                    "The fair control of the injected condition is other items' activations (other): they come by the same "
                        + "way, disturb B as much and tell it nothing about the question. Noise is none: it is like no "
                        + "message that B could be told."),
            ])
    }

    /// Conditions as rows; a column for each task and metric.
    static func scoreTable(_ tasks: [TaskScores]) -> DocumentTable {
        let columns = tasks.flatMap { task in task.shownMetrics.map { (task, $0) } }
        // The conditions of all tasks, in the order of the first task that has them.
        var conditions: [ConditionDefinition] = []
        for task in tasks {
            var place = 0
            for condition in task.conditions {
                if let known = conditions.firstIndex(of: condition) {
                    place = known + 1
                } else {
                    conditions.insert(condition, at: place)
                    place += 1
                }
            }
        }
        return DocumentTable(
            titles: ["condition"] + columns.map { "\($0.0.task.title) \($0.1.title)" },
            rows: conditions.map { condition in
                [condition.title] + columns.map { $0.0.score(condition.condition, $0.1)?.text(of: $0.1) ?? "–" }
            })
    }

    private static func section(_ projection: ProjectionSummary) -> ReportDocument.Section {
        let texts = projection.split.map { "prompts of \($0)" } ?? "texts"
        var rows = [
            ["file", projection.file],
            ["shape", "\(projection.dimensionB) × \(projection.dimensionA)"],
            [texts, Quantities.count(projection.rows)],
            ["steps", Quantities.count(projection.losses.count)],
            ["loss of the first step", projection.losses.first.map { Quantities.significant($0.loss) } ?? "–"],
            ["loss of the last step", projection.losses.last.map { Quantities.significant($0.loss) } ?? "–"],
            [
                "the same in units of each coordinate's variance",
                projection.losses.last.map { Quantities.significant($0.standardised) } ?? "–",
            ],
        ]
        if let mean = projection.meanLoss {
            rows.append(["loss of predicting the mean", Quantities.significant(mean)])
        }
        if let fit = projection.heldOut {
            rows += [
                ["texts held out", Quantities.count(fit.texts)],
                ["loss on them", Quantities.significant(fit.loss)],
                ["loss of predicting the mean on them", Quantities.significant(fit.meanLoss)],
                ["R² on them", fit.r2.map(Quantities.significant) ?? "–"],
                ["R² of a coordinate on them, mean", fit.coordinateR2.map(Quantities.significant) ?? "–"],
            ]
        }
        if let similarity = projection.activationSimilarity {
            rows.append(["similarity of the activation spaces", Quantities.significant(similarity)])
        }
        rows += projection.diagnostics.map { [$0.title, Quantities.significant($0.value)] }
        let epochs = projection.epochLosses.enumerated().map {
            [String($0.offset + 1), Quantities.significant($0.element)]
        }
        var blocks: [ReportDocument.Block] = [.table(DocumentTable(titles: ["projection", "value"], rows: rows))]
        if projection.losses.count > 1 { blocks.append(.plot(.loss(projection.losses.map(\.loss)))) }
        if !epochs.isEmpty { blocks.append(.table(DocumentTable(titles: ["epoch", "mean loss"], rows: epochs))) }
        return .init(title: "Training of the projection", blocks: blocks)
    }

    private static func section(_ similarity: SimilarityScores) -> ReportDocument.Section {
        let table = DocumentTable(
            titles: ["layer", "same text", "common prefix, tokens", "edit similarity", "prompts"],
            rows: similarity.layers.map {
                [
                    String($0.layer), $0.exactMatch.percentText, $0.commonPrefixTokens.plainText,
                    $0.editSimilarity.plainText, String($0.samples.count),
                ]
            })
        let samples = similarity.layers.flatMap { layer in
            layer.samples.map { [String(layer.layer), $0.prompt, $0.result.plain.text, $0.result.injected.text] }
        }
        return .init(
            title: "Text similarity across layers",
            blocks: [
                .paragraph(
                    "B's greedy continuation of a prompt, without and with A's activation for the same prompt put in "
                        + "place of B's own at that layer of both."),
                .plot(.similarity(similarity)),
                .table(table),
                .table(
                    DocumentTable(
                        titles: ["layer", "prompt", "B alone", "injected"], rows: samples, figures: false)),
            ])
    }

    private func section(_ task: TaskScores) -> ReportDocument.Section {
        var blocks: [ReportDocument.Block] = [
            .paragraph("\(Quantities.count(task.items.count)) items of \(dataName(of: task)).")
        ]
        if !task.shares.isEmpty { blocks += [.plot(.scores(task)), .table(Self.scores(of: task, task.shares))] }
        if !task.likelihoods.isEmpty { blocks.append(.table(Self.scores(of: task, task.likelihoods))) }
        if let note = task.cutNote { blocks.append(.paragraph(note)) }
        if !task.differences.isEmpty {
            let controls = task.conditions.filter { $0.name != ConditionTable.injected }
            blocks.append(
                .table(
                    DocumentTable(
                        titles: ["injected less …"] + task.metrics.map(\.title),
                        rows: controls.map { control in
                            [control.title]
                                + task.metrics.map { metric in
                                    task.differences.first { $0.control == control.condition && $0.metric == metric }?
                                        .difference.text(of: metric) ?? "–"
                                }
                        })))
        }
        if let groups = task.groupTable { blocks.append(.table(groups)) }
        blocks.append(.table(Self.samples(of: task, limit: 10)))
        return .init(title: task.task.title, blocks: blocks)
    }

    private static func scores(of task: TaskScores, _ metrics: [Metric]) -> DocumentTable {
        DocumentTable(
            titles: ["condition"] + metrics.map(\.title),
            rows: task.conditions.map { condition in
                [condition.title] + metrics.map { task.score(condition.condition, $0)?.text(of: $0) ?? "–" }
            })
    }

    private static func samples(of task: TaskScores, limit: Int) -> DocumentTable {
        DocumentTable(
            titles: ["question", "gold"] + task.conditions.map(\.name),
            rows: task.items.prefix(limit).map { item in
                [item.item.question, item.item.golds.first ?? ""] + item.answers.map(\.first.text)
            }, figures: false)
    }

    /// What was settled about how the models are read, where anything was.
    private var reading: [NamedValue] {
        let reading = configuration.reading
        var values = reading.templateVariables.sorted { $0.key < $1.key }.map {
            NamedValue("template variable \($0.key)", $0.value)
        }
        if let date = reading.templateDate { values.append(NamedValue("template date", date)) }
        if let end = reading.thinkEnd { values.append(NamedValue("end of thoughts", end)) }
        if !reading.ignoredConfigFields.isEmpty {
            values.append(
                NamedValue("fields of config.json passed over", reading.ignoredConfigFields.joined(separator: ", ")))
        }
        return values
    }

    private var setting: ReportDocument.Section {
        let settings = [
            NamedValue("model A", configuration.modelA), NamedValue("model B", configuration.modelB),
            NamedValue("channels k:j", channels.map { "\($0.channel)" }.joined(separator: ", ")),
            NamedValue("operation", configuration.operation.rawValue),
            NamedValue("projection", channels.compactMap(\.projectionLine).joined(separator: "; ")),
            NamedValue("prompts", configuration.chat ? "in each model's chat template" : "as they are"),
            NamedValue("B's own prompt", configuration.evaluation.bPrompt.rawValue),
            NamedValue("evaluation protocol", configuration.evaluation.preset.rawValue),
            NamedValue("seed", String(configuration.seed)), NamedValue("run", run),
            NamedValue("device kind", deviceKinds.map(\.rawValue).joined(separator: "; ")),
        ]
        func table(_ title: String, _ values: [NamedValue]) -> ReportDocument.Block {
            .table(
                DocumentTable(
                    titles: [title, "value"], rows: values.map { [$0.name, $0.value] }, figures: false))
        }
        var blocks = [
            table("setting", settings + reading), table("version of", versions), table("SHA-256 of", fingerprints),
        ]
        if deviceKinds.count > 1 {
            blocks.insert(
                .paragraph(
                    "The workers' devices were of different kinds. The results depend on which of them did what: "
                        + "another run may give others."), at: 0)
        }
        return .init(title: "Setting", blocks: blocks)
    }
}
