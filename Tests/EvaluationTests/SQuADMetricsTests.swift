import Foundation
import TestSupport
import Testing

@testable import Evaluation

struct SQuADMetricsTests {
    private func words(_ text: String) -> [String] {
        SQuADMetrics.normalizedWords(text).map { String(String.UnicodeScalarView($0)) }
    }

    @Test func `articles, punctuation, case and spaces do not count`() {
        #expect(words(" The  Denver-Broncos' A-team, an\tapple!") == ["denverbroncos", "ateam", "apple"])
        #expect(SQuADMetrics.exactMatch("the Broncos.", golds: ["Broncos"]) == 1)
    }

    @Test func `articles are whole words only`() {
        #expect(words("theory than ant a1 the") == ["theory", "than", "ant", "a1"])
    }

    @Test func `punctuation beyond ASCII stays`() {
        #expect(words("24–10 “gold”") == ["24–10", "“gold”"])
        #expect(words("“the” gold") == ["“", "”", "gold"])
    }

    @Test func `words are compared by scalars`() {
        #expect(SQuADMetrics.exactMatch("caf\u{e9}", golds: ["cafe\u{301}"]) == 0)
        #expect(SQuADMetrics.f1("caf\u{e9}", golds: ["cafe\u{301}"]) == 0)
    }

    @Test func `lower case knows the final sigma`() {
        #expect(words("ΣΊΣΥΦΟΣ") == ["σίσυφος"])
        #expect(words("ΑΣ Σ") == ["ας", "σ"])
    }

    @Test func `F1 counts words as often as they stand in both`() {
        // 2 of 3 words right, 2 of 4 found.
        #expect(abs(SQuADMetrics.f1("x x y", golds: ["x x z z"]) - 4.0 / 7) < 1e-15)
        #expect(SQuADMetrics.f1("x x x x", golds: ["x"]) == 0.4)
    }

    @Test func `the best gold answer counts`() {
        #expect(SQuADMetrics.exactMatch("b", golds: ["a b c", "b"]) == 1)
        #expect(SQuADMetrics.f1("b c", golds: ["d", "x b c", "b"]) == 0.8)
    }

    @Test func `empty answers match exactly and have no F1, as in the official script`() {
        #expect(SQuADMetrics.exactMatch("", golds: ["The"]) == 1)
        #expect(SQuADMetrics.f1("", golds: ["The"]) == 0)
        #expect(SQuADMetrics.exactMatch("x", golds: []) == 0)
        #expect(SQuADMetrics.f1("x", golds: []) == 0)
    }

    @Test func `scores are those of Python`() throws {
        for item in try MetricsFixture.read().squad {
            let words = SQuADMetrics.normalizedWords(item.answer)
            #expect(words == item.words.map { Array($0.unicodeScalars) }, "\(item.answer.debugDescription)")
            #expect(SQuADMetrics.exactMatch(item.answer, golds: item.golds) == item.exactMatch, "\(item)")
            #expect(SQuADMetrics.f1(item.answer, golds: item.golds) == item.f1, "\(item)")
        }
    }

    private struct Document: Decodable {
        struct Article: Decodable { var paragraphs: [Paragraph] }
        struct Paragraph: Decodable {
            var context: String
            var qas: [Question]
        }
        struct Question: Decodable { var answers: [Answer] }
        struct Answer: Decodable { var text: String }
        var data: [Article]
    }

    /// The sums over the development set, of five kinds of answers made from it, were computed by Python.
    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `the development set scores as in Python`() throws {
        let data = try Data(contentsOf: SharedData.path("squad/dev-v1.1.json"))
        let document = try JSONDecoder().decode(Document.self, from: data)
        let items = document.data.flatMap(\.paragraphs).flatMap { paragraph in
            paragraph.qas.map { (context: paragraph.context, golds: $0.answers.map(\.text)) }
        }
        var exactMatch = 0.0
        var f1 = 0.0
        for (index, item) in items.enumerated() {
            let gold = item.golds[0]
            func words(_ text: String) -> [Substring] { text.split(separator: " ", omittingEmptySubsequences: false) }
            let answer =
                switch index % 5 {
                case 0: gold
                case 1: "The \(gold)."
                case 2: words(gold).dropFirst().joined(separator: " ")
                case 3: words(item.context).prefix(8).joined(separator: " ")
                default: items[(index + 1) % items.count].golds[0]
                }
            exactMatch += SQuADMetrics.exactMatch(answer, golds: item.golds)
            f1 += SQuADMetrics.f1(answer, golds: item.golds)
        }
        #expect(exactMatch == 4559)
        #expect(abs(f1 - 5664.11131029069) < 1e-8)
    }
}
