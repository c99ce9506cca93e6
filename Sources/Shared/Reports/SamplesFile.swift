package import Evaluation
import JSON
import Run
import Storage

extension RunReport {
    /// `samples_<task>.jsonl`: one line for each item, in the order of evaluation: the question and its right answers,
    /// the prompts as the models read them, and each condition's text, scores, message and what the answer took.
    /// `prompt_hash` is the SHA-256 of the full prompt.
    /// - Parameter readings: in the items' order; nil where they are not known.
    package static func samples(of task: TaskScores, _ readings: [ItemReading]? = nil) -> String {
        task.items.enumerated().map { index, item in
            let reading = readings?[index]
            let answers = zip(task.conditions.indices, item.answers).map { place, answer in
                JSONValue.Member(
                    name: task.conditions[place].name,
                    value: json(
                        answer, reading.map { reading in reading.answers[place].map { json($0, reading, task) } },
                        metrics: task.metrics))
            }
            let prompt = task.task.prompts(item.item).both
            var members: [JSONValue.Member] = [
                .init(name: "doc_id", value: .count(index)), .init(name: "id", value: .string(item.item.id)),
            ]
            if let group = item.item.group { members.append(.init(name: "group", value: .string(group))) }
            members += [
                .init(name: "prompt_hash", value: .string(ContentHasher.digest(of: prompt).hex)),
                .init(name: "question", value: .string(item.item.question)),
                .init(name: "gold", value: .array(item.item.golds.map(JSONValue.string))),
            ]
            if let reading {
                let prompts = reading.prompts.map { JSONValue.Member(name: $0.name, value: json($0)) }
                members.append(.init(name: "prompts", value: .object(prompts)))
            }
            return JSONValue.object(members + [.init(name: "conditions", value: .object(answers))]).compact + "\n"
        }.joined()
    }

    // MARK: What was read

    private static func json(_ prompt: ItemReading.Prompt) -> JSONValue {
        .members(
            ("model", .string(prompt.model.rawValue.lowercased())), ("text", .string(prompt.text)),
            ("tokens", .array(prompt.tokens.map { .count(Int($0)) })), ("omitted", .count(prompt.omitted)))
    }

    /// An answer's prompt, and its message where there is one.
    private static func json(
        _ answer: ItemReading.AnswerReading, _ reading: ItemReading, _ task: TaskScores
    ) -> [JSONValue.Member] {
        var members = [JSONValue.Member(name: "prompt", value: .string(reading.prompts[answer.prompt].name))]
        guard let message = answer.message else { return members }
        var parts: [JSONValue.Member] = []
        switch message.told {
        case .vector(let digest, let norm):
            parts = [.init(name: "sha256", value: .string(digest)), .init(name: "norm", value: .number(norm))]
        case .words(let text): parts = [.init(name: "text", value: .string(text))]
        }
        if let partner = message.partner {
            let whose: JSONValue = .members(
                ("doc_id", .count(partner)), ("id", .string(task.items[partner].item.id)))
            parts.append(.init(name: "partner", value: whose))
        }
        if let source = message.source {
            var place =
                source.read.map(members(of:)) ?? [
                    .init(name: "model", value: .string(source.model.rawValue.lowercased()))
                ]
            if let prompt = source.prompt {
                place.append(.init(name: "prompt", value: .string(reading.prompts[prompt].name)))
            }
            parts.append(.init(name: "read", value: .object(place)))
        }
        if let written = message.written {
            parts.append(.init(name: "written", value: .object(Self.members(of: written))))
        }
        members.append(.init(name: "message", value: .object(parts)))
        return members
    }

    private static func members(of position: ItemReading.Position) -> [JSONValue.Member] {
        [
            .init(name: "model", value: .string(position.model.rawValue.lowercased())),
            .init(
                name: "blocks",
                value: position.blocks.count == 1
                    ? .count(position.blocks[0]) : .array(position.blocks.map(JSONValue.count))),
            position.tokens.count == 1
                ? .init(name: "token", value: .count(position.tokens.lowerBound))
                : .init(
                    name: "tokens",
                    value: .array([.count(position.tokens.lowerBound), .count(position.tokens.upperBound - 1)])),
        ]
    }

    // MARK: Answers

    /// One answer; of a repeated condition the first, with the means of all, and all of them.
    /// - Parameter readings: of each answer what it rests on.
    private static func json(
        _ condition: ScoredCondition, _ readings: [[JSONValue.Member]]?, metrics: [Metric]
    ) -> JSONValue {
        let answers = condition.answers.enumerated().map { place, answer in
            (readings?[place] ?? []) + members(of: answer, metrics: metrics)
        }
        guard answers.count > 1 else { return .object(answers[0]) }
        let means = zip(metrics, condition.values).compactMap { metric, value in
            value.map { JSONValue.Member(name: metric.name, value: .number($0)) }
        }
        return .object(
            answers[0].map { member in means.first { $0.name == member.name } ?? member }
                + [.init(name: "answers", value: .array(answers.map(JSONValue.object)))])
    }

    private static func members(of answer: ScoredAnswer, metrics: [Metric]) -> [JSONValue.Member] {
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
        return members + [.init(name: "cost", value: json(given.cost))]
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
