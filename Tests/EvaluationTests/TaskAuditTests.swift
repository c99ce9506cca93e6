import Run
import Tasks
import Testing

@testable import Evaluation

/// What the figures allow to be said, and what they do not.
struct TaskAuditTests {
    private static let names = ["b_full", "silent", "injected", "other", "self", "random", "zero"]
    private let conditions = names.compactMap(ConditionTable.standard.definition)

    /// The scores of so many items, right or wrong under a condition as `isRight` says; `whole` is the right answer's
    /// log-likelihood.
    private func scores(
        _ count: Int, endpoints: [EvaluationEndpoint] = [.answers, .likelihood],
        whole: (_ item: Int, _ condition: String) -> Double = { _, _ in -1 },
        isRight: (_ item: Int, _ condition: String) -> Bool
    ) throws -> TaskScores {
        let items = (0..<count).map { TaskItem(id: "\($0)", context: "C\($0)", question: "Q", golds: ["red"]) }
        let answers = (0..<count).map { item in
            conditions.map { condition in
                [
                    Answer(
                        text: isRight(item, condition.name) ? "red" : "blue",
                        golds: [GoldLikelihood(whole: whole(item, condition.name), tokens: 1)],
                        divergences: condition.condition.usesChannel ? [0.1, 0.1] : [])
                ]
            }
        }
        return try TaskScores(
            .squad, conditions: conditions, items: items, answers: answers, preset: .standard, endpoints: endpoints,
            seed: 1)
    }

    private func mean(_ scores: TaskScores, _ name: String, _ metric: Metric) throws -> Double {
        try #require(scores.contrasts.first { $0.contrast.name == name && $0.metric == metric }).difference.score.mean
    }

    @Test func `effects add up to the last bit, on every metric`() throws {
        let scores = try scores(
            37, whole: { item, condition in -0.1 * Double(item % 7 + condition.count) - 1.0 / Double(item + 3) },
            isRight: { item, condition in (item * condition.count) % 4 == 0 })
        for metric in [scores.headline, .goldLikelihood, .goldLikelihoodByToken] {
            let (ope, ome) = (try mean(scores, "OPE", metric), try mean(scores, "OME", metric))
            let (cag, ssg, dsc) = (
                try mean(scores, "CAG", metric), try mean(scores, "SSG", metric), try mean(scores, "DSC", metric)
            )
            #expect(ope == ome + cag && cag == dsc + ssg, "\(metric.name)")
            #expect(ope != 0 && cag != 0)
        }
    }

    @Test func `a message that is better than others' is called communication`() throws {
        let audit = TaskAudit.of([try scores(60) { item, condition in condition == "injected" && item % 4 != 0 }])[0]
        #expect(audit.verdict == .communicates && audit.headline.name == "f1")
        #expect(EvidenceLevel.reached(audit.evidence) == 6)
        #expect(audit.evidence.filter { $0.state == .notMeasured }.map(\.number) == [2, 3, 7])
    }

    @Test func `a gain over silence that any message brings is not called communication`() throws {
        // Right as often with other items' messages, on other items.
        let audit = TaskAudit.of([
            try scores(200) { item, condition in
                (condition == "injected" && item % 2 == 0) || (condition == "other" && item % 2 == 1)
            }
        ])[0]
        #expect(audit.verdict == .noEvidence)
        #expect(EvidenceLevel.reached(audit.evidence) == 4)
        #expect(try mean(audit.scores, "OPE", audit.headline) == 0.5)
        #expect(try mean(audit.scores, "OME", audit.headline) == 0.5)
    }

    @Test func `no difference at all is uninformative, and not a nought`() throws {
        let audit = TaskAudit.of([try scores(200) { _, condition in condition == "injected" || condition == "other" }])[
            0]
        #expect(audit.verdict == .uninformative)
        let own = try #require(audit.test(.own, audit.headline)).score.difference
        #expect(own.score.mean == 0 && own.score.interval.low < 0 && own.score.interval.high > 0)
    }

    @Test func `a message that is worse than others' misleads`() throws {
        let audit = TaskAudit.of([try scores(60) { item, condition in condition == "other" && item % 4 != 0 }])[0]
        #expect(audit.verdict == .misleads)
        #expect(EvidenceLevel.reached(audit.evidence) == 0)
    }

    @Test func `likelihoods show what answers are deaf to`() throws {
        let audit = TaskAudit.of([
            try scores(
                60,
                whole: { item, condition in
                    condition == "injected" ? -1 - 0.01 * Double(item) : condition == "silent" ? -4 : -3
                }, isRight: { _, _ in false })
        ])[0]
        #expect(audit.verdict == .likelihoodOnly)
        let normalized = Dictionary(uniqueKeysWithValues: audit.normalized.map { ($0.condition.name, $0.value) })
        #expect(normalized["injected"] == 1 && normalized["other"] == 0)
        #expect(try #require(normalized["silent"]) < 0)
    }

    @Test func `without answers the likelihood is the headline`() throws {
        let audit = TaskAudit.of([
            try scores(
                60, endpoints: [.likelihood],
                whole: { item, condition in condition == "injected" ? -1 - 0.01 * Double(item) : -3 },
                isRight: { _, _ in false })
        ])[0]
        #expect(audit.headline == .goldLikelihood && audit.verdict == .communicates)
    }

    @Test func `tests of several tasks are one family`() throws {
        let one = try scores(60) { item, condition in condition == "injected" && item < 10 }
        let nothing = try scores(60) { item, condition in (item + condition.count) % 2 == 0 }
        let alone = try #require(TaskAudit.of([one])[0].test(.own, one.headline))
        let among = try #require(TaskAudit.of([one, nothing, nothing, nothing])[0].test(.own, one.headline))
        #expect(alone.score.difference.pValue == among.score.difference.pValue)
        #expect(alone.adjustedP < 0.05 && among.adjustedP > alone.adjustedP)
    }

    @Test func `groups are taken apart on their own`() throws {
        let items = (0..<40).map {
            TaskItem(id: "\($0)", group: $0 % 2 == 0 ? "even" : "odd", question: "Q", golds: ["1"])
        }
        let answers = items.indices.map { item in
            conditions.map { condition in
                [Answer(text: condition.name == "injected" && item % 2 == 0 ? "1" : "2")]
            }
        }
        let scores = try TaskScores(
            .gsm8k, conditions: conditions, items: items, answers: answers, preset: .standard, seed: 1)
        #expect(scores.groups.map(\.group) == ["even", "odd"] && scores.groups.map(\.count) == [20, 20])
        func own(_ group: Int) -> PairedDifference? {
            scores.groups[group].contrasts.first { $0.contrast == .own && $0.metric == scores.headline }?.difference
        }
        #expect(own(0)?.score.mean == 1 && own(1)?.score.mean == 0)
        #expect(own(0)?.isInformative == true && own(1)?.isInformative == false)
    }
}
