import Datasets
import Evaluation
import Run

/// An item of a coordination game: A has the facts, B the question.
struct GameItem: Hashable, Sendable {
    var id: String
    var promptA: String
    /// With the beginning of an answer, so that the name comes next: a model that is asked and no more writes a newline
    /// or a sentence first.
    var promptB: String
    var answer: String
    /// Items that stand together, such as those of one country; nil where it stands alone.
    var cluster: String?

    /// As a task's: A's facts are the context, B's prompt the question.
    var taskItem: TaskItem {
        TaskItem(id: id, cluster: cluster, context: promptA, question: promptB, golds: [answer])
    }
}

/// What the two games have in common.
enum Game {
    static let fileHelp = "JSON lines with prompt_A, prompt_B and y or label, or generated:N for N new items"

    /// A's facts, B's question, and both where one model has them (the paper's skyline).
    static func prompts(_ item: TaskItem) -> ItemPrompts {
        let facts = item.context ?? ""
        return ItemPrompts(
            a: facts, b: item.question, both: facts + "\n" + item.question, question: item.question, cue: Prompts.cue)
    }

    /// A file's prompt of B with the cue behind it, where it does not end with one of its own.
    static func cued(_ prompt: String) -> String { prompt.hasSuffix(":") ? prompt : prompt + "\n" + Prompts.cue }

    /// The items of a file, or new ones.
    static func read(
        _ source: TaskSource, task: String, capacity: Int, generate: (Int, UInt64) -> [GameItem]
    ) throws -> TaskData {
        guard let wanted = source.generated else {
            let dataset = try GameDataset(file: source.plainFile(of: task))
            return TaskData(
                items: dataset.items.map {
                    TaskItem(
                        id: $0.id, cluster: $0.cluster, context: $0.promptA, question: cued($0.promptB),
                        golds: [$0.answer])
                }, remarks: dataset.broken.remarks)
        }
        guard let count = Int(wanted), (1...capacity).contains(count) else {
            throw TaskSourceError.generated(task: task, found: wanted, capacity: capacity)
        }
        return TaskData(
            items: generate(count, source.seed).map(\.taskItem),
            remarks: ["\(task): \(count) items made by the program, with seed \(source.seed)"])
    }

    /// To the newline; `reference`: as many tokens as KVComm lets B write.
    static func answer(reference tokens: Int) -> @Sendable (EvaluationProtocol) -> AnswerForm {
        { preset in
            .text(
                preset == .standard
                    ? GenerationLimits(maximumNewTokens: 16, stopStrings: ["\n"])
                    : GenerationLimits(maximumNewTokens: tokens))
        }
    }
}
