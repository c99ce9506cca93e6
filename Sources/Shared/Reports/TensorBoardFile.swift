package import Evaluation
package import Foundation
package import Run

extension RunReport {
    /// An event file for TensorBoard: loss by step, and what every condition's answers come to as item follows item, on
    /// each metric. It is a function of the results.
    package var tensorBoard: (name: String, bytes: Data) {
        var events = RunEvents()
        let trainings = trainings
        for training in trainings {
            events.add(training.summary.losses, of: training.channel, among: max(channels.count, trainings.count))
        }
        for place in channels.first?.tasks.indices ?? 0..<0 {
            for report in channels {
                let task = report.tasks[place]
                events.begin(
                    task.task, conditions: task.conditions, metrics: task.metrics, over: report.channel,
                    among: channels.count)
                for item in task.items { events.add(item) }
            }
        }
        return (RunEvents.fileName(ofRun: run), events.takeBytes())
    }
}

/// A run's event file, made in the order in which its parts are known: the losses of its trainings, then of each task
/// and channel the items, one after the other.
///
/// So what a run at work has told of itself is the beginning of what it tells in the end.
package struct RunEvents: Sendable {
    private var file = EventFile()
    /// Of the task at hand, by condition and metric: the tag, and the sum of the items so far; nil from the first item
    /// on that has no value.
    private var curves: [[(tag: String, sum: Double?)]] = []
    private var items = 0

    package init() {}

    package static func fileName(ofRun run: String) -> String { "events.out.tfevents.0.\(run.prefix(12))" }

    /// What has been added since this was asked for last.
    package mutating func takeBytes() -> Data { file.takeBytes() }

    /// - Parameter count: trainings or channels that the run has.
    package mutating func add(_ losses: [StepLoss], of channel: Channel, among count: Int) {
        let suffix = count > 1 ? " \(channel)" : ""
        for (index, loss) in losses.enumerated() {
            file.add("loss\(suffix)", step: index + 1, loss.loss)
            file.add("standardised loss\(suffix)", step: index + 1, loss.standardised)
        }
    }

    package mutating func begin(
        _ task: TaskDefinition, conditions: [ConditionDefinition], metrics: [Metric], over channel: Channel,
        among count: Int
    ) {
        let suffix = count > 1 ? " \(channel)" : ""
        curves = conditions.map { condition in
            metrics.map { ("\(task.name)/\($0.name)/\(condition.name)\(suffix)", 0) }
        }
        items = 0
    }

    /// The next item of the task that was begun.
    package mutating func add(_ item: ScoredItem) {
        items += 1
        for (condition, answers) in item.answers.enumerated() {
            for (metric, value) in answers.values.enumerated() {
                let (tag, sum) = curves[condition][metric]
                guard let sum, let value else {
                    curves[condition][metric].sum = nil
                    continue
                }
                curves[condition][metric].sum = sum + value
                file.add(tag, step: items, (sum + value) / Double(items))
            }
        }
    }
}
