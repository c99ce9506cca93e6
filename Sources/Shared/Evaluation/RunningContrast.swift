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
    private var differences = Differences()

    /// Right-or-wrong items by what they are in both conditions, and sums of all.
    private struct Differences {
        var count = 0
        var (both, better, worse, neither) = (0, 0, 0, 0)
        var areAnswers = true
        var (sum, squares) = (0.0, 0.0)
    }

    /// What there is to be said so far.
    package struct Figures: Hashable, Sendable {
        package let items: Int
        package let mean: Double
        /// Newcombe's of right-or-wrong answers, else 1.96 standard errors to either side; of one item all that can be.
        package let interval: ConfidenceInterval
        package let better: Int
        package let worse: Int
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
        differences.count += 1
        differences.sum += first - second
        differences.squares += (first - second) * (first - second)
        if ![0, 1].contains(first) || ![0, 1].contains(second) { differences.areAnswers = false }
        if first > second {
            differences.better += 1
        } else if first < second {
            differences.worse += 1
        } else if first > 0 {
            differences.both += 1
        } else {
            differences.neither += 1
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
        let n = Double(differences.count)
        guard n > 0 else { return nil }
        let mean = differences.sum / n
        let interval: ConfidenceInterval
        if differences.areAnswers {
            interval = Statistics.newcombeInterval(
                both: differences.both, first: differences.better, second: differences.worse,
                neither: differences.neither)
        } else if n > 1 {
            let variance = max(0, differences.squares - n * mean * mean) / (n - 1)
            let half = Statistics.z * (variance / n).squareRoot()
            interval = ConfidenceInterval(low: mean - half, high: mean + half)
        } else {
            interval = ConfidenceInterval(low: min(mean, -1), high: max(mean, 1))
        }
        return Figures(
            items: differences.count, mean: mean, interval: interval, better: differences.better,
            worse: differences.worse)
    }
}
