package import Run

/// A task's results: how good the answers are under every condition, and how much better injected ones are.
package struct TaskScores: Hashable, Sendable {
    package let task: EvaluationTask
    /// In the order of the run.
    package let conditions: [Condition]
    package let metrics: [Metric]
    /// In the order of evaluation.
    package let items: [ScoredItem]
    /// Every condition with every metric, in their orders.
    package let scores: [ConditionScore]
    /// ``Condition/injected`` against every other condition with every metric, item by item.
    package let differences: [ScoreDifference]

    /// Scores a task's answers.
    /// - Parameters:
    ///   - conditions: what each item was answered under, in the order of its answers.
    ///   - items: in the order of `answers`.
    ///   - preset: how a continuation is read.
    ///   - seed: the run's, for the bootstrap.
    /// - Throws: ``EvaluationError`` where items and answers do not belong together.
    package init(
        _ task: EvaluationTask, conditions: [Condition], items: [TaskItem], answers: [ItemAnswers],
        preset: EvaluationProtocol, seed: UInt64
    ) throws(EvaluationError) {
        guard !items.isEmpty else { throw .noItems(task) }
        guard items.count == answers.count else {
            throw .itemCount(task, found: answers.count, expected: items.count)
        }
        let metrics = Metric.all(of: task)
        var scored: [ScoredItem] = []
        for (item, answers) in zip(items, answers) {
            guard answers.answers.count == conditions.count else {
                throw .answerCount(task, item: item.id, found: answers.answers.count, expected: conditions.count)
            }
            scored.append(ScoredItem(item, answers, metrics: metrics, preset: preset))
        }
        self.task = task
        self.conditions = conditions
        self.metrics = metrics
        self.items = scored
        let columns = ScoreColumns(task: task, conditions: conditions, metrics: metrics, items: scored, seed: seed)
        scores = columns.scores()
        differences = columns.differences()
    }

    /// Items whose prompts were cut to the models' positions under one condition: they were asked about a part.
    package func cutPrompts(_ condition: Condition) -> Int {
        guard let place = conditions.firstIndex(of: condition) else { return 0 }
        return items.count { $0.answers[place].continuation.omittedPromptTokens > 0 }
    }

    /// The score under one condition; nil where it was not run.
    package func score(_ condition: Condition, _ metric: Metric) -> Score? {
        scores.first { $0.condition == condition && $0.metric == metric }?.score
    }
}

/// One item with its answers, in the order of ``TaskScores/conditions``.
package struct ScoredItem: Hashable, Sendable {
    package let item: TaskItem
    package let answers: [ScoredAnswer]

    fileprivate init(_ item: TaskItem, _ answers: ItemAnswers, metrics: [Metric], preset: EvaluationProtocol) {
        self.item = item
        self.answers = answers.answers.map { continuation in
            let text = preset.answer(in: continuation.text)
            return ScoredAnswer(
                continuation: continuation, text: text,
                values: metrics.map { $0.value(of: text, golds: item.golds) })
        }
    }
}

/// One answer as it is scored.
package struct ScoredAnswer: Hashable, Sendable {
    /// What the model wrote.
    package let continuation: Continuation
    /// The part that is scored.
    package let text: String
    /// In the order of ``TaskScores/metrics``.
    package let values: [Double]
}

/// The mean of one metric under one condition.
package struct ConditionScore: Hashable, Sendable {
    package let condition: Condition
    package let metric: Metric
    package let score: Score
}

/// The mean over items of the injected answer's value less the control's, with the bootstrap's interval: the two
/// answer the same items, so this is far sharper than two intervals side by side.
package struct ScoreDifference: Hashable, Sendable {
    package let control: Condition
    package let metric: Metric
    package let difference: Score
}

/// The items' values, a column for each condition and metric.
private struct ScoreColumns {
    let task: EvaluationTask
    let conditions: [Condition]
    let metrics: [Metric]
    let items: [ScoredItem]
    let seed: UInt64

    func scores() -> [ConditionScore] {
        conditions.indices.flatMap { condition in
            metrics.indices.map { metric in
                ConditionScore(
                    condition: conditions[condition], metric: metrics[metric],
                    score: Score(
                        column(condition, metric), seed: seed,
                        name: name(conditions[condition].rawValue, metrics[metric])))
            }
        }
    }

    func differences() -> [ScoreDifference] {
        guard let injected = conditions.firstIndex(of: .injected) else { return [] }
        return conditions.indices.filter { $0 != injected }.flatMap { control in
            metrics.indices.map { metric in
                ScoreDifference(
                    control: conditions[control], metric: metrics[metric],
                    difference: Score(
                        bootstrapped: zip(column(injected, metric), column(control, metric)).map(-), seed: seed,
                        name: name("injected-\(conditions[control].rawValue)", metrics[metric])))
            }
        }
    }

    private func column(_ condition: Int, _ metric: Int) -> [Double] {
        items.map { $0.answers[condition].values[metric] }
    }

    private func name(_ what: String, _ metric: Metric) -> String {
        "\(task.rawValue)/\(what)/\(metric.rawValue)"
    }
}
