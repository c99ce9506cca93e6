package import Run

/// A task as a value: its data, prompts, answers and metrics. Flags, stages, titles and file names follow from it, so
/// a task is one file (`Tasks/`) and a line in the list of all.
package struct TaskDefinition: Sendable {
    /// In flags, stages and files' names: lower-case letters, digits, `-` and `_`; no other task's or stage's.
    package var name: String
    /// Goes up where prompts, answers or metrics change, so that figures of two versions are not held side by side.
    package var version: Int
    /// What people call it.
    package var title: String
    /// What the file of `--NAME` is, for its help.
    package var fileHelp: String
    /// The files that a path given for the task stands for, with so many worked examples asked for: itself, where the
    /// task says nothing else.
    package var files: @Sendable (_ path: String, _ shots: Int) throws -> [String]
    /// Reads the items.
    package var read: @Sendable (TaskSource) throws -> TaskData
    /// What the models read of an item.
    package var prompts: @Sendable (TaskItem) -> ItemPrompts
    /// What an answer is, and where it ends.
    package var answer: @Sendable (EvaluationProtocol) -> AnswerForm
    /// What answers are scored by, in the order in which they are reported; at least one.
    package var metrics: [Metric]
    /// What W may learn from in place of plain texts; nil where the task has no such items.
    package var train: TrainSplit?
    /// The text that describes it, of a task of the user's own; nil for one of the program's.
    package var source: String?

    /// The train split's name, in `--fit-on`, and as the flag of its file.
    package var trainName: String { name + "-train" }

    package init(
        name: String, version: Int = 1, title: String, fileHelp: String,
        files: @escaping @Sendable (String, Int) throws -> [String] = { path, _ in [path] },
        read: @escaping @Sendable (TaskSource) throws -> TaskData,
        prompts: @escaping @Sendable (TaskItem) -> ItemPrompts,
        answer: @escaping @Sendable (EvaluationProtocol) -> AnswerForm, metrics: [Metric], train: TrainSplit? = nil,
        source: String? = nil
    ) {
        self.name = name
        self.version = version
        self.title = title
        self.fileHelp = fileHelp
        self.files = files
        self.read = read
        self.prompts = prompts
        self.answer = answer
        self.metrics = metrics
        self.train = train
        self.source = source
    }
}

/// A task's train items, of the same form as those that it asks.
package struct TrainSplit: Sendable {
    /// What the file of `--NAME-train` is, for its help; nil where the file that describes the task names it.
    package var fileHelp: String?
    /// The files that a path stands for.
    package var files: @Sendable (_ path: String) throws -> [String]
    /// Reads the items, without worked examples.
    package var read: @Sendable (TaskSource) throws -> TaskData

    package init(
        fileHelp: String?, files: @escaping @Sendable (String) throws -> [String] = { [$0] },
        read: @escaping @Sendable (TaskSource) throws -> TaskData
    ) {
        self.fileHelp = fileHelp
        self.files = files
        self.read = read
    }
}

/// What a file of items holds.
package struct TaskData: Sendable {
    /// In the file's order.
    package var items: [TaskItem]
    /// What a reader of the figures must know of the file.
    package var remarks: [String]

    package init(items: [TaskItem], remarks: [String] = []) {
        self.items = items
        self.remarks = remarks
    }
}

/// A question with its right answers, from whichever data set.
package struct TaskItem: Codable, Hashable, Sendable {
    /// Unique within its task.
    package let id: String
    /// What it belongs to, such as a subject; nil where the task has no such groups.
    package let group: String?
    /// Items of one cluster are no independent evidence, such as the questions on one paragraph; nil where an item
    /// stands alone.
    package let cluster: String?
    /// What stands before the question in every prompt: instructions, worked examples; nil for nothing.
    package let preamble: String?
    /// The text that holds the answer; nil where the question is complete without one.
    package let context: String?
    package let question: String
    /// The texts among which an answer is chosen; empty where it is written.
    package let choices: [String]
    /// The answers that count as right: texts (of GSM8K the number, alone), or the right choice's.
    package let golds: [String]
    /// The whole right answer as the data set writes it, where that is more than a gold: GSM8K's solution.
    package let solution: String?
    /// What the models read of it, where that came with it; nil where the task makes it of the parts.
    package let prompts: ItemPrompts?

    /// - Parameter cluster: nil for the group.
    package init(
        id: String, group: String? = nil, cluster: String? = nil, preamble: String? = nil, context: String? = nil,
        question: String,
        choices: [String] = [], golds: [String], solution: String? = nil, prompts: ItemPrompts? = nil
    ) {
        self.id = id
        self.group = group
        self.cluster = cluster ?? group
        self.preamble = preamble
        self.context = context
        self.question = question
        self.choices = choices
        self.golds = golds
        self.solution = solution
        self.prompts = prompts
    }
}

/// What the models read of one item: see ``Run/PromptRole``.
package struct ItemPrompts: Codable, Hashable, Sendable {
    package var a: String
    package var b: String
    package var both: String
    package var question: String
    package var cue: String

    /// - Parameter b: what B reads while it is told something; nil for `both`.
    package init(a: String, b: String? = nil, both: String, question: String, cue: String) {
        self.a = a
        self.b = b ?? both
        self.both = both
        self.question = question
        self.cue = cue
    }

    package subscript(role: PromptRole) -> String {
        switch role {
        case .a, .other: a
        case .b: b
        case .both: both
        case .question: question
        case .cue: cue
        }
    }
}
