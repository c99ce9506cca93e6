import Datasets
package import Evaluation
import Foundation
import PlainText
import Run

extension TaskDefinition {
    /// MMLU (Hendrycks et al., 2021) by the log-likelihood of the answers' letters, worded and cut as the language-model
    /// evaluation harness's `mmlu`. A subject is a group; worked examples are the first ones of its dev file.
    package static let mmlu = mmlu(
        "mmlu", "MMLU", by: "the letters' log-likelihood", letters: true, answer: .choice, metrics: [.accuracy])

    /// The same by the log-likelihood of the answers' texts, as the harness's `mmlu_continuation`.
    package static let mmluContinuation = mmlu(
        "mmlu_continuation", "MMLU by texts", by: "the answers' texts' log-likelihood", letters: false,
        answer: .choice, metrics: [.accuracy, .accuracyByLength])

    /// The same by what the model writes, to the newline, as the harness's `mmlu_generative`.
    package static let mmluGenerative = mmlu(
        "mmlu_generative", "MMLU, written", by: "what is written", letters: true,
        answer: .text(GenerationLimits(maximumNewTokens: 256, stopStrings: ["</s>", "\n"])), metrics: [.letter])

    private static func mmlu(
        _ name: String, _ title: String, by what: String, letters: Bool, answer: AnswerForm, metrics: [Metric]
    ) -> TaskDefinition {
        let wording = MMLUWording(letters: letters, isChoice: answer == .choice)
        return TaskDefinition(
            name: name, title: title,
            fileHelp: "MMLU's folder (test/, dev/) or a subject's test file, answered by \(what)",
            files: { try MMLUFiles(path: $0, task: name).read(shots: $1) },
            read: { try MMLUFiles.data(of: $0, task: name, wording: wording) },
            prompts: MMLUWording.prompts, answer: { _ in answer }, metrics: metrics,
            train: TrainSplit(
                fileHelp: "MMLU's files to learn from: one, a folder of them, or one whose dev/ is that",
                files: { try MMLUFiles(trainPath: $0, task: name).read(shots: 0) },
                read: { try MMLUFiles.data(of: $0, task: name, wording: wording) }))
    }
}

/// How questions and answers of MMLU are put.
struct MMLUWording {
    /// Whether the choices are listed and named by letters.
    var letters: Bool
    var isChoice: Bool

    static let letters = ["A", "B", "C", "D"]

    func item(_ item: MMLUItem, id: String, subject: String, preamble: String) -> TaskItem {
        let answers = letters ? Self.letters : item.choices
        let choices = isChoice ? answers.map { " \($0)" } : []
        return TaskItem(
            id: id, group: subject, preamble: preamble, question: question(item), choices: choices,
            golds: [isChoice ? choices[item.answer] : answers[item.answer]])
    }

    /// Of a worked example, with its answer.
    func shot(_ item: MMLUItem) -> String {
        question(item) + " " + (letters ? Self.letters : item.choices)[item.answer] + "\n\n"
    }

    /// Up to the cue.
    private func question(_ item: MMLUItem) -> String {
        let question = item.question.strippedAsPython()
        guard letters else { return "Question: \(question)\n\(Prompts.cue)" }
        let listed = zip(Self.letters, item.choices).map { "\($0). \($1)\n" }
        return question + "\n" + listed.joined() + Prompts.cue
    }

    func description(of subject: String) -> String {
        "The following are \(letters ? "multiple choice " : "")questions (with answers) about "
            + "\(subject.replacing("_", with: " ")).\n\n"
    }

    /// A and B read the same, as in the paper (section 4.2).
    static func prompts(_ item: TaskItem) -> ItemPrompts {
        let full = (item.preamble ?? "") + item.question
        return ItemPrompts(a: full, both: full, question: item.question, cue: Prompts.cue)
    }
}

/// The subjects' files.
struct MMLUFiles {
    /// In the subjects' order.
    private let tests: [String]
    private let task: String

    /// - Parameter path: a subject's test file; or a folder of them, or one whose `test/` is that.
    init(path: String, task: String) throws {
        self.task = task
        guard Self.isFolder(path) else {
            tests = [path]
            return
        }
        let inner = path + "/test"
        let folder = Self.isFolder(inner) ? inner : path
        tests = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix("_test.csv") }.sorted().map { "\(folder)/\($0)" }
        guard !tests.isEmpty else {
            throw TaskSourceError.noFiles(task: task, folder: path, expected: "test/SUBJECT_test.csv")
        }
    }

    /// - Parameter path: a file; or a folder of them (`auxiliary_train/`, `val/`), or one whose `dev/` is that.
    init(trainPath path: String, task: String) throws {
        self.task = task
        guard Self.isFolder(path) else {
            tests = [path]
            return
        }
        let inner = path + "/dev"
        let folder = Self.isFolder(inner) ? inner : path
        tests = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".csv") && !$0.hasSuffix("_test.csv") }.sorted().map { "\(folder)/\($0)" }
        guard !tests.isEmpty else {
            throw TaskSourceError.noFiles(task: task + "-train", folder: path, expected: "dev/SUBJECT_dev.csv")
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Each subject's test file, behind it its dev file where there are worked examples to be taken from it.
    func read(shots: Int) throws -> [String] {
        guard shots > 0 else { return tests }
        return try tests.flatMap { test in
            let subject = MMLUDataset.subject(of: test)
            let folder = (test as NSString).deletingLastPathComponent
            let places = ["\(folder)/\(subject)_dev.csv", "\(folder)/../dev/\(subject)_dev.csv"]
            guard let dev = places.first(where: FileManager.default.fileExists) else {
                throw TaskSourceError.noFiles(
                    task: task, folder: folder, expected: "\(subject)_dev.csv, here or in ../dev, for --shots \(shots)")
            }
            return [test, dev]
        }
    }

    /// The items of all subjects, one after the other.
    static func data(of source: TaskSource, task: String, wording: MMLUWording) throws -> TaskData {
        guard source.generated == nil else { throw TaskSourceError.noGenerator(task: task) }
        var items: [TaskItem] = []
        // One file for each subject, or two.
        for place in stride(from: 0, to: source.files.count, by: source.shots > 0 ? 2 : 1) {
            let test = try MMLUDataset(file: source.files[place])
            var preamble = wording.description(of: test.subject)
            if source.shots > 0 {
                let dev = try MMLUDataset(file: source.files[place + 1]).items
                guard dev.count >= source.shots else {
                    throw TaskSourceError.shots(
                        task: task, found: source.shots, expected: "\(dev.count) worked examples of \(test.subject)")
                }
                preamble += dev.prefix(source.shots).map(wording.shot).joined()
            }
            items += test.items.enumerated().map { number, item in
                wording.item(item, id: "\(test.subject)-\(number)", subject: test.subject, preamble: preamble)
            }
        }
        return TaskData(items: items)
    }
}
