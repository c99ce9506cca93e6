import Evaluation
package import Foundation

extension RunReport {
    /// An event file for TensorBoard: loss by step, and what every condition's answers come to as item follows item, on
    /// each metric. It is a function of the results.
    package var tensorBoard: (name: String, bytes: Data) {
        var file = EventFile()
        let trainings = trainings
        for (place, channel) in channels.enumerated() {
            for training in trainings where training.place == place {
                let suffix = hasSeveralChannels || trainings.count > 1 ? " \(training.channel)" : ""
                for (index, loss) in training.summary.losses.enumerated() {
                    file.add("loss\(suffix)", step: index + 1, loss.loss)
                    file.add("standardised loss\(suffix)", step: index + 1, loss.standardised)
                }
            }
            let suffix = hasSeveralChannels ? " \(channel.channel)" : ""
            for task in channel.tasks {
                for (place, condition) in task.conditions.enumerated() {
                    for (metric, named) in task.metrics.enumerated() {
                        let values = task.items.map { $0.answers[place].values[metric] }
                        var sum = 0.0
                        for (index, value) in values.enumerated() {
                            guard let value else { break }
                            sum += value
                            let tag = "\(task.task.name)/\(named.name)/\(condition.name)\(suffix)"
                            file.add(tag, step: index + 1, sum / Double(index + 1))
                        }
                    }
                }
            }
        }
        return ("events.out.tfevents.0.\(run.prefix(12))", file.bytes)
    }
}
