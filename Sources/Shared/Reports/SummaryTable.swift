import Evaluation
import PlainText
import Run

extension RunReport {
    /// What the terminal shows at a run's end: the projection's loss, the layers' similarity and the scores, each
    /// as a table, and in words what the messages are worth.
    package var summary: Summary {
        var parts: [Summary.Part] = []
        for (channel, audits) in zip(channels, audits) {
            if hasSeveralChannels { parts.append(.paragraphs(["channel \(channel.channel)"])) }
            parts += summary(of: channel)
            if !audits.isEmpty { parts.append(.paragraphs(audits.map(\.sentence))) }
        }
        if let mapsText { parts.append(.table(mapsText)) }
        if channels.contains(where: { $0.similarity != nil || !$0.tasks.isEmpty }) {
            parts.append(.paragraphs(["[95 % confidence intervals]"]))
        }
        return Summary(parts + remarks.map { .paragraphs(["note: \($0)"]) })
    }

    /// Columns of a terminal, which most have at least: those of `summary.txt`.
    static let summaryColumns = 80

    private func summary(of channel: ChannelReport) -> [Summary.Part] {
        var parts: [Summary.Part] = []
        if let line = channel.projectionLine { parts.append(.paragraphs([line])) }
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
            parts.append(.table(table))
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
            parts.append(.table(table))
            if let note = task.cutNote { parts.append(.paragraphs([note])) }
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
