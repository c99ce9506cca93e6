import Datasets
package import Evaluation
import Foundation
import Run

extension TaskDefinition {
    /// GSM8K (Cobbe et al., 2021), the number read in the two ways of the language-model evaluation harness, and compared
    /// as a text, as the harness does, and as a number. Worked examples are those that the harness draws.
    ///
    /// `standard`: up to 256 new tokens, to the next `Question:` or to an end of text or turn that is written out, as the
    /// harness has them; `reference`: 10, whatever they are.
    package static let gsm8k = TaskDefinition(
        name: "gsm8k", version: 2, title: "GSM8K",
        fileHelp: "GSM8K's test file (JSON lines), or a folder that holds it",
        files: { try GSM8KFiles(path: $0).read(shots: $1) },
        read: { try GSM8KFiles.data(of: $0) },
        prompts: Prompts.questionAnswering,
        answer: { preset in
            switch preset {
            case .standard:
                .text(GenerationLimits(maximumNewTokens: 256, stopStrings: ["Question:", "</s>", "<|im_end|>"]))
            case .reference: .text(GenerationLimits(maximumNewTokens: 10))
            }
        },
        metrics: [.strictExactMatch, .flexibleExactMatch, .strictMatch, .flexibleMatch],
        train: TrainSplit(fileHelp: "GSM8K's train file", read: { try GSM8KFiles.data(of: $0) }))
}

/// The test file, and the one that worked examples come from.
struct GSM8KFiles {
    private let test: String

    /// - Parameter path: the test file; or a folder that holds one, by its name.
    init(path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            test = path
            return
        }
        let tests = try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0.contains("test") && ($0.hasSuffix(".jsonl") || $0.hasSuffix(".jsonl.gz")) }
        guard tests.count == 1 else {
            throw TaskSourceError.noFiles(
                task: "gsm8k", folder: path, expected: "file of one name with 'test' and .jsonl; name the file")
        }
        test = "\(path)/\(tests[0])"
    }

    /// The test file, behind it the train file where there are worked examples to be taken from it: the one of the same
    /// name with `train` in the place of `test`, or `train.jsonl`.
    func read(shots: Int) throws -> [String] {
        guard shots > 0, RunConfiguration.generated(test) == nil else { return [test] }
        let folder = (test as NSString).deletingLastPathComponent
        let name = (test as NSString).lastPathComponent
        let alike = name.replacing("test", with: "train")
        let names = (alike == name ? [] : [alike]) + ["train.jsonl"]
        let places = names.map { (folder as NSString).appendingPathComponent($0) }
        guard let train = places.first(where: FileManager.default.fileExists) else {
            throw TaskSourceError.noFiles(
                task: "gsm8k", folder: folder.isEmpty ? "." : folder,
                expected: "\(names[0]), for --shots \(shots)")
        }
        return [test, train]
    }

    /// The seed of the harness's draws, whatever the run's.
    private static let shotSeed: UInt64 = 1234

    /// The items, each with worked examples of its own: one generator for all of them draws an item's after the item's
    /// before, so that a run of some of the items has the examples of a run of all.
    static func data(of source: TaskSource) throws -> TaskData {
        guard source.generated == nil else { throw TaskSourceError.noGenerator(task: "gsm8k") }
        guard source.shots == 0 || source.files.count > 1 else {
            throw TaskSourceError.shots(task: "gsm8k", found: source.shots, expected: "no train file")
        }
        let test = try GSM8KDataset(file: source.file)
        guard source.shots > 0 else {
            return TaskData(items: test.items.map { item($0, preamble: nil) }, remarks: test.broken.remarks)
        }
        let train = try GSM8KDataset(file: source.files[1])
        guard train.items.count >= source.shots else {
            throw TaskSourceError.shots(
                task: "gsm8k", found: source.shots, expected: "\(train.items.count) worked examples")
        }
        var generator = MersenneTwister(seed: shotSeed)
        let items = test.items.map { question in
            let shots = generator.sample(of: train.items.count, count: source.shots).map { train.items[$0] }
            return item(question, preamble: shots.map(shot).joined())
        }
        return TaskData(items: items, remarks: test.broken.remarks + train.broken.remarks)
    }

    private static func item(_ item: GSM8KItem, preamble: String?) -> TaskItem {
        TaskItem(id: item.id, preamble: preamble, question: item.question, golds: [item.gold], solution: item.answer)
    }

    /// A worked example, with its solution.
    private static func shot(_ item: GSM8KItem) -> String {
        "Question: \(item.question)\n\(Prompts.cue) \(item.answer)\n\n"
    }
}
