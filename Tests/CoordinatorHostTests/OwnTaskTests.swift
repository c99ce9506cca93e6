import CPUDevice
import DemoAssets
import Evaluation
import Foundation
import Generation
import Run
import Tasks
import TestSupport
import Testing
import WorkerEngine

@testable import CoordinatorHost

/// A task is one value and a condition one line: nothing else has to know of them, from the file of items to the
/// files of results.
struct OwnTaskTests {
    /// Questions with four answers to choose from; of a line the subject, the question, the answers and the right one.
    private static let pets = TaskDefinition(
        name: "pets", title: "Pets", fileHelp: "file of questions, a line each",
        read: { source in
            let lines = try String(contentsOfFile: source.file, encoding: .utf8).split(separator: "\n")
            return TaskData(
                items: lines.enumerated().map { number, line in
                    let fields = line.split(separator: "|").map(String.init)
                    return TaskItem(
                        id: "pets-\(number)", group: fields[0], question: fields[1],
                        choices: fields[2..<6].map { " \($0)" }, golds: [" \(fields[6])"])
                },
                remarks: ["\(lines.count) questions on pets"])
        },
        prompts: { item in
            let question = "Question: \(item.question)\nAnswer:"
            return ItemPrompts(
                a: "On the \(item.group ?? ""). \(question)", both: question, question: question, cue: "Answer:")
        },
        answer: { _ in .choice },
        metrics: [Metric("acc", "accuracy") { answer, item in item.golds.contains(answer.text) ? 1 : 0 }])

    private static let echo = ConditionDefinition(Condition("a_reads", .a, reads: .a), "A alone, its own prompt")

    private static let lines = """
        farm|What does Vera keep in the garden?|goat|horse|cat|piano|goat
        farm|What does Tim keep?|a dog and a cat|horse|goat|hen|horse
        town|What does Clara play in the evening?|harp|the big drum|guitar|flute|harp
        town|Who feeds the cat?|Tim|Vera|Clara|nobody|Vera
        town|Who plays the harp?|Tim|Vera|Clara|nobody|Clara
        farm|What sleeps in the barn?|cow|horse|cat|hen|hen
        farm|Who has a horse?|Tim|Vera|Clara|nobody|Tim
        town|Where is the goat?|in the garden|at home|in town|there is none|in town
        town|When does Vera work?|on Monday|never|in the evening|at night|never
        """

    private let temporary: TemporaryFolder
    private var folder: URL { temporary.file("run") }

    init() throws { temporary = try TemporaryFolder() }

    private func inputs(_ endpoints: [EvaluationEndpoint] = EvaluationEndpoint.allCases) throws -> RunInputs {
        let file = temporary.file("pets.txt")
        try Data(Self.lines.utf8).write(to: file)
        var configuration = RunConfiguration(
            modelA: DemoAssets.modelA, modelB: DemoAssets.modelB, channels: [Channel(k: 4, j: 4)], operation: .sum,
            experiments: [.evaluate(task: "pets")], projection: .none)
        configuration.evaluation.files = ["pets": [file.path]]
        configuration.evaluation.endpoints = endpoints
        return try RunInputs(
            configuration, tasks: TaskDefinition.all + [Self.pets],
            conditions: Self.conditions, software: "1")
    }

    private func finished(_ inputs: RunInputs) throws -> FinishedRun {
        try InProcessRun(inputs, in: folder).finish()
    }

    private struct Sample: Decodable {
        struct Answer: Decodable {
            var answer: String
            var loglikelihoods: [Double]
            var acc: Double
            var answers: [Accuracy]?
        }

        struct Accuracy: Decodable {
            var acc: Double
        }

        var id: String
        var group: String
        var gold: [String]
        var conditions: [String: Answer]
    }

    /// By the items' numbers.
    private func samples() throws -> [Sample] {
        try String(contentsOf: folder.appendingPathComponent("samples_pets.jsonl"), encoding: .utf8)
            .split(separator: "\n").map { try JSONDecoder().decode(Sample.self, from: Data($0.utf8)) }
            .sorted { $0.id < $1.id }
    }

    private func object(_ data: Data) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func `a task of one value and a condition of one line run to the run's files`() throws {
        let inputs = try inputs()
        #expect(inputs.plan.stages.map(\.stage.rawValue) == ["pets"])
        let run = try finished(inputs)
        #expect(run.files.contains("samples_pets.jsonl"))
        let summary = run.summary(width: 80)
        #expect(summary.contains("Pets") && summary.contains("A alone, its own prompt"))

        let samples = try samples()
        let given = Self.lines.split(separator: "\n").map { $0.split(separator: "|").map(String.init) }
        #expect(samples.map(\.id) == given.indices.map { "pets-\($0)" })
        var right: [String: Double] = [:]
        for (sample, line) in zip(samples, given) {
            #expect(sample.group == line[0] && sample.gold == [" \(line[6])"])
            #expect(sample.conditions.keys.contains("a_reads") && sample.conditions.keys.contains("injected"))
            for (name, answer) in sample.conditions {
                let likelihoods = answer.loglikelihoods
                #expect(likelihoods.count == 4 && likelihoods.allSatisfy { $0 < 0 && $0.isFinite })
                let best = try #require(likelihoods.indices.max { likelihoods[$0] < likelihoods[$1] })
                #expect(answer.answer == " \(line[2 + best])", "\(name)")
                // Told other items' messages, what each answer is worth counts alike.
                let accuracies = answer.answers?.map(\.acc) ?? [line[2 + best] == line[6] ? 1 : 0]
                #expect(accuracies.count == (name == "other" ? 4 : 1))
                #expect(answer.acc == accuracies.reduce(0, +) / Double(accuracies.count), "\(name)")
                right[name, default: 0] += answer.acc
            }
        }

        let results = try object(try Data(contentsOf: folder.appendingPathComponent("results.json")))
        let scores = try #require((results["results"] as? [String: Any])?["pets"] as? [String: [String: Any]])
        #expect(Set(scores.keys) == Set(right.keys))
        for (name, score) in scores {
            #expect(score["n"] as? Int == given.count)
            #expect(abs((score["acc,none"] as? Double ?? .nan) - (right[name] ?? .nan) / Double(given.count)) < 1e-12)
        }
        let differences = try #require((results["differences"] as? [String: Any])?["pets"] as? [String: Any])
        #expect(differences.keys.contains("injected-a_reads"))
        #expect("\(results["remarks"] ?? "")".contains("\(given.count) questions on pets"))
        let report = try String(contentsOf: folder.appendingPathComponent("report.md"), encoding: .utf8)
        #expect(report.contains("Pets") && report.contains("accuracy") && report.contains("A alone, its own prompt"))
    }

    private static let conditions = ConditionTable(ConditionTable.standard.definitions + [echo])

    private func again() throws -> FinishedRun {
        try FinishedRun(
            again: RunFolder(folder), software: "1", tasks: TaskDefinition.all + [Self.pets],
            conditions: Self.conditions)
    }

    private func contents() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            contents[name] = try Data(contentsOf: folder.appendingPathComponent(name))
        }
        return contents
    }

    @Test func `a finished run's files are made again from its folder, to the same bytes`() throws {
        let first = try finished(try inputs())
        let files = try contents()
        try FileManager.default.removeItem(at: temporary.file("pets.txt"))
        for name in ["report.html", "report.md", "results.json", "samples_pets.jsonl", "summary.txt", "config.yaml"] {
            try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
        let second = try again()
        #expect(second.summary(width: 80) == first.summary(width: 80) && second.files == first.files)
        #expect(try contents() == files)
    }

    @Test func `a report is made again of nothing but what the run wrote`() throws {
        func message() throws -> String { "\(try #require(#expect(throws: HostError.self) { try again() }))" }
        #expect(try message().contains("not the folder of a run"))
        let inputs = try inputs()
        try RunFolder(folder).create()
        try inputs.manifest.write(to: RunFolder(folder))
        #expect(try message().contains("the run is not finished"))
        _ = try finished(inputs)
        let file = folder.appendingPathComponent("inputs.json")
        let content = try Data(contentsOf: file)
        try Data(String(decoding: content, as: UTF8.self).replacing("horse", with: "house").utf8).write(to: file)
        #expect(try message().hasPrefix("\(file.path): not what the run wrote; "))
        // Results that are gone are not made up.
        try content.write(to: file)
        try FileManager.default.removeItem(at: folder.appendingPathComponent("journal"))
        #expect(try message().contains("its results or inputs.json are gone"))
    }

    @Test func `a choice's likelihood is what its model gives it after the condition's prompt`() throws {
        _ = try finished(try inputs())
        let items = try Self.pets.read(TaskSource(files: [temporary.file("pets.txt").path])).items
        for (name, path, role) in [
            ("a_reads", DemoAssets.modelA, PromptRole.a), ("a_full", DemoAssets.modelA, .both),
            ("b_full", DemoAssets.modelB, .both), ("no_context", DemoAssets.modelB, .cue),
        ] {
            let model = try LoadedModel(path: path, on: try CPUDevice(threads: 1), computeType: .bfloat16)
            for (item, sample) in zip(items, try samples()) {
                let prompt = Self.pets.prompts(item)[role]
                let defined = try Generator(model: model.model).likelihoods([
                    LikelihoodRequest(
                        tokens: try model.tokens(ofPrompt: prompt),
                        continuations: try model.tokens(ofChoices: item.choices, after: prompt))
                ])
                #expect(sample.conditions[name]?.loglikelihoods == defined[0], "\(name) \(item.id)")
            }
        }
    }

    @Test func `of the right choice alone the likelihood is asked where nothing is chosen`() throws {
        _ = try finished(inputs())
        func results() throws -> [String: Any] {
            let file = try object(Data(contentsOf: folder.appendingPathComponent("results.json")))
            return try #require((file["results"] as? [String: Any])?["pets"] as? [String: Any])
        }
        let both = try #require(try results()["injected"] as? [String: Any])
        try FileManager.default.removeItem(at: folder)
        _ = try finished(inputs([.likelihood]))
        let alone = try #require(try results()["injected"] as? [String: Any])
        #expect(both["acc,none"] != nil && alone["acc,none"] == nil)
        let name = "gold_logprob,none"
        let value = try #require(alone[name] as? Double)
        #expect(value < 0 && value == both[name] as? Double)
        let samples = try String(contentsOf: folder.appendingPathComponent("samples_pets.jsonl"), encoding: .utf8)
        #expect(!samples.contains("\"loglikelihoods\""))
    }

    @Test func `each condition has a say of its own on the choices`() throws {
        _ = try finished(try inputs())
        let conditions = try #require(try samples().first).conditions
        let names = ["b_full", "injected", "random", "other", "a_full", "a_reads", "no_context"]
        #expect(Set(names.map { conditions[$0]?.loglikelihoods }).count == names.count)
    }
}
