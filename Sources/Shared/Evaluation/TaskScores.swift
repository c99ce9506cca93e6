package import Run

/// A task's results: what the answers are worth under every condition, and how the conditions compare.
package struct TaskScores: Sendable {
    package let task: TaskDefinition
    /// What answers are scored by: the task's metrics where answers were asked for, then the likelihoods where these
    /// were.
    package let metrics: [Metric]
    /// In the order of the run.
    package let conditions: [ConditionDefinition]
    /// In the order of evaluation.
    package let items: [ScoredItem]
    /// Every condition with every metric that it has, in their orders.
    package let scores: [ConditionScore]
    /// The condition `injected` against every other condition with every metric, item by item.
    package let differences: [ScoreDifference]
    /// The decomposition, on every metric.
    package let contrasts: [ContrastScore]
    /// The same by group, where items have groups.
    package let groups: [GroupContrasts]
    /// How items stand together.
    package let clusters: Clusters

    /// Scores a task's answers.
    /// - Parameters:
    ///   - conditions: what each item was answered under.
    ///   - items: in the order of `answers`.
    ///   - answers: of each item, for each condition, in their order, one answer or, of a repeated condition, several.
    ///   - preset: how a continuation is read.
    ///   - endpoints: what was asked for.
    ///   - seed: the run's, for the bootstrap.
    /// - Throws: ``EvaluationError`` where items and answers do not belong together.
    package init(
        _ task: TaskDefinition, conditions: [ConditionDefinition], items: [TaskItem], answers: [[[Answer]]],
        preset: EvaluationProtocol, endpoints: [EvaluationEndpoint] = [.answers], seed: UInt64
    ) throws(EvaluationError) {
        guard !items.isEmpty else { throw .noItems(task.name) }
        guard items.count == answers.count else {
            throw .itemCount(task.name, found: answers.count, expected: items.count)
        }
        let metrics = Metric.all(of: task, endpoints)
        var scored: [ScoredItem] = []
        for (item, answers) in zip(items, answers) {
            scored.append(
                try ScoredItem(item, answers, of: task, conditions: conditions, metrics: metrics, preset: preset))
        }
        self.task = task
        self.metrics = metrics
        self.conditions = conditions
        self.items = scored
        clusters = Clusters(items.map(\.cluster))
        let columns = ScoreColumns(
            metrics: metrics, conditions: conditions, items: scored,
            statistics: ItemStatistics(clusters, seed: seed, name: task.name))
        scores = columns.scores()
        differences = columns.differences()
        contrasts = columns.contrasts()
        groups = columns.groups(seed: seed, task: task.name)
    }

    /// Items whose prompts were cut to the models' positions under one condition: they were asked about a part.
    package func cutPrompts(_ condition: Condition) -> Int {
        guard let place = conditions.firstIndex(where: { $0.condition == condition }) else { return 0 }
        return items.count { $0.answers[place].answers.contains { $0.answer.omittedPromptTokens > 0 } }
    }

    /// The score under one condition; nil where it was not run.
    package func score(_ condition: Condition, _ metric: Metric) -> Score? {
        scores.first { $0.condition == condition && $0.metric == metric }?.score
    }
}

/// One item with its answers, in the order of ``TaskScores/conditions``.
package struct ScoredItem: Hashable, Sendable {
    package let item: TaskItem
    package let answers: [ScoredCondition]

    /// - Parameter answers: for each condition one, or of a repeated condition several.
    package init(
        _ item: TaskItem, _ answers: [[Answer]], of task: TaskDefinition, conditions: [ConditionDefinition],
        metrics: [Metric], preset: EvaluationProtocol
    ) throws(EvaluationError) {
        guard answers.count == conditions.count, answers.allSatisfy({ !$0.isEmpty }) else {
            throw .answerCount(task.name, item: item.id, found: answers.count, expected: conditions.count)
        }
        let cue = task.prompts(item).cue
        self.item = item
        self.answers = zip(conditions, answers).map { condition, answers in
            ScoredCondition(
                answers.map { ScoredAnswer($0, to: item, metrics: metrics, cue: cue, preset: preset) }, of: condition)
        }
    }
}

/// The answers to one item under one condition, and what they are worth together.
package struct ScoredCondition: Hashable, Sendable {
    /// One, or of a repeated condition one for each other item.
    package let answers: [ScoredAnswer]
    /// In the order of ``TaskScores/metrics``, of all answers together; nil where the condition has none.
    package let values: [Double?]

    fileprivate init(_ answers: [ScoredAnswer], of condition: ConditionDefinition) {
        self.answers = answers
        values = answers[0].values.indices.map { metric in
            let values = answers.compactMap { $0.values[metric] }
            return values.count == answers.count ? condition.combined(values) : nil
        }
    }

    /// The first of them, to be shown.
    package var first: ScoredAnswer { answers[0] }
}

/// One answer as it is scored.
package struct ScoredAnswer: Hashable, Sendable {
    /// What the model wrote, or how likely it took the choices to be.
    package let answer: Answer
    /// The part that is scored, or the text that was chosen.
    package let text: String
    /// In the order of ``TaskScores/metrics``.
    package let values: [Double?]

    fileprivate init(
        _ answer: Answer, to item: TaskItem, metrics: [Metric], cue: String, preset: EvaluationProtocol
    ) {
        let read = ReadAnswer(answer, to: item, cue: cue, preset: preset)
        self.answer = answer
        text = read.text
        values = metrics.map { $0.value(read, item) }
    }
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
struct ScoreColumns {
    let metrics: [Metric]
    let conditions: [ConditionDefinition]
    let items: [ScoredItem]
    let statistics: ItemStatistics

    func scores() -> [ConditionScore] {
        conditions.flatMap { condition in
            metrics.compactMap { metric in
                column(condition.name, metric).map { values in
                    ConditionScore(
                        condition: condition.condition, metric: metric,
                        score: metric.scale == .share ? statistics.score(values) : statistics.bootstrapped(values))
                }
            }
        }
    }

    func differences() -> [ScoreDifference] {
        conditions.filter { $0.name != ConditionTable.injected }.flatMap { control in
            metrics.compactMap { metric in
                difference(ConditionTable.injected, control.name, metric).map {
                    ScoreDifference(control: control.condition, metric: metric, difference: $0)
                }
            }
        }
    }

    /// One condition's values less another's; nil where one of them has none.
    func difference(_ first: String, _ second: String, _ metric: Metric) -> PairedDifference? {
        guard let values = column(first, metric), let others = column(second, metric) else { return nil }
        return statistics.difference(
            values, others, areShares: metric.scale == .share, contrast: "\(first)-\(second)/\(metric.name)")
    }

    /// Of a condition that was run; nil where an item lacks the value.
    private func column(_ condition: String, _ metric: Metric) -> [Double]? {
        guard let place = conditions.firstIndex(where: { $0.name == condition }),
            let metric = metrics.firstIndex(of: metric)
        else { return nil }
        let values = items.compactMap { $0.answers[place].values[metric] }
        return values.count == items.count ? values : nil
    }
}
