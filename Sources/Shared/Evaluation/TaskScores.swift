package import Run

/// A task's results: how good the answers are under every condition, and how much better injected ones are.
package struct TaskScores: Sendable {
    package let task: TaskDefinition
    /// In the order of the run.
    package let conditions: [ConditionDefinition]
    /// In the order of evaluation.
    package let items: [ScoredItem]
    /// Every condition with every metric, in their orders.
    package let scores: [ConditionScore]
    /// The condition `injected` against every other condition with every metric, item by item.
    package let differences: [ScoreDifference]

    /// Scores a task's answers.
    /// - Parameters:
    ///   - conditions: what each item was answered under, in the order of its answers.
    ///   - items: in the order of `answers`.
    ///   - preset: how a continuation is read.
    ///   - seed: the run's, for the bootstrap.
    /// - Throws: ``EvaluationError`` where items and answers do not belong together.
    package init(
        _ task: TaskDefinition, conditions: [ConditionDefinition], items: [TaskItem], answers: [ItemAnswers],
        preset: EvaluationProtocol, seed: UInt64
    ) throws(EvaluationError) {
        guard !items.isEmpty else { throw .noItems(task.name) }
        guard items.count == answers.count else {
            throw .itemCount(task.name, found: answers.count, expected: items.count)
        }
        var scored: [ScoredItem] = []
        for (item, answers) in zip(items, answers) {
            guard answers.answers.count == conditions.count else {
                throw .answerCount(task.name, item: item.id, found: answers.answers.count, expected: conditions.count)
            }
            scored.append(ScoredItem(item, answers, of: task, preset: preset))
        }
        self.task = task
        self.conditions = conditions
        self.items = scored
        let columns = ScoreColumns(
            task: task, conditions: conditions, items: scored,
            statistics: ItemStatistics(Clusters(items.map(\.cluster)), seed: seed, name: task.name))
        scores = columns.scores()
        differences = columns.differences()
    }

    package var metrics: [Metric] { task.metrics }

    /// Items whose prompts were cut to the models' positions under one condition: they were asked about a part.
    package func cutPrompts(_ condition: Condition) -> Int {
        guard let place = conditions.firstIndex(where: { $0.condition == condition }) else { return 0 }
        return items.count { $0.answers[place].answer.omittedPromptTokens > 0 }
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

    fileprivate init(_ item: TaskItem, _ answers: ItemAnswers, of task: TaskDefinition, preset: EvaluationProtocol) {
        self.item = item
        let cue = task.prompts(item).cue
        self.answers = answers.answers.map { answer in
            let read = ReadAnswer(answer, to: item, cue: cue, preset: preset)
            return ScoredAnswer(answer: answer, text: read.text, values: task.metrics.map { $0.value(read, item) })
        }
    }
}

/// One answer as it is scored.
package struct ScoredAnswer: Hashable, Sendable {
    /// What the model wrote, or how likely it took the choices to be.
    package let answer: Answer
    /// The part that is scored, or the text that was chosen.
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

/// The injected answers' values less the control's, item by item.
package struct ScoreDifference: Hashable, Sendable {
    package let control: Condition
    package let metric: Metric
    package let difference: PairedDifference
}

/// The items' values, a column for each condition and metric.
private struct ScoreColumns {
    let task: TaskDefinition
    let conditions: [ConditionDefinition]
    let items: [ScoredItem]
    let statistics: ItemStatistics

    func scores() -> [ConditionScore] {
        let metrics = task.metrics
        return conditions.indices.flatMap { condition in
            metrics.indices.map { metric in
                ConditionScore(
                    condition: conditions[condition].condition, metric: metrics[metric],
                    score: statistics.score(column(condition, metric)))
            }
        }
    }

    func differences() -> [ScoreDifference] {
        guard let injected = conditions.firstIndex(where: { $0.name == ConditionTable.injected }) else { return [] }
        let metrics = task.metrics
        return conditions.indices.filter { $0 != injected }.flatMap { control in
            metrics.indices.map { metric in
                ScoreDifference(
                    control: conditions[control].condition, metric: metrics[metric],
                    difference: statistics.difference(
                        column(injected, metric), column(control, metric), areShares: true,
                        contrast: "injected-\(conditions[control].name)/\(metrics[metric].name)"))
            }
        }
    }

    private func column(_ condition: Int, _ metric: Int) -> [Double] {
        items.map { $0.answers[condition].values[metric] }
    }
}
