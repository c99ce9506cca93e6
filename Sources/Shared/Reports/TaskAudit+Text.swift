import Evaluation
import PlainText

/// A task's audit in words: the same in the terminal and in the report.
extension TaskAudit {
    /// What the message is worth, in a sentence.
    package var sentence: String {
        let task = scores.task.title
        guard let own = test(.own, headline) else {
            return "\(task): not audited, since \"injected\" and \"other\" were not both asked (--conditions)."
        }
        let difference = own.score.difference
        let counted = "n = \(Quantities.count(difference.score.count))"
        let found =
            "\(headline.title) by \(difference.effectText(of: headline)) against another item's message; "
            + "\(Score.probabilityText(own.adjustedP)), \(counted)"
        switch verdict {
        case .communicates: return "\(task): the message changes \(found)."
        case .misleads: return "\(task): the message is worse than another item's: it changes \(found)."
        case .likelihoodOnly:
            let likelihood = test(.own, .goldLikelihood)
            let effect = likelihood?.score.difference.effectText(of: .goldLikelihood) ?? "–"
            let p = Score.probabilityText(likelihood?.adjustedP ?? 1)
            return "\(task): the message makes the right answer likelier, by \(effect) against another item's message "
                + "(\(p)), and no evidence that it makes the answers better: it changes \(found)."
        case .noEvidence:
            return "\(task): no evidence that the message says anything of its item: it changes \(found)"
                + (difference.detectable.map { "; from \(headline.amountText($0)) on it could have been seen" } ?? "")
                + "."
        case .uninformative:
            return "\(task): nothing can be said: told their own and another item's message, "
                + "\(Quantities.count(difference.differing)) of \(Quantities.count(scores.clusters.count)) "
                + "\(scores.clusters.areSeparate ? "items" : "clusters of items") differ in \(headline.title), and fewer "
                + "than \(PairedDifference.informative) can never be told from chance."
        case .notMeasured: return "\(task): not audited."
        }
    }

    /// How far the evidence goes, and what the next step takes.
    package var evidenceText: String {
        let reached = EvidenceLevel.reached(evidence)
        let steps = evidence.map { level in
            let state =
                switch level.state {
                case .shown: "shown"
                case .notShown: "not shown"
                case .notMeasured: "not measured, takes \(level.need)"
                }
            return "E\(level.number) \(level.title): \(state)"
        }
        return "Evidence level E\(reached) of E7. " + steps.joined(separator: "; ") + "."
    }
}

extension PairedDifference {
    /// On a metric's scale with the interval: `+12.3 points [+8.1, +16.4]`.
    func effectText(of metric: Metric) -> String {
        metric.scale == .share
            ? "\(Score.signedPercent(score.mean)) points [\(Score.signedPercent(score.interval.low)), "
                + "\(Score.signedPercent(score.interval.high))]"
            : "\(Score.signedFixed(score.mean)) nats [\(Score.signedFixed(score.interval.low)), "
                + "\(Score.signedFixed(score.interval.high))]"
    }
}

extension Metric {
    /// An amount on the metric's scale.
    func amountText(_ amount: Double) -> String {
        scale == .share
            ? "\(Quantities.fixed(100 * amount, digits: 1)) points" : "\(Quantities.fixed(amount, digits: 2)) nats"
    }
}
