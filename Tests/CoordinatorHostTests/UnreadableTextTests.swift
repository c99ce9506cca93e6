import Datasets
import DemoAssets
import Foundation
import Run
import TestSupport
import Testing

@testable import CoordinatorHost

/// Texts whose tokens a model has no embedding for are known before any work. In PyTorch reading them is an
/// `IndexError: index out of range in self`, or worse on a GPU.
struct UnreadableTextTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    /// A copy of a shipped model whose tokenizer knows one token more than its embedding has rows for.
    private func modelWithOneTokenMore() throws -> String {
        let copy = temporary.file("model-b")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: DemoAssets.modelB), to: copy)
        let file = copy.appendingPathComponent("tokenizer.json")
        var tokenizer = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        var added = try #require(tokenizer["added_tokens"] as? [[String: Any]])
        var token = try #require(added.last)
        (token["id"], token["content"]) = (1408, "<|image|>")
        added.append(token)
        tokenizer["added_tokens"] = added
        try JSONSerialization.data(withJSONObject: tokenizer).write(to: file)
        return copy.path
    }

    private func configuration(_ experiments: [Experiment]) throws -> RunConfiguration {
        var configuration = RunConfiguration(
            modelA: DemoAssets.modelA, modelB: try modelWithOneTokenMore(), channels: [Channel(k: 4, j: 4)],
            operation: .sum, experiments: experiments,
            projection: experiments.contains(.projection) ? .trained : .none)
        configuration.evaluation.others = 1
        return configuration
    }

    private func write(_ lines: [String], _ name: String) throws -> String {
        let file = temporary.file(name)
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        return file.path
    }

    private func failure(_ configuration: RunConfiguration) throws -> String {
        "\(try #require(throws: (any Error).self) { try RunInputs(configuration, software: "1") })"
    }

    private let cause = #"token 1408 ("<|image|>") is none of model-b, whose vocabulary ends at 1407"#

    @Test func `a text is named by file and line, or passed over and the next one taken`() throws {
        let long = "This sentence is long enough to be one of the texts that are read, number"
        let file = try write(
            (1...4).map { #"{"text": "\#(long) \#($0 == 2 ? "<|image|>" : "") \#($0)."}"# }, "texts.jsonl")
        var configuration = try configuration([.projection])
        configuration.training.files = [file]
        configuration.training.rows = 3
        #expect(
            try failure(configuration)
                == "\(file), line 2: \(cause); take it out, or pass over up to N of them with --skip-unreadable N")
        configuration.skipUnreadable = 1
        let inputs = try RunInputs(configuration, software: "1")
        #expect(
            inputs.texts.map(\.last) == [".", ".", "."] && inputs.texts.map { $0.dropLast().last } == ["1", "3", "4"])
        #expect(
            inputs.remarks.contains(
                "passed over 1 text that a model cannot read; the first: texts.jsonl, line 2: \(cause)"))
    }

    @Test func `an item is named by file and id, and those passed over count together`() throws {
        let file = try write(
            (1...5).map { number in
                #"{"question": "What\#([2, 4].contains(number) ? "<|image|>" : "")?", "answer": " \#("####") \#(number)"}"#
            }, "problems.jsonl")
        var configuration = try configuration([.evaluate(task: "gsm8k")])
        configuration.evaluation.files = ["gsm8k": [file]]
        #expect(
            try failure(configuration).hasPrefix("\(file), item gsm8k-0002: \(cause); take it out, or pass over up"))
        configuration.skipUnreadable = 1
        #expect(
            try failure(configuration)
                == "\(file), item gsm8k-0004: \(cause); take it out, or pass over more than 1 with --skip-unreadable")
        configuration.skipUnreadable = 2
        #expect(
            try RunInputs(configuration, software: "1").tasks[0].items.map(\.id)
                == ["gsm8k-0001", "gsm8k-0003", "gsm8k-0005"])
    }

    @Test func `a prompt of the similarity experiment is named`() throws {
        var configuration = try configuration([.similarity])
        configuration.similarity.prompts = ["One.", "Two<|image|>"]
        #expect(
            try failure(configuration)
                == "--similarity-prompts \"Two<|image|>\": \(cause); choose another prompt")
    }
}
