package import Evaluation
import JSON
import Run
import Storage

extension RunReport {
    /// `samples_<task>.jsonl`: one line for each item, in the order of evaluation, with each condition's text and
    /// scores and what the answer took. `prompt_hash` is the SHA-256 of the full prompt.
    package static func samples(of task: TaskScores) -> String {
        task.items.enumerated().map { index, item in
            let answers = zip(task.conditions, item.answers).map { condition, answer in
                JSONValue.Member(name: condition.name, value: json(answer, metrics: task.metrics))
            }
            let prompt = task.task.prompts(item.item).both
            var members: [JSONValue.Member] = [
                .init(name: "doc_id", value: .count(index)), .init(name: "id", value: .string(item.item.id)),
            ]
            if let group = item.item.group { members.append(.init(name: "group", value: .string(group))) }
            members += [
                .init(name: "prompt_hash", value: .string(ContentHasher.digest(of: prompt).hex)),
                .init(name: "gold", value: .array(item.item.golds.map(JSONValue.string))),
                .init(name: "conditions", value: .object(answers)),
            ]
            return JSONValue.object(members).compact + "\n"
        }.joined()
    }

    /// One answer; of a repeated condition the first, with the means of all, and all of them.
    private static func json(_ condition: ScoredCondition, metrics: [Metric]) -> JSONValue {
        guard condition.answers.count > 1, case .object(let first) = json(condition.first, metrics: metrics) else {
            return json(condition.first, metrics: metrics)
        }
        let means = zip(metrics, condition.values).compactMap { metric, value in
            value.map { JSONValue.Member(name: metric.name, value: .number($0)) }
        }
        let all = JSONValue.array(condition.answers.map { json($0, metrics: metrics) })
        return .object(
            first.map { member in means.first { $0.name == member.name } ?? member }
                + [.init(name: "answers", value: all)])
    }

    private static func json(_ answer: ScoredAnswer, metrics: [Metric]) -> JSONValue {
        let given = answer.answer
        var members: [JSONValue.Member] = [
            .init(name: "text", value: .string(given.text)), .init(name: "answer", value: .string(answer.text)),
        ]
        if !given.likelihoods.isEmpty {
            members.append(.init(name: "loglikelihoods", value: .array(given.likelihoods.map(JSONValue.number))))
        }
        members += [
            .init(name: "tokens", value: .count(given.tokens.count)),
            .init(name: "omitted_prompt_tokens", value: .count(given.omittedPromptTokens)),
        ]
        members += zip(metrics, answer.values).compactMap { metric, value in
            value.map { .init(name: metric.name, value: .number($0)) }
        }
        return .object(members + [.init(name: "cost", value: json(given.cost))])
    }

    private static func json(_ cost: Cost) -> JSONValue {
        func passes(_ passes: Cost.Passes) -> JSONValue {
            .members(
                ("count", .count(passes.count)), ("blocks", .count(passes.blocks)), ("tokens", .count(passes.tokens)))
        }
        return .members(
            ("prompt_tokens", .count(cost.promptTokens)), ("new_tokens", .count(cost.newTokens)),
            ("passes_a", passes(cost.passesOfA)), ("passes_b", passes(cost.passesOfB)),
            ("passes_b_for_message", passes(cost.passesOfBForMessage)), ("message_bytes", .count(cost.messageBytes)))
    }
}
