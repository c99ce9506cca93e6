/// What a task's figures allow to be said of the message.
package struct TaskAudit: Sendable {
    package let scores: TaskScores
    /// What the verdict is about: the task's last metric, or where no answers were asked for, the right answer's
    /// likelihood.
    package let headline: Metric
    /// Holm's adjusted p-values of the headline's contrasts, over all tasks of the channel; then the
    /// likelihood's, a family of their own.
    package let adjusted: [ContrastTest]
    package let verdict: Verdict
    package let evidence: [EvidenceLevel]
    /// How much of the own message's effect on the right answer's likelihood each condition has: 0 for others' messages,
    /// 1 for the own (normalised logit difference). None where the two cannot be told apart.
    package let normalized: [(condition: ConditionDefinition, value: Double)]

    /// One contrast of a family of tests.
    package struct ContrastTest: Hashable, Sendable {
        package let score: ContrastScore
        package let adjustedP: Double
    }

    /// What the own message is worth against others'.
    package enum Verdict: Hashable, Sendable {
        /// B's answers are better for it.
        case communicates
        /// The right answers are likelier for it, and B's answers are no better.
        case likelihoodOnly
        /// B's answers are worse for it.
        case misleads
        /// Nothing was found that could have been.
        case noEvidence
        /// Too few items differ for anything to be found.
        case uninformative
        /// The conditions that it takes were not asked.
        case notMeasured
    }

    /// Audits all tasks of a run over one channel, in their order: they are one family of tests.
    package static func of(_ tasks: [TaskScores]) -> [TaskAudit] {
        let headlines = tasks.map(\.headline)
        func tests(_ metrics: [Metric]) -> [[ContrastTest]] {
            let scores = zip(tasks, metrics).map { task, metric in task.contrasts.filter { $0.metric == metric } }
            var adjusted = Statistics.holm(scores.joined().map(\.difference.pValue))[...]
            return scores.map { $0.map { ContrastTest(score: $0, adjustedP: adjusted.removeFirst()) } }
        }
        let answers = tests(headlines)
        let likelihoods = tests(tasks.map { _ in Metric.goldLikelihood })
        return tasks.indices.map { place in
            TaskAudit(
                tasks[place], headlines[place], answers[place],
                headlines[place] == .goldLikelihood ? [] : likelihoods[place])
        }
    }

    private init(
        _ scores: TaskScores, _ headline: Metric, _ answers: [ContrastTest], _ likelihoods: [ContrastTest]
    ) {
        self.scores = scores
        self.headline = headline
        adjusted = answers + likelihoods
        verdict = Self.verdict(answers, likelihoods)
        evidence = EvidenceLevel.all(scores, headline, answers)
        normalized = Self.normalized(scores)
    }

    /// The test of a contrast on a metric.
    package func test(_ contrast: Contrast, _ metric: Metric) -> ContrastTest? {
        adjusted.first { $0.score.contrast == contrast && $0.score.metric == metric }
    }

    private static func verdict(_ answers: [ContrastTest], _ likelihoods: [ContrastTest]) -> Verdict {
        guard let answer = answers.first(where: { $0.score.contrast == .own }) else { return .notMeasured }
        let likelihood = likelihoods.first { $0.score.contrast == .own }
        if answer.isGain { return .communicates }
        if answer.isLoss { return .misleads }
        if likelihood?.isGain ?? false { return .likelihoodOnly }
        return answer.score.difference.isInformative ? .noEvidence : .uninformative
    }

    private static func normalized(_ scores: TaskScores) -> [(condition: ConditionDefinition, value: Double)] {
        func mean(_ name: String) -> Double? {
            scores.conditions.first { $0.name == name }.flatMap { scores.score($0.condition, .goldLikelihood)?.mean }
        }
        let own = scores.contrasts.first { $0.contrast == .own && $0.metric == .goldLikelihood }?.difference
        guard let own, own.pValue <= TaskAudit.level, own.score.mean != 0, let other = mean(ConditionTable.other)
        else { return [] }
        return scores.conditions.filter { $0.condition.answerer == .b }.compactMap { condition in
            mean(condition.name).map { mean in
                (condition, (Statistics.onGrid(mean) - Statistics.onGrid(other)) / own.score.mean)
            }
        }
    }

    /// Of all tests.
    package static let level = 0.05
}

extension TaskAudit.ContrastTest {
    /// Whether the first is better beyond chance, both by its test and by its interval.
    package var isGain: Bool { isFound && score.difference.score.interval.low > 0 }
    package var isLoss: Bool { isFound && score.difference.score.interval.high < 0 }

    private var isFound: Bool { adjustedP <= TaskAudit.level && score.difference.isInformative }
}

extension TaskScores {
    /// The metric that stands for the task.
    var headline: Metric { Metric.headline(of: metrics) }
}
