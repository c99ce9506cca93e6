import Evaluation
import Foundation
import Run
import TestSupport
import Testing

@testable import Tasks

/// A task of the user's own: a YAML file and JSON lines.
struct OwnTaskFileTests {
    private let scratch: TemporaryFolder
    private static let yaml = """
        name: pets
        items: pets.jsonl
        id: id
        prompts:
          a: "{facts}"
          b: "{question}\\nAnswer:"
          both: "{facts} {question}\\nAnswer:"
        golds: answer
        """
    private static let lines = """
        {"id": "p1", "facts": "Tim has a cat.", "question": "What has Tim?", "answer": "cat", "other": ["cat", "dog"]}
        {"id": "p2", "facts": "Vera has 2 dogs.", "question": "How many?", "answer": [2, "two"], "other": ["2", "3"]}
        """

    init() throws { scratch = try TemporaryFolder() }

    private func definition(_ yaml: String) throws -> TaskDefinition {
        let url = scratch.file("pets.yaml")
        try yaml.write(to: url, atomically: true, encoding: .utf8)
        return try TaskDefinition(ownFile: url.path)
    }

    private func items(_ task: TaskDefinition, _ lines: String = lines) throws -> [TaskItem] {
        try lines.write(to: scratch.file("pets.jsonl"), atomically: true, encoding: .utf8)
        let files = try task.files(scratch.file("pets.yaml").path, 0)
        return try task.read(TaskSource(files: [files[0], files[1]])).items
    }

    @Test func `prompts are made of the fields`() throws {
        let task = try definition(Self.yaml)
        let items = try items(task)
        #expect(items.map(\.id) == ["p1", "p2"] && items.map(\.golds) == [["cat"], ["2", "two"]])
        let prompts = task.prompts(items[0])
        #expect(
            prompts
                == ItemPrompts(
                    a: "Tim has a cat.", b: "What has Tim?\nAnswer:", both: "Tim has a cat. What has Tim?\nAnswer:",
                    question: "What has Tim?\nAnswer:", cue: "Answer:"))
        #expect(task.answer(.standard) == .text(GenerationLimits(maximumNewTokens: 32, stopStrings: ["\n"])))
        #expect(task.metrics.map(\.name) == ["exact_match"] && task.title == "pets")
    }

    @Test func `answers are chosen where the file names choices`() throws {
        let task = try definition(Self.yaml + "\nchoices: other\nmetrics: [acc, acc_norm]\n")
        let lines = Self.lines.replacing(#"[2, "two"]"#, with: "2")
        let items = try items(task, lines)
        #expect(items[1].choices == [" 2", " 3"] && items[1].golds == [" 2"])
        #expect(task.answer(.standard) == .choice)
    }

    @Test(arguments: [
        ("golds: answer", "gold: answer", "unknown key 'gold', did you mean 'golds'?"),
        ("golds: answer", "golds: answer\nmetrics: [acc]", "'acc' does not score written answers"),
        ("golds: answer", "golds: answer\nchoices: other\nmetrics: f1", "'f1' does not score choices"),
        ("golds: answer", "golds: answer\nchoices: other\nstop: ['.']", "stop: expected no such key beside 'choices'"),
        ("golds: answer", "golds: answer\nmax-new-tokens: 0", "max-new-tokens: expected 1 to 4096, found '0'"),
        ("golds: answer", "", "missing key 'golds'"),
        ("  a: \"{facts}\"\n", "", "missing key 'prompts.a'"),
        ("  a: \"{facts}\"", "  aa: \"{facts}\"", "unknown key 'prompts.aa', did you mean 'a'?"),
        ("{facts}\"", "{facts\"", "prompts.a: a brace stands alone"),
        ("name: pets", "name: squad", "no other task's"), ("name: pets", "name: Pets!", "lower-case letters"),
        ("name: pets", "- pets", "block collection"),
    ])
    func `a description that is wrong is refused with its key`(part: String, other: String, words: String) throws {
        let error = try #require(throws: OwnTaskError.self) {
            try definition(Self.yaml.replacing(part, with: other, maxReplacements: 1))
        }
        #expect("\(error)".contains(words) && "\(error)".contains("pets.yaml"), "\(error)")
    }

    @Test(arguments: [
        ("\"facts\": \"Vera has 2 dogs.\", ", "", "line 2: field 'facts': missing, and prompt 'a' needs it"),
        ("\"id\": \"p2\"", "\"id\": \"p1\"", "line 2: the id 'p1' stands on line 1 as well"),
        ("\"id\": \"p2\", ", "", "line 2: field 'id': expected a text"),
        ("[\"2\", \"3\"]", "[\"2\"]", "line 2: field 'other': expected at least two choices, found 1"),
        ("\"answer\": \"cat\"", "\"answer\": \"cow\"", "line 1: field 'answer': 'cow' is none of the choices"),
        ("\"answer\": \"cat\"", "\"answer\": {}", "line 1: field 'answer': missing"),
        ("{\"id\": \"p2\"", "{id", "line 2"),
    ])
    func `an item that is wrong is refused with its line`(part: String, other: String, words: String) throws {
        let task = try definition(Self.yaml + "\nchoices: other\n")
        let lines = Self.lines.replacing(#"[2, "two"]"#, with: "2").replacing(part, with: other, maxReplacements: 1)
        let error = try #require(throws: (any Error).self) { try items(task, lines) }
        #expect("\(error)".contains(words) && "\(error)".contains("pets.jsonl"), "\(error)")
    }

    @Test func `braces are written twice`() throws {
        let template = try #require(ItemTemplate("{{x}} is {a}"))
        #expect(template.fields == ["a"])
        for broken in ["{", "}", "{}", "a}b", "{a{b}}"] { #expect(ItemTemplate(broken) == nil, "\(broken)") }
    }

    @Test func `a task is made again of what its file said, where the file is gone`() throws {
        let task = try definition(Self.yaml)
        let items = try items(task)
        let source = try #require(task.source)
        #expect(source == Self.yaml)
        let again = try TaskDefinition(ownSource: source, file: "kept")
        #expect((again.name, again.title, again.metrics) == (task.name, task.title, task.metrics))
        #expect(items.allSatisfy { again.prompts($0) == task.prompts($0) })
        #expect(throws: OwnTaskError.self) { try TaskDefinition(ownSource: "name: [", file: "kept") }
    }

    @Test func `the example that comes with the project is one`() throws {
        let file = Repository.root.appendingPathComponent("docs/examples/relatives.yaml").path
        let task = try TaskDefinition(ownFile: file)
        let items = try task.read(TaskSource(files: task.files(file, 0))).items
        #expect(task.name == "relatives" && items.count == 12 && Set(items.map(\.cluster)).count == 6)
        #expect(items[0].golds == ["Anna", "Anna Brandt"])
    }

    @Test func `items to learn from stand in a file of their own, beside the description`() throws {
        #expect(try definition(Self.yaml).train == nil)
        let task = try definition(Self.yaml + "\ntrain: others.jsonl\n")
        let train = try #require(task.train)
        #expect(task.trainName == "pets-train")
        let file = scratch.file("others.jsonl")
        try Self.lines.write(to: file, atomically: true, encoding: .utf8)
        let files = try train.files("")
        #expect(files == [scratch.file("pets.yaml").path, file.path])
        let items = try train.read(TaskSource(files: files)).items
        #expect(items.map { task.prompts($0).both }.first == "Tim has a cat. What has Tim?\nAnswer:")
        try Data("{}".utf8).write(to: file)
        let error = try #require(throws: OwnTaskError.self) { try train.read(TaskSource(files: files)) }
        #expect("\(error)".contains("others.jsonl, line 1"), "\(error)")
    }
}
