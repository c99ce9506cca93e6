import Evaluation
import PlainText
import Run

/// What workers spent on answers, by condition. It depends on the moment and the machines, so it stands in no file that is
/// the same whenever and wherever a run is made: beside ``TimingReport``, in a page of its own and on the terminal.
extension RunReport {
    /// The page; nil where nothing is known.
    package func timingPage(_ timing: TimingReport) -> ReportFile? {
        let sections = channels.flatMap { channel in channel.tasks.compactMap { section($0, over: channel, timing) } }
        guard !sections.isEmpty else { return nil }
        let document = ReportDocument(
            title: "Seconds by condition: " + document.title, lead: Self.timingLead, sections: sections)
        return ReportFile(TimingReport.page, Self.html(document))
    }

    private static let timingLead =
        "Seconds that a worker spent on an answer, the mean over the answers whose workers told. A unit of work serves "
        + "several conditions: its time is shared by them as their own work has it, so small differences say nothing. "
        + "They depend on the machines and on what else these did: two runs do not give the same."

    private func section(
        _ task: TaskScores, over channel: ChannelReport, _ timing: TimingReport
    ) -> ReportDocument.Section? {
        let found = timing.answers(to: .evaluate(task: task.task.name), over: channel.channel)
        let seconds = Dictionary(uniqueKeysWithValues: found.map { ($0.condition.name, $0.seconds) })
        let conditions = task.conditions.filter { seconds[$0.name] != nil }
        guard !conditions.isEmpty else { return nil }
        let axis = Plot.CostAxis(name: "seconds", title: TimingReport.secondsPerAnswer) { seconds[$0.condition.name] }
        let metrics = Array(task.shownMetrics.suffix(1))
        let table = DocumentTable(
            titles: ["condition", TimingReport.perAnswer] + metrics.map(\.title),
            rows: conditions.map { condition in
                [condition.title, seconds[condition.name].map(TimingReport.text) ?? "–"]
                    + metrics.map { task.score(condition.condition, $0)?.text(of: $0) ?? "–" }
            })
        let costs = conditions.map { MeanCost(condition: $0) }
        return .init(
            title: task.task.title + (hasSeveralChannels ? " (channel \(channel.channel))" : ""),
            blocks: task.plottedMetrics.map { .plot(.costs(task, costs, $0, against: axis)) } + [.table(table)])
    }
}

extension TimingReport {
    package static let page = "timing.html"

    /// Over times with their unit, and along an axis of seconds.
    fileprivate static let perAnswer = "a worker's time for an answer"
    fileprivate static let secondsPerAnswer = "seconds of a worker for an answer"

    /// The tables for a terminal; nil where nothing is known.
    package var spending: Summary? {
        let asked = conditions ?? []
        var parts: [Summary.Part] = []
        var stages: [Stage] = []
        for timing in asked where !stages.contains(timing.stage) { stages.append(timing.stage) }
        for stage in stages {
            var channels: [Channel] = []
            for timing in asked where timing.stage == stage && !channels.contains(timing.channel) {
                channels.append(timing.channel)
            }
            for channel in channels {
                let of = channels.count > 1 ? " over \(channel)" : ""
                var table = Table([.init(stage.rawValue + of), .init(Self.perAnswer, .trailing)])
                for (condition, seconds) in answers(to: stage, over: channel) {
                    table.add([condition.title, Self.text(seconds)])
                }
                parts.append(.table(table))
            }
        }
        return parts.isEmpty ? nil : Summary(parts)
    }

    /// What an answer took under each condition: over the channel, or over the first, where what depends on none is asked.
    fileprivate func answers(
        to stage: Stage, over channel: Channel
    ) -> [(condition: ConditionDefinition, seconds: Double)] {
        let timings = (conditions ?? []).filter { $0.stage == stage && $0.answers > 0 }
        return ConditionTable.standard.definitions.compactMap { condition in
            // What is asked with several messages, or of both models, is asked under several names.
            let names = Set(condition.asked(others: Self.mostOthers).map(\.name))
            let named = timings.filter { names.contains($0.condition) }
            let own = named.filter { $0.channel == channel }
            let found = own.isEmpty && !condition.condition.usesChannel ? named : own
            let count = found.reduce(0) { $0 + $1.answers }
            return count > 0 ? (condition, found.reduce(0) { $0 + $1.seconds } / Double(count)) : nil
        }
    }

    /// Messages that a condition is asked with, more than of any run.
    private static let mostOthers = 256

    fileprivate static func text(_ seconds: Double) -> String {
        seconds < 1 ? Quantities.significant(1000 * seconds) + " ms" : Quantities.significant(seconds) + " s"
    }
}
