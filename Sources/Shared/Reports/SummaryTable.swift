import Evaluation
import PlainText
import Run

extension RunReport {
    /// What the terminal shows at a run's end: the projection's loss, the layers' similarity and the scores, each
    /// as a plain table with aligned columns.
    package var summary: String {
        var parts: [String] = []
        for (channel, audits) in zip(channels, audits) {
            if hasSeveralChannels { parts.append("channel \(channel.channel)\n") }
            parts += summary(of: channel)
            if !audits.isEmpty { parts.append(audits.map { $0.sentence + "\n" }.joined()) }
        }
        parts += mapTables.map { $0.text(width: Self.summaryColumns) }
        if channels.contains(where: { $0.similarity != nil || !$0.tasks.isEmpty }) {
            parts.append("[95 % confidence intervals]\n")
        }
        parts += remarks.map { "note: \($0)\n" }
        return parts.joined(separator: "\n")
    }

    /// Columns of a terminal, which most have at least.
    private static let summaryColumns = 80

    private func summary(of channel: ChannelReport) -> [String] {
        var parts: [String] = []
        if let projection = channel.projection { parts.append(projection.line + "\n") }
        if let similarity = channel.similarity {
            var table = Table([
                .init("layer", .trailing), .init("same text", .trailing), .init("common prefix, tokens", .trailing),
                .init("edit similarity", .trailing),
            ])
            for layer in similarity.layers {
                table.add([
                    String(layer.layer), layer.exactMatch.percentText, layer.commonPrefixTokens.plainText,
                    layer.editSimilarity.plainText,
                ])
            }
            parts.append(table.text(width: Self.summaryColumns))
        }
        // A table for each task: together they would be wider than most terminals.
        for task in channel.tasks {
            var table = Table(
                [.init("\(task.task.title) (\(dataName(of: task))), \(Quantities.count(task.items.count)) items")]
                    + task.shownMetrics.map { .init($0.title, .trailing) })
            for condition in task.conditions {
                table.add(
                    [condition.title]
                        + task.shownMetrics.map { task.score(condition.condition, $0)?.text(of: $0) ?? "–" })
            }
            parts.append(table.text(width: Self.summaryColumns) + (task.cutNote.map { $0 + "\n" } ?? ""))
        }
        return parts
    }

    /// The name of the file that a task's items come from, or of the first of a folder's: the metric is the task's, the
    /// data may be another's.
    func dataName(of task: TaskScores) -> String {
        let files = configuration.evaluation.files[task.task.name] ?? []
        guard let first = files.first else { return "no file" }
        // A file may have another beside it, such as the worked examples'.
        return (first.split(separator: "/").last.map(String.init) ?? first) + (files.count > 2 ? ", …" : "")
    }
}

extension TaskScores {
    /// Says of how many items the models saw a part only; nil where they saw all.
    var cutNote: String? {
        let cut = conditions.map { cutPrompts($0.condition) }.max() ?? 0
        guard cut > 0 else { return nil }
        return "note: \(Quantities.count(cut)) of \(Quantities.count(items.count)) prompts have more tokens than the "
            + "models have positions and were cut on the left"
    }
}
