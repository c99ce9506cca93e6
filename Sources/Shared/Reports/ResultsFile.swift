import Evaluation
import JSON
import Run

/// `results.json`, laid out as lm-evaluation-harness lays out its own: metrics are named `metric,filter`. Of several
/// channels each has a part under `channels`, laid out as the whole of a run of one.
extension RunReport {
    var resultsJSON: JSONValue {
        var members: [JSONValue.Member] = []
        func add(_ name: String, _ value: JSONValue) { members.append(.init(name: name, value: value)) }
        if hasSeveralChannels {
            let parts = zip(channels, audits).map { channel, audits in
                JSONValue.Member(name: "\(channel.channel)", value: .object(Self.members(of: channel, audits, shape)))
            }
            add("channels", .object(parts))
            if !parity.isEmpty { add("gates", .array(parity.map(Self.json))) }
        } else {
            members += Self.members(of: channels[0], audits[0], shape, parity)
        }
        if !maps.isEmpty { add("maps", mapsJSON) }
        let tasks = channels[0].tasks
        func add(_ name: String, _ value: (TaskScores) -> JSONValue) {
            add(name, .object(tasks.map { .init(name: $0.task.name, value: value($0)) }))
        }
        add("config", settingsJSON)
        add("versions") { .count($0.task.version) }
        add("n-samples") { task in
            let original = originalCounts[task.task.name] ?? task.items.count
            return .members(("original", .count(original)), ("effective", .count(task.items.count)))
        }
        add("higher_is_better") { task in
            .object(task.metrics.map { .init(name: $0.name, value: $0.direction) })
        }
        add("software", Self.json(versions))
        add("fingerprints", Self.json(fingerprints))
        add("device_kinds", .array(deviceKinds.map { .string($0.rawValue) }))
        if !remarks.isEmpty { add("remarks", .array(remarks.map(JSONValue.string))) }
        add("run", .string(run))
        return .object(members)
    }

    private static func members(
        of channel: ChannelReport, _ audits: [TaskAudit], _ shape: PairShape?, _ parity: [PassedParity] = []
    ) -> [JSONValue.Member] {
        var members = [
            JSONValue.Member(
                name: "results",
                value: .object(channel.tasks.map { .init(name: $0.task.name, value: results(of: $0)) })),
            JSONValue.Member(
                name: "differences",
                value: .object(channel.tasks.map { .init(name: $0.task.name, value: differences(of: $0)) })),
            JSONValue.Member(
                name: "audit", value: .object(audits.map { .init(name: $0.scores.task.name, value: json($0)) })),
            JSONValue.Member(name: "gates", value: .array(parity.map(json) + channel.gates.map(json))),
        ]
        if let shape, !channel.tasks.isEmpty {
            let costs = channel.tasks.map { task in
                JSONValue.Member(
                    name: task.task.name,
                    value: .object(task.costs(shape).map { .init(name: $0.condition.name, value: json($0)) }))
            }
            members.append(.init(name: "costs", value: .object(costs)))
        }
        let grouped = channel.tasks.filter { !$0.groupScores.isEmpty }
        if !grouped.isEmpty {
            members += [
                .init(name: "groups", value: .object(grouped.map { .init(name: $0.task.name, value: $0.groupsJSON) })),
                .init(
                    name: "subgroups",
                    value: .object(grouped.map { .init(name: $0.task.name, value: $0.subgroupsJSON) })),
            ]
        }
        if let similarity = channel.similarity {
            members.append(.init(name: "similarity", value: .array(similarity.layers.map(json))))
        }
        switch channel.projections.count {
        case 0: break
        case 1: members.append(.init(name: "projection", value: json(channel.projections[0])))
        default:
            let parts = zip(channel.channel.links, channel.projections).map { link, projection in
                JSONValue.Member(name: "\(link)", value: json(projection))
            }
            members.append(.init(name: "projections", value: .object(parts)))
        }
        return members
    }

    private static func json(_ cost: MeanCost) -> JSONValue {
        .members(
            ("prompt_tokens", .number(cost.promptTokens)), ("new_tokens", .number(cost.newTokens)),
            ("message_tokens", .number(cost.messageTokens)), ("message_bytes", .number(cost.messageBytes)),
            ("flops_paper", .number(cost.paperOperations)), ("flops_done", .number(cost.operations)))
    }

    private static func results(of task: TaskScores) -> JSONValue {
        .object(
            task.conditions.map { condition in
                let scores = task.scores.filter { $0.condition == condition.condition }
                let members = scores.flatMap { scoreMembers(of: $0.score, named: $0.metric.name) }
                let counts = [
                    JSONValue.Member(name: "n", value: .count(task.items.count)),
                    JSONValue.Member(name: "n_prompts_cut", value: .count(task.cutPrompts(condition.condition))),
                ]
                return .init(name: condition.name, value: .object(members + counts))
            })
    }

    /// Injected less each control, item by item.
    private static func differences(of task: TaskScores) -> JSONValue {
        .object(
            task.conditions.compactMap { control in
                let differences = task.differences.filter { $0.control == control.condition }
                guard !differences.isEmpty else { return nil }
                return .init(
                    name: "injected-" + control.name,
                    value: .object(differences.flatMap { members(of: $0.difference, named: $0.metric.name) }))
            })
    }

    /// A paired difference: its mean as of any score, then what it rests on.
    static func members(of difference: PairedDifference, named metric: String) -> [JSONValue.Member] {
        scoreMembers(of: difference.score, named: metric) + [
            .init(name: Metric.key(metric, "_better", filter: nil), value: .count(difference.better)),
            .init(name: Metric.key(metric, "_worse", filter: nil), value: .count(difference.worse)),
            .init(name: Metric.key(metric, "_p", filter: nil), value: .number(difference.pValue)),
            .init(name: Metric.key(metric, "_p_mcnemar", filter: nil), value: .optional(difference.mcNemar?.exact)),
            .init(name: Metric.key(metric, "_p_mcnemar_mid", filter: nil), value: .optional(difference.mcNemar?.midP)),
            .init(name: Metric.key(metric, "_informative", filter: nil), value: .bool(difference.isInformative)),
            .init(name: Metric.key(metric, "_detectable", filter: nil), value: .optional(difference.detectable)),
        ]
    }

    private static func scoreMembers(of score: Score, named metric: String) -> [JSONValue.Member] {
        [
            .init(name: Metric.key(metric), value: .number(score.mean)),
            .init(name: Metric.key(metric, "_stderr"), value: .optional(score.standardError)),
            .init(name: Metric.key(metric, "_interval95"), value: interval(score)),
        ]
    }

    static func interval(_ score: Score) -> JSONValue {
        .array([.number(score.interval.low), .number(score.interval.high)])
    }

    private static func json(_ layer: LayerSimilarity) -> JSONValue {
        let scores = [
            ("exact_match", layer.exactMatch), ("common_prefix_tokens", layer.commonPrefixTokens),
            ("edit_similarity", layer.editSimilarity),
        ]
        return .object(
            [.init(name: "layer", value: .count(layer.layer))]
                + scores.flatMap { scoreMembers(of: $0.1, named: $0.0) }
                + [
                    .init(name: "n", value: .count(layer.samples.count)),
                    .init(name: "samples", value: .array(layer.samples.map(json))),
                ])
    }

    private static func json(_ sample: SimilaritySample) -> JSONValue {
        .members(
            ("prompt", .string(sample.prompt)),
            ("plain", .string(sample.result.plain.text)),
            ("injected", .string(sample.result.injected.text)),
            ("exact_match", .bool(sample.similarity.exactMatch)),
            ("common_prefix_tokens", .count(sample.similarity.commonPrefixTokens)),
            ("edit_similarity", .number(sample.similarity.editSimilarity)))
    }

    private static func json(_ projection: ProjectionReport) -> JSONValue {
        switch projection {
        case .trained(let summary): json(summary)
        case .fitted(let summary):
            .members(
                ("source", .string("fitted")), ("fit", .string(summary.fit.rawValue)), ("file", .string(summary.file)),
                ("d_a", .count(summary.dimensionA)), ("d_b", .count(summary.dimensionB)),
                ("rows", .count(summary.rows)),
                ("ridge", .optional(summary.ridge)), ("rank", summary.rank.map(JSONValue.count) ?? .null),
                ("held_out", summary.heldOut.map(json) ?? .null))
        case .given(let file, let sha256, let dimensionA, let dimensionB):
            .members(
                ("source", .string("given")), ("file", .string(file)), ("sha256", .string(sha256)),
                ("d_a", .count(dimensionA)), ("d_b", .count(dimensionB)))
        case .none(let dimensionA, let dimensionB):
            .members(("source", .string("none")), ("d_a", .count(dimensionA)), ("d_b", .count(dimensionB)))
        }
    }

    private static func json(_ projection: ProjectionSummary) -> JSONValue {
        .members(
            ("source", .string("trained")),
            ("file", .string(projection.file)),
            ("d_a", .count(projection.dimensionA)),
            ("d_b", .count(projection.dimensionB)),
            ("rows", .count(projection.rows)),
            ("steps", .count(projection.losses.count)),
            ("first_loss", .optional(projection.losses.first?.loss)),
            ("final_loss", .optional(projection.losses.last?.loss)),
            ("final_standardised_loss", .optional(projection.losses.last?.standardised)),
            ("mean_loss", .optional(projection.meanLoss)),
            ("held_out", projection.heldOut.map(json) ?? .null),
            ("epoch_losses", .array(projection.epochLosses.map(JSONValue.number))),
            ("activation_similarity", .optional(projection.activationSimilarity)),
            (
                "diagnostics",
                .object(projection.diagnostics.map { .init(name: $0.name, value: .number($0.value)) })
            ))
    }

    private static func json(_ heldOut: HeldOutSummary) -> JSONValue {
        .members(
            ("texts", .count(heldOut.texts)), ("loss", .number(heldOut.loss)), ("mean_loss", .number(heldOut.meanLoss)),
            ("r2", .optional(heldOut.r2)), ("coordinate_r2", .optional(heldOut.coordinateR2)))
    }

    private static func json(_ values: [NamedValue]) -> JSONValue {
        .object(values.map { .init(name: $0.name, value: .string($0.value)) })
    }
}

extension Metric {
    /// Whether higher is better; null of what is neither better nor worse.
    var direction: JSONValue { isBetterHigher.map(JSONValue.bool) ?? .null }
}
