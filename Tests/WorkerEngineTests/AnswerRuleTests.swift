import Evaluation
import Foundation
import ModelReading
import Run
import Tasks
import TestSupport
import Testing
import Tokenization

@testable import WorkerEngine

/// Thoughts are no part of an answer: limit, stop strings and score are those of what stands behind the last of them.
struct AnswerRuleTests {
    private let tokenizer: Tokenizer
    /// A token that the small model has, in the part of `</think>`.
    private let end: Int32

    init() throws {
        tokenizer = try Tokenizer(folder: Repository.fixture("Families/qwen3"))
        end = try #require(tokenizer.id(of: "<|im_end|>"))
    }

    private func tokens(_ text: String) -> [Int32] { tokenizer.encode(text, addSpecialTokens: false) }

    private func rule(_ limit: Int = 32, _ stops: [String] = ["\n"], thinks: Bool = true) -> AnswerRule {
        AnswerRule(
            GenerationLimits(maximumNewTokens: limit, stopStrings: stops), thinkEnd: thinks ? end : nil,
            tokenizer: tokenizer)
    }

    private var written: [Int32] { tokens("<think>\nWho?\n\nThe mill\n") + [end] + tokens("\n\n Anna Berg\nmore") }

    /// lm-evaluation-harness 0.4.13 with `think_end_token`: behind the last of them, stripped on the left, and then up to
    /// the stop string.
    @Test func `an answer begins behind the last thought, at its first letter`() {
        #expect(rule().text(of: written) == "Anna Berg")
        #expect(rule().text(of: written + [end] + tokens(" Bo\n")) == "Bo")
        #expect(rule(32, []).text(of: written) == "Anna Berg\nmore")
        #expect(rule().text(of: tokens("a") + [end]) == "")
    }

    @Test func `without the token, or without the setting, all of it is the answer, up to its limit`() {
        #expect(rule().text(of: tokens("<think>\nAnna")) == "<think>")
        #expect(rule(thinks: false).text(of: written) == "<think>")
        let long = tokens("one two three four")
        #expect(rule(3, []).text(of: long) == tokenizer.decode(Array(long.prefix(3))))
    }

    @Test func `writing goes on through thoughts, and stops as the answer asks for`() throws {
        let shouldStop = try #require(rule().shouldStop)
        let places = written.indices.filter { shouldStop(Array(written[...$0])) }
        let first = try #require(places.first)
        #expect(rule().text(of: Array(written[...first])) == "Anna Berg" && first < written.count - 1)
        #expect(tokenizer.decode([written[first]]).contains("\n"))
        let short = try #require(rule(2, []).shouldStop)
        let begin = try #require(written.lastIndex(of: end))
        #expect(written.indices.first { short(Array(written[...$0])) } == begin + 2)
        #expect(rule(2).maximumNewTokens == 2 + ReadableModel.thoughtTokens)
        #expect(rule(2, thinks: false).maximumNewTokens == 2 && rule(2, [], thinks: false).shouldStop == nil)
    }

    @Test(.enabled(if: SharedData.isPresent, "the shared data is not there"))
    func `a thoughtful answer to a question of SQuAD is scored by what stands behind the thoughts`() throws {
        let data = try TaskDefinition.squad.read(
            TaskSource(files: [SharedData.path("cases/squad/thinking.json").path]))
        let item = try #require(data.items.first)
        let text = tokens("<think>\nThe mill was built by her.\n") + [end] + tokens("\n\nAnna Berg")
        #expect(SQuADMetrics.exactMatch(rule().text(of: text), golds: item.golds) == 1)
        #expect(SQuADMetrics.exactMatch(rule(thinks: false).text(of: text), golds: item.golds) == 0)
    }
}
