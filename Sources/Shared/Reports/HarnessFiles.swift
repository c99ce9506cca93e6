import Evaluation
import Foundation
import JSON
import Run
import Storage

/// The run's scores as the language-model evaluation harness (0.4.13) writes its own, so that what reads those reads these:
/// a folder for each condition with `results_<date>.json` and `samples_<task>_<date>.jsonl`, in the harness's keys.
extension RunReport {
    /// The folder that they stand in, within the run's.
    package static let harnessFolder = "lm_eval"

    /// What stands in the place of a date in names and fields: equal runs have equal files, whenever they are made.
    private static let harnessDate = "1970-01-01T00-00-00.000000"

    /// Of several channels each has a folder of its own.
    package var harnessFiles: [ReportFile] {
        channels.flatMap { channel -> [ReportFile] in
            let folder = Self.harnessFolder + (hasSeveralChannels ? "/\(channel.channel.suffix.dropFirst())" : "")
            var names: [String] = []
            for condition in channel.tasks.flatMap(\.conditions) where !names.contains(condition.name) {
                names.append(condition.name)
            }
            return names.flatMap { files(ofCondition: $0, of: channel, in: "\(folder)/\($0)") }
        }
    }

    private func files(ofCondition name: String, of channel: ChannelReport, in folder: String) -> [ReportFile] {
        let tasks = channel.tasks.enumerated().compactMap { place, task in
            HarnessTask(task, name, channel.readings(ofTask: place), self)
        }
        return [
            ReportFile(
                "\(folder)/results_\(Self.harnessDate).json",
                results(ofCondition: name, over: channel.channel, tasks).pretty + "\n")
        ]
            + tasks.map { task in
                ReportFile(
                    "\(folder)/samples_\(task.name)_\(Self.harnessDate).jsonl",
                    task.samples.map { $0.json.compact + "\n" }.joined())
            }
    }

    private func results(ofCondition name: String, over channel: Channel, _ tasks: [HarnessTask]) -> JSONValue {
        func byTask(_ value: (HarnessTask) -> JSONValue) -> JSONValue {
            .object(tasks.map { .init(name: $0.name, value: value($0)) })
        }
        let model = tasks.first?.answerer == .a ? configuration.modelA : configuration.modelB
        let arguments = JSONValue.object(
            [.init(name: "condition", value: .string(name)), .init(name: "channel", value: .string("\(channel)"))]
                + configuration.settings.map { .init(name: $0.flag, value: $0.json) })
        return .members(
            ("results", byTask(\.results)), ("group_subtasks", .object([])), ("configs", byTask(\.configuration)),
            ("versions", byTask { .count($0.version) }), ("n-shot", byTask { .count($0.shots) }),
            ("higher_is_better", byTask(\.directions)),
            (
                "n-samples",
                byTask { .members(("original", .count($0.originalCount)), ("effective", .count($0.itemCount))) }
            ),
            (
                "config",
                .members(
                    ("model", .string("activation-communication")), ("model_args", arguments), ("batch_size", .null),
                    ("batch_sizes", .array([])),
                    ("device", .string(deviceKinds.map(\.rawValue).joined(separator: ","))),
                    ("use_cache", .null), ("limit", configuration.evaluation.limit.map(JSONValue.count) ?? .null),
                    ("bootstrap_iters", .count(0)), ("gen_kwargs", .null),
                    ("random_seed", .integer(configuration.seed)), ("numpy_seed", .null), ("torch_seed", .null),
                    ("fewshot_seed", .count(1234)))
            ),
            ("git_hash", .null), ("date", .count(0)), ("pretty_env_info", .string("")),
            ("transformers_version", .string("N/A")), ("lm_eval_version", .string("N/A")), ("upper_git_hash", .null),
            ("task_hashes", byTask { .string($0.hash) }), ("model_source", .string("activation-communication")),
            ("model_name", .string(model)), ("model_name_sanitized", .string(Self.sanitized(model))),
            ("system_instruction", .null), ("system_instruction_sha", .null), ("fewshot_as_multiturn", .bool(false)),
            ("chat_template", .null), ("chat_template_sha", .null), ("total_evaluation_time_seconds", .string("0")))
    }

    /// Runs of characters that no file's name may hold become two underscores.
    private static func sanitized(_ model: String) -> String {
        model.replacing(/["<>:\/|\\?*\[\]]+/, with: "__")
    }
}

/// A task's scores under one condition.
private struct HarnessTask {
    let task: TaskScores
    let condition: ConditionDefinition
    let originalCount: Int
    let shots: Int
    let samples: [HarnessSample]
    /// What answers are read by, in the order of the metrics.
    private let filters: [String]
    private let form: AnswerForm

    var name: String { task.task.name }
    var version: Int { task.task.version }
    var itemCount: Int { task.items.count }
    var answerer: ModelSide { condition.condition.answerer }

    /// nil where the task has no such condition.
    init?(_ task: TaskScores, _ name: String, _ readings: [ItemReading]?, _ report: RunReport) {
        guard let place = task.conditions.firstIndex(where: { $0.name == name }) else { return nil }
        self.task = task
        condition = task.conditions[place]
        originalCount = report.originalCounts[task.task.name] ?? task.items.count
        shots = report.configuration.evaluation.shots
        form = task.task.answer(report.configuration.evaluation.preset)
        var filters: [String] = []
        for filter in task.metrics.map(\.filter) where !filters.contains(filter) { filters.append(filter) }
        self.filters = filters
        let (condition, form) = (condition, form)
        samples = filters.flatMap { filter in
            task.items.enumerated().map { index, item in
                HarnessSample(
                    index: index, item: item, place: place, condition: condition, filter: filter, of: task, form: form,
                    reading: report.configuration.chat ? readings?[index] : nil,
                    bPrompt: report.configuration.evaluation.bPrompt)
            }
        }
    }

    var results: JSONValue {
        let figures = task.scores.filter { $0.condition == condition.condition }.flatMap { score in
            [
                JSONValue.Member(name: Metric.key(score.metric.name), value: .number(score.score.mean)),
                JSONValue.Member(
                    name: Metric.key(score.metric.name, "_stderr"), value: .optional(score.score.standardError)),
            ]
        }
        return .object(
            [
                .init(name: "alias", value: .string(name)), .init(name: "name", value: .string(name)),
                .init(name: "sample_len", value: .count(itemCount)),
            ] + figures)
    }

    var configuration: JSONValue {
        var members: [JSONValue.Member] = [
            .init(name: "task", value: .string(name)),
            .init(name: "output_type", value: .string(form == .choice ? "multiple_choice" : "generate_until")),
            .init(name: "num_fewshot", value: .count(shots)),
        ]
        if case .text(let limits) = form { members.append(.init(name: "generation_kwargs", value: limits.harnessJSON)) }
        members.append(.init(name: "metadata", value: .members(("version", .count(version)))))
        return .object(members)
    }

    var directions: JSONValue {
        var metrics: [Metric] = []
        for metric in task.metrics where !metrics.contains(where: { $0.baseName == metric.baseName }) {
            metrics.append(metric)
        }
        return .object(metrics.map { .init(name: $0.baseName, value: $0.direction) })
    }

    /// Of all samples, by their items, prompts and answers.
    var hash: String { ContentHasher.digest(of: samples.map(\.hashes).joined()).hex }
}

/// One line of a file of samples: an item's answer, read by one filter.
private struct HarnessSample {
    let json: JSONValue
    /// Of the item, its prompt and its target, one after the other.
    let hashes: String

    init(
        index: Int, item: ScoredItem, place: Int, condition: ConditionDefinition, filter: String, of task: TaskScores,
        form: AnswerForm, reading: ItemReading?, bPrompt: BPrompt
    ) {
        let answers = item.answers[place]
        let document = HarnessDocument(item.item)
        let role = condition.condition.prompt == .b ? bPrompt.role : condition.condition.prompt
        let prompt =
            reading.map { $0.prompts[$0.answers[place][0].prompt].text } ?? task.task.prompts(item.item)[role]
        let metrics = task.metrics.enumerated().filter {
            $0.element.filter == filter && answers.values[$0.offset] != nil
        }
        var arguments: [JSONValue.Member]
        var (responses, filtered): ([JSONValue], [JSONValue])
        if form == .choice {
            arguments = item.item.choices.enumerated().map { number, choice in
                .init(
                    name: "gen_args_\(number)",
                    value: .members(("arg_0", .string(prompt)), ("arg_1", .string(choice))))
            }
            // Whether a choice is what would be written is not asked for.
            filtered = answers.first.answer.likelihoods.map { .array([.string("\($0)"), .string("None")]) }
            responses = filtered.map { .array([$0]) }
        } else {
            var settings: JSONValue = .object([])
            if case .text(let limits) = form { settings = limits.harnessJSON }
            arguments = [
                .init(name: "gen_args_0", value: .members(("arg_0", .string(prompt)), ("arg_1", settings)))
            ]
            responses = [.array(answers.answers.map { .string($0.answer.text) })]
            let read = metrics.first?.element.filtered(answers.first.text) ?? answers.first.text
            filtered = [.string(read)]
        }
        let digests =
            [document.hash] + [prompt, document.target].map { ContentHasher.digest(of: $0).hex }
        hashes = digests.joined()
        json = .object(
            [
                .init(name: "doc_id", value: .count(index)), .init(name: "doc", value: document.json),
                .init(name: "target", value: .string(document.target)),
                .init(name: "arguments", value: .object(arguments)), .init(name: "resps", value: .array(responses)),
                .init(name: "filtered_resps", value: .array(filtered)), .init(name: "filter", value: .string(filter)),
                .init(name: "metrics", value: .array(metrics.map { .string($0.element.baseName) })),
                .init(name: "doc_hash", value: .string(digests[0])),
                .init(name: "prompt_hash", value: .string(digests[1])),
                .init(name: "target_hash", value: .string(digests[2])),
            ]
                + metrics.map { .init(name: $0.element.baseName, value: .optional(answers.values[$0.offset])) })
    }
}

/// An item as its data set has it: GSM8K's is the record itself, other tasks' what the run knows of it.
private struct HarnessDocument {
    let json: JSONValue
    let target: String

    init(_ item: TaskItem) {
        let question = JSONValue.Member(name: "question", value: .string(item.question))
        if let solution = item.solution {
            json = .object([question, .init(name: "answer", value: .string(solution))])
            target = solution
            return
        }
        var members = [JSONValue.Member(name: "id", value: .string(item.id)), question]
        if let group = item.group { members.append(.init(name: "subject", value: .string(group))) }
        if let context = item.context { members.append(.init(name: "context", value: .string(context))) }
        if !item.choices.isEmpty {
            members.append(.init(name: "choices", value: .array(item.choices.map(JSONValue.string))))
        }
        json = .object(members + [.init(name: "answers", value: .array(item.golds.map(JSONValue.string)))])
        target = item.golds.first ?? ""
    }

    var hash: String { ContentHasher.digest(of: json.pythonText).hex }
}

extension GenerationLimits {
    /// As the harness's task files have them.
    fileprivate var harnessJSON: JSONValue {
        .members(
            ("until", .array(stopStrings.map(JSONValue.string))), ("do_sample", .bool(false)),
            ("temperature", .count(0)), ("max_gen_toks", .count(maximumNewTokens)))
    }
}
