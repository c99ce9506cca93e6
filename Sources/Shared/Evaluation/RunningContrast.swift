package import Run

/// What a task's answers say of the message while they come in: one contrast on the metric that the verdict will be
/// about, item by item.
///
/// It is for those who watch. The report draws its intervals otherwise, and takes items that stand together together.
package struct RunningContrast: Sendable {
    package let contrast: Contrast
    package let metric: Metric
    private let task: TaskDefinition
    private let preset: EvaluationProtocol
    /// The contrast's conditions, and their places among the answers.
    private let first: (place: Int, condition: ConditionDefinition)
    private let second: (place: Int, condition: ConditionDefinition)
    private var differences = Sums()
    /// The two conditions' own values.
    private var values = (first: Sums(), second: Sums())
    /// Items by what they are in both conditions.
    private var (both, better, worse, neither) = (0, 0, 0, 0)

    /// What a mean and its interval need of the values that came.
    private struct Sums {
        private(set) var (count, sum, squares) = (0, 0.0, 0.0)
        /// Whether all are right-or-wrong answers.
        private(set) var areAnswers = true

        mutating func take(_ value: Double, isAnswer: Bool) {
            count += 1
            sum += value
            squares += value * value
            if !isAnswer { areAnswers = false }
        }

        /// Of at least one value.
        var mean: Double { sum / Double(count) }

        /// 1.96 standard errors to either side; of one value all that can be.
        func interval(within bounds: ClosedRange<Double>) -> ConfidenceInterval {
            let n = Double(count)
            guard n > 1 else {
                return ConfidenceInterval(low: min(mean, bounds.lowerBound), high: max(mean, bounds.upperBound))
            }
            let half = Statistics.z * (max(0, squares - n * mean * mean) / (n - 1) / n).squareRoot()
            return ConfidenceInterval(low: mean - half, high: mean + half)
        }
    }

    /// What there is to be said so far.
    package struct Figures: Sendable {
        package let items: Int
        package let mean: Double
        /// Newcombe's of right-or-wrong answers, else 1.96 standard errors to either side; of one item all that can be.
        package let interval: ConfidenceInterval
        package let better: Int
        package let worse: Int
        /// What the contrast's two conditions come to, each with Wilson's interval of right-or-wrong answers, else 1.96
        /// standard errors to either side.
        package let conditions: [(name: String, mean: Double, interval: ConfidenceInterval)]
    }

    /// nil where the conditions of neither contrast are asked: what decides, or what the message does at all.
    package init?(
        _ task: TaskDefinition, conditions: [ConditionDefinition], endpoints: [EvaluationEndpoint],
        preset: EvaluationProtocol
    ) {
        func place(_ name: String) -> (place: Int, condition: ConditionDefinition)? {
            conditions.firstIndex { $0.name == name }.map { ($0, conditions[$0]) }
        }
        let contrasts = [Contrast.own, Contrast.message]
        guard let contrast = contrasts.first(where: { place($0.first) != nil && place($0.second) != nil }),
            let first = place(contrast.first), let second = place(contrast.second)
        else { return nil }
        self.task = task
        self.preset = preset
        self.contrast = contrast
        metric = Metric.headline(of: Metric.all(of: task, endpoints))
        (self.first, self.second) = (first, second)
    }

    /// Takes an item's answers in.
    /// - Parameter answers: for each of the run's conditions one, or of a repeated condition several.
    package mutating func take(_ item: TaskItem, _ answers: [[Answer]]) {
        guard let first = value(first, item, answers), let second = value(second, item, answers) else { return }
        func isAnswer(_ value: Double) -> Bool { value == 0 || value == 1 }
        values.first.take(first, isAnswer: isAnswer(first))
        values.second.take(second, isAnswer: isAnswer(second))
        differences.take(first - second, isAnswer: isAnswer(first) && isAnswer(second))
        if first > second {
            better += 1
        } else if first < second {
            worse += 1
        } else if first > 0 {
            both += 1
        } else {
            neither += 1
        }
    }

    private func value(
        _ asked: (place: Int, condition: ConditionDefinition), _ item: TaskItem, _ answers: [[Answer]]
    ) -> Double? {
        guard answers.indices.contains(asked.place) else { return nil }
        let cue = task.prompts(item).cue
        let values = answers[asked.place].compactMap {
            metric.value(ReadAnswer($0, to: item, cue: cue, preset: preset), item)
        }
        guard !values.isEmpty, values.count == answers[asked.place].count else { return nil }
        return asked.condition.combined(values)
    }

    /// nil before the first item.
    package var figures: Figures? {
        guard differences.count > 0 else { return nil }
        let interval =
            differences.areAnswers
            ? Statistics.newcombeInterval(both: both, first: better, second: worse, neither: neither)
            : differences.interval(within: -1...1)
        return Figures(
            items: differences.count, mean: differences.mean, interval: interval, better: better, worse: worse,
            conditions: [(first.condition.name, values.first), (second.condition.name, values.second)].map {
                name, values in
                let interval =
                    values.areAnswers
                    ? Statistics.wilsonInterval(successes: Int(values.sum), of: values.count)
                    : values.interval(within: 0...1)
                return (name, values.mean, interval)
            })
    }
}
