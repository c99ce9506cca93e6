import Evaluation
import Foundation
import Run
import Storage
import TestSupport
import Testing

@testable import Tasks

/// GSM8K beside lm-evaluation-harness's own (scripts/make-references/harness.py): its draws, prompts and scores.
struct GSM8KTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func folder(_ splits: [String: [HarnessFigures.Problem]]) throws -> String {
        let folder = scratch.file("gsm8k")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, problems) in splits {
            let lines = try problems.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) + "\n" }
            try Data(lines.joined().utf8).write(to: folder.appendingPathComponent("\(name).jsonl"))
        }
        return folder.path
    }

    private func items(_ path: String, shots: Int) throws -> [TaskItem] {
        try TaskDefinition.gsm8k.read(
            TaskSource(files: try TaskDefinition.gsm8k.files(path, shots), shots: shots)
        ).items
    }

    @Test func `prompts are the harness's, each item with its own draw of worked examples`() throws {
        let figures = try HarnessFigures.read()
        let folder = try folder(["train": figures.train, "test": figures.test])
        for path in [folder, folder + "/test.jsonl"] {
            for block in figures.madeUp {
                let items = try items(path, shots: block.shots)
                #expect(items.count == block.items.count)
                for (item, expected) in zip(items, block.items) {
                    let prompts = TaskDefinition.gsm8k.prompts(item)
                    #expect(
                        ContentHasher.digest(of: prompts.both).hex == expected.promptHash, "\(item.id), \(block.shots)")
                    #expect(block.shots == 8 || prompts.both == expected.prompt)
                    #expect(prompts.a == prompts.both)
                }
            }
        }
    }

    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `prompts of the published problems are the harness's`() throws {
        for block in try HarnessFigures.read().published {
            let items = try items(SharedData.path("gsm8k/test.jsonl").path, shots: block.shots)
            for (item, expected) in zip(items, block.items) {
                #expect(
                    ContentHasher.digest(of: TaskDefinition.gsm8k.prompts(item).both).hex == expected.promptHash,
                    "\(item.id)")
            }
        }
    }

    @Test func `a part of the items has the worked examples that it has among all`() throws {
        let figures = try HarnessFigures.read()
        let whole = try items(try folder(["train": figures.train, "test": figures.test]), shots: 5)
        let part = try items(try folder(["train": figures.train, "test": Array(figures.test.prefix(3))]), shots: 5)
        #expect(Array(whole.prefix(3)) == part)
    }

    @Test func `scores are the harness's`() throws {
        let block = try HarnessFigures.read().madeUp[0]
        let (strict, flexible) = (Metric.strictExactMatch, Metric.flexibleExactMatch)
        for (number, item) in block.items.enumerated() {
            let read = ReadAnswer(
                Answer(text: item.response), to: TaskItem(id: "", question: "", golds: ["\(number)"]), cue: Prompts.cue,
                preset: .standard)
            let gold = TaskItem(id: "", question: "", golds: ["\(number)"])
            #expect(strict.filtered(read.text) == item.strict, "\(item.response.debugDescription)")
            #expect(flexible.filtered(read.text) == item.flexible, "\(item.response.debugDescription)")
            #expect(strict.value(read, gold) == item.strictMatch, "\(item.response.debugDescription)")
            #expect(flexible.value(read, gold) == item.flexibleMatch, "\(item.response.debugDescription)")
        }
        guard case .text(let limits) = TaskDefinition.gsm8k.answer(.standard) else { return #expect(Bool(false)) }
        #expect(limits.stopStrings == block.generation.until)
    }

    @Test func `a missing train file, or too small a one, is named`() throws {
        let figures = try HarnessFigures.read()
        let folder = try folder(["test": figures.test])
        let missing = #expect(throws: TaskSourceError.self) { try items(folder, shots: 5) }
        #expect("\(try #require(missing))" == "--gsm8k \(folder): holds no train.jsonl, for --shots 5")
        let small = try self.folder(["test": figures.test, "train": Array(figures.train.prefix(2))])
        let error = #expect(throws: TaskSourceError.self) { try items(small, shots: 5) }
        #expect("\(try #require(error))" == "--shots 5: gsm8k has 2 worked examples")
    }
}
