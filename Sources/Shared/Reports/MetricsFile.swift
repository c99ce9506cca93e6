import JSON
import Run

extension RunReport {
    static let metricsFile = "metrics.jsonl"

    /// `metrics.jsonl`: a line for each step of each W's training, with the losses before it; nil where W was not
    /// trained.
    var metrics: String? {
        let lines = trainings.flatMap { _, channel, projection in
            projection.losses.enumerated().map { index, loss in
                JSONValue.members(
                    ("channel", .string(channel.description)), ("step", .count(index + 1)),
                    ("epoch", .count(index / projection.stepsPerEpoch + 1)), ("loss", .number(loss.loss)),
                    ("standardised_loss", .number(loss.standardised)),
                    ("learning_rate", .number(projection.learningRate))
                ).compact + "\n"
            }
        }
        return lines.isEmpty ? nil : lines.joined()
    }
}
