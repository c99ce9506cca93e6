import Datasets
import Evaluation
import PlainText
import Run

/// What W learns from in place of plain texts: the prompts of a task's train split.
extension RunInputs {
    /// The prompts, and how they are read; nil where W learns from plain texts, or from nothing.
    ///
    /// A text is an item's whole prompt, what A knows and what B is asked in one, without worked examples: both models
    /// read it, so that W maps what A makes of it to what B makes of it. Of the split's items those are taken that come
    /// first in an order drawn by the seed.
    /// - Parameter tasks: none of whose items may be among them.
    static func trainPrompts(
        _ configuration: RunConfiguration, _ known: [TaskDefinition], beside tasks: [TaskInputs],
        _ readers: ModelReaders, _ unreadable: inout UnreadableTexts, _ remarks: inout [String]
    ) throws -> (texts: [String], reading: RunManifest.PromptReading)? {
        let training = configuration.training
        guard configuration.experiments.contains(.projection), let name = training.fitOn else { return nil }
        guard let task = known.first(where: { $0.trainName == name }), let split = task.train else {
            throw HostError.unknownTrainSplit(name, known: known.filter { $0.train != nil }.map(\.trainName))
        }
        guard !training.files.isEmpty else { throw HostError.missingFile(flag: "--\(name)", experiment: .projection) }
        let source = TaskSource(files: training.files, seed: configuration.seed)
        let data = try split.read(source)
        remarks += data.remarks
        let positions = (configuration.positions ?? TokenPositions()).ofLearning
        var generator = NamedGenerator(seed: configuration.seed, purpose: "train items", key: task.name)
        let wanted = training.rows + (training.heldOut ?? training.rows / 10)
        var chosen: [(item: TaskItem, text: String)] = []
        for place in generator.permutation(of: data.items.count) where chosen.count < wanted {
            let item = data.items[place]
            let text = task.prompts(item).both
            if let flaw = readers.flaw(ofPrompt: text, at: positions) {
                try unreadable.passOver("item \(item.id)", of: source.files.last ?? "", cause: flaw)
            } else {
                chosen.append((item, text))
            }
        }
        let needed = training.rows + (training.heldOut ?? 0)
        guard chosen.count >= needed else {
            throw HostError.tooFewTrainItems(split: name, found: chosen.count, wanted: needed)
        }
        try check(chosen.map(\.item), of: task, areNotAskedIn: tasks)
        remarks.append(
            "W learned from \(Quantities.count(training.rows)) prompts of \(name), as the models read them; none is an "
                + "item that is evaluated")
        return (
            chosen.map(\.text),
            RunManifest.PromptReading(
                answerTokens: readers.answerTokens(
                    of: task.answer(configuration.evaluation.preset), choices: chosen.flatMap(\.item.choices)),
                chat: configuration.chat, settings: configuration.reading, positions: positions.description)
        )
    }

    /// Refuses train items that are asked as well: a W that has learned from an item's prompt is no measure of what it
    /// says of others. An item is known by what is read of it, whatever its id, its file and its worked examples.
    private static func check(
        _ items: [TaskItem], of task: TaskDefinition, areNotAskedIn tasks: [TaskInputs]
    ) throws(HostError) {
        var asked: [ExactText: (task: String, item: String)] = [:]
        for inputs in tasks {
            for item in inputs.items {
                asked[content(of: item, in: inputs.task)] = (inputs.task.name, item.id)
            }
        }
        let common = items.compactMap { item in asked[content(of: item, in: task)].map { (item.id, $0) } }
        guard let (item, other) = common.first else { return }
        throw .evaluatedTrainItem(
            split: task.trainName, item: item, task: other.task, asked: other.item, others: common.count - 1)
    }

    /// What is read of an item, what stands before its question apart.
    private static func content(of item: TaskItem, in task: TaskDefinition) -> ExactText {
        ExactText(task.prompts(item.withoutPreamble).both)
    }
}

extension TaskItem {
    /// The same with nothing before the question.
    fileprivate var withoutPreamble: TaskItem {
        TaskItem(
            id: id, group: group, cluster: cluster, context: context, question: question, choices: choices,
            golds: golds, solution: solution, prompts: prompts)
    }
}
