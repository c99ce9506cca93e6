import Evaluation
import JSON

/// The audit's part of `results.json`.
extension RunReport {
    /// The verdict on its headline metric, the evidence, and the decomposition on every metric. `family` names the tests
    /// that Holm's p-values are adjusted over: each contrast of each task.
    static func json(_ audit: TaskAudit) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init(name: "sentence", value: .string(audit.sentence)),
            .init(name: "verdict", value: .string(name(of: audit.verdict))),
            .init(name: "headline", value: .string(audit.headline.name)),
            .init(name: "evidence_reached", value: .count(EvidenceLevel.reached(audit.evidence))),
            .init(name: "evidence", value: .array(audit.evidence.map(json))),
            .init(name: "contrasts", value: contrasts(audit.scores.contrasts, audit)),
            .init(name: "family", value: .string("contrasts × tasks, by Holm")),
        ]
        if !audit.normalized.isEmpty {
            let values = audit.normalized.map { JSONValue.Member(name: $0.condition.name, value: .number($0.value)) }
            members.append(.init(name: "normalized_logit_difference", value: .object(values)))
        }
        if !audit.scores.groups.isEmpty {
            let groups = audit.scores.groups.map { group in
                JSONValue.Member(
                    name: group.group,
                    value: .members(("n", .count(group.count)), ("contrasts", contrasts(group.contrasts, nil))))
            }
            members.append(.init(name: "groups", value: .object(groups)))
        }
        return .object(members)
    }

    private static func contrasts(_ scores: [ContrastScore], _ audit: TaskAudit?) -> JSONValue {
        .object(
            Contrast.all.compactMap { contrast in
                let found = scores.filter { $0.contrast == contrast }
                guard !found.isEmpty else { return nil }
                let members = found.flatMap { score in
                    let adjusted = audit?.test(contrast, score.metric).map {
                        [
                            JSONValue.Member(
                                name: Metric.key(score.metric.name, "_p_holm", filter: nil),
                                value: .number($0.adjustedP))
                        ]
                    }
                    return Self.members(of: score.difference, named: score.metric.name) + (adjusted ?? [])
                }
                let names: [JSONValue.Member] = [
                    .init(name: "first", value: .string(contrast.first)),
                    .init(name: "second", value: .string(contrast.second)),
                ]
                return .init(name: contrast.name, value: .object(names + members))
            })
    }

    private static func json(_ level: EvidenceLevel) -> JSONValue {
        let state =
            switch level.state {
            case .shown: "shown"
            case .notShown: "not shown"
            case .notMeasured: "not measured"
            }
        return .members(
            ("level", .string("E\(level.number)")), ("title", .string(level.title)), ("state", .string(state)),
            ("need", level.state == .notMeasured ? .string(level.need) : .null))
    }

    static func name(of verdict: TaskAudit.Verdict) -> String {
        switch verdict {
        case .communicates: "communicates"
        case .likelihoodOnly: "likelihood only"
        case .misleads: "misleads"
        case .noEvidence: "no evidence"
        case .uninformative: "uninformative"
        case .notMeasured: "not measured"
        }
    }

    /// How a model compares with another implementation: a run whose model does not pass has no results.
    static func json(_ parity: PassedParity) -> JSONValue {
        .members(
            ("model", .string(parity.gate.model.rawValue.lowercased())), ("reference", .string(parity.file)),
            ("sha256", .string(parity.sha256)), ("by", parity.making.map(JSONValue.string) ?? .null),
            ("passed", .object([.init(name: parity.gate.name, value: .string(parity.gate.title))])),
            (
                "figures",
                .object(
                    parity.checks.map { check in
                        .init(
                            name: check.figure.rawValue,
                            value: .members(
                                ("compared", .count(check.compared)), ("failed", .count(check.failed)),
                                ("largest", .optional(check.largest)), ("allowed", .optional(check.figure.tolerance))))
                    })
            ))
    }

    /// A gate that was passed: a run that does not pass one has no results.
    static func json(_ gate: PassedGates) -> JSONValue {
        .members(
            ("task", .string(gate.task)), ("items", .count(gate.items)),
            ("passed", .object(gate.gates.map { .init(name: $0.name, value: .string($0.title)) })))
    }
}
