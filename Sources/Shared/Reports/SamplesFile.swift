package import Evaluation
import JSON
import Run
import Storage

extension RunReport {
    /// `samples_<task>.jsonl`: one line for each item, in the order of evaluation, with each condition's text and
    /// scores. `prompt_hash` is the SHA-256 of the full prompt.
    package static func samples(of task: TaskScores) -> String {
        task.items.enumerated().map { index, item in
            let answers = zip(task.conditions, item.answers).map { condition, answer in
                JSONValue.Member(name: condition.rawValue, value: json(answer, metrics: task.metrics))
            }
            let line = JSONValue.members(
                ("doc_id", .count(index)),
                ("id", .string(item.item.id)),
                ("prompt_hash", .string(ContentHasher.digest(of: Prompts.full(item.item)).hex)),
                ("gold", .array(item.item.golds.map(JSONValue.string))),
                ("conditions", .object(answers)))
            return line.compact + "\n"
        }.joined()
    }

    private static func json(_ answer: ScoredAnswer, metrics: [Metric]) -> JSONValue {
        .object(
            [
                .init(name: "text", value: .string(answer.continuation.text)),
                .init(name: "answer", value: .string(answer.text)),
                .init(name: "tokens", value: .count(answer.continuation.tokens.count)),
                .init(name: "omitted_prompt_tokens", value: .count(answer.continuation.omittedPromptTokens)),
            ] + zip(metrics, answer.values).map { .init(name: $0.rawValue, value: .number($1)) })
    }
}
