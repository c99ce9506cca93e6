import Evaluation
import Foundation
import Run
import TestSupport
import Testing

@testable import Tasks

/// MMLU as the language-model evaluation harness words it.
struct MMLUTests {
    private let scratch: TemporaryFolder

    init() throws {
        scratch = try TemporaryFolder()
        for folder in ["test", "dev"] {
            try FileManager.default.createDirectory(at: scratch.file(folder), withIntermediateDirectories: true)
        }
        try write("test/formal_logic_test.csv", " What follows? ,one,two,three,four,C\nAnd now?,p,q,r,s,A\n")
        try write("test/world_religions_test.csv", "Who?,a,b,c,d,D\n")
        try write("dev/formal_logic_dev.csv", "First?,e,f,g,h,B\nSecond?,i,j,k,l,D\n")
        try write("dev/world_religions_dev.csv", "Third?,m,n,o,p,A\n")
    }

    private func write(_ name: String, _ text: String) throws {
        try text.write(to: scratch.file(name), atomically: true, encoding: .utf8)
    }

    private func items(_ task: TaskDefinition, shots: Int = 0, _ path: String = "") throws -> [TaskItem] {
        let files = try task.files(scratch.file(path).path, shots)
        return try task.read(TaskSource(files: files, shots: shots)).items
    }

    @Test func `prompts and choices are the harness's`() throws {
        let items = try items(.mmlu)
        #expect(items.map(\.id) == ["formal_logic-0", "formal_logic-1", "world_religions-0"])
        #expect(items.map(\.group) == ["formal_logic", "formal_logic", "world_religions"])
        #expect(items[0].choices == [" A", " B", " C", " D"] && items[0].golds == [" C"])
        let prompts = TaskDefinition.mmlu.prompts(items[0])
        #expect(
            prompts.both == """
                The following are multiple choice questions (with answers) about formal logic.

                What follows?
                A. one
                B. two
                C. three
                D. four
                Answer:
                """)
        #expect(prompts.a == prompts.both && prompts.b == prompts.both && prompts.cue == "Answer:")
    }

    @Test func `worked examples are the first ones of the subject's dev file`() throws {
        let items = try items(.mmlu, shots: 1)
        #expect(
            TaskDefinition.mmlu.prompts(items[1]).both == """
                The following are multiple choice questions (with answers) about formal logic.

                First?
                A. e
                B. f
                C. g
                D. h
                Answer: B

                And now?
                A. p
                B. q
                C. r
                D. s
                Answer:
                """)
        #expect(throws: TaskSourceError.self) { try self.items(.mmlu, shots: 2) }
    }

    @Test func `the choices' texts have a wording of their own`() throws {
        let items = try items(.mmluContinuation)
        #expect(items[0].choices == [" one", " two", " three", " four"] && items[0].golds == [" three"])
        #expect(
            TaskDefinition.mmluContinuation.prompts(items[0]).both == """
                The following are questions (with answers) about formal logic.

                Question: What follows?
                Answer:
                """)
        // Of " p" and " qqqq" at -1 and -2 the second is likelier for its length.
        let item = TaskItem(id: "1", question: "?", choices: [" p", " qqqq"], golds: [" qqqq"])
        let read = ReadAnswer(text: " p", likelihoods: [-1, -2])
        #expect(TaskDefinition.mmluContinuation.metrics.map { $0.value(read, item) } == [0, 1])
    }

    @Test(arguments: [
        ("B", 1.0), ("b", 1), ("(B)", 1), ("B.", 1), ("The answer is B", 1), ("answer: (B).", 1), ("Option B", 1),
        ("B\nC", 1), ("C", 0), ("B. four", 0), ("AB", 0), ("", 0), ("Because", 0),
    ])
    func `a written letter is found where the harness finds it`(text: String, score: Double) {
        let item = TaskItem(id: "1", question: "?", golds: ["B"])
        #expect(TaskDefinition.mmluGenerative.metrics[0].value(ReadAnswer(text: text), item) == score)
    }

    @Test func `a folder without tests, and a subject without its dev file, are named`() throws {
        let empty = try #require(throws: TaskSourceError.self) { try items(.mmlu, "dev/../..") }
        #expect("\(empty)".contains("test/SUBJECT_test.csv"))
        try FileManager.default.removeItem(at: scratch.file("dev/world_religions_dev.csv"))
        let error = try #require(throws: TaskSourceError.self) { try items(.mmlu, shots: 1) }
        #expect("\(error)".contains("world_religions_dev.csv"))
    }

    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `all 57 subjects are read`() throws {
        let files = try TaskDefinition.mmlu.files(SharedData.path("mmlu").path, 5)
        let items = try TaskDefinition.mmlu.read(TaskSource(files: files, shots: 5)).items
        #expect(items.count == 14_042 && Set(items.map(\.group)).count == 57)
    }

    @Test(arguments: ["", "dev", "dev/world_religions_dev.csv"])
    func `what W may learn from are dev files, each question with its subject's description alone`(path: String) throws
    {
        let train = try #require(TaskDefinition.mmlu.train)
        let items = try train.read(TaskSource(files: train.files(scratch.file(path).path))).items
        #expect(
            items.map(\.id)
                == (path.hasSuffix("csv") ? [] : ["formal_logic-0", "formal_logic-1"]) + ["world_religions-0"])
        #expect(
            TaskDefinition.mmlu.prompts(try #require(items.last)).both == """
                The following are multiple choice questions (with answers) about world religions.

                Third?
                A. m
                B. n
                C. o
                D. p
                Answer:
                """)
    }

    @Test func `a folder of test files is nothing to learn from`() throws {
        let error = try #require(throws: TaskSourceError.self) {
            try TaskDefinition.mmlu.train?.files(scratch.file("test").path)
        }
        #expect("\(error)".contains("--mmlu-train") && "\(error)".contains("dev/SUBJECT_dev.csv"), "\(error)")
    }
}
