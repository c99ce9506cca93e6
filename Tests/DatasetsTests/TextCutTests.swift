import Run
import Testing

@testable import Datasets

struct TextCutTests {
    private func cut(_ cut: TextCut, _ text: String, row: Int = 0, to maximum: Int = 512, seed: UInt64 = 7) -> String {
        cut.applied(to: text, row: row, maximumCharacters: maximum, seed: seed)
    }

    @Test func `whole keeps the text`() {
        let text = String(repeating: "word ", count: 1000) + "end"
        #expect(cut(.whole, text) == text)
    }

    @Test func `whole keeps no more than a message may hold`() {
        let text = String(repeating: "\u{1f98a}", count: 1_100_000)
        #expect(cut(.whole, text).utf8.count == MessageLimits.textBytes)
    }

    @Test func `characters counts Unicode scalars`() {
        let text = String(repeating: "e\u{301}", count: 300)
        #expect(Array(cut(.characters, text).unicodeScalars) == Array(text.unicodeScalars.prefix(512)))
        #expect(cut(.characters, "short") == "short")
    }

    @Test func `word ends after any word that another one follows, and nowhere else`() {
        let text = "One  two,\nthree\u{a0}four five"
        let cuts = Set((0..<200).map { cut(.word, text, row: $0, to: 22) })
        #expect(cuts == ["One", "One  two,", "One  two,\nthree", "One  two,\nthree\u{a0}four"])
    }

    @Test func `word stays within the maximum`() {
        let text = "ab cd ef gh"
        #expect(Set((0..<100).map { cut(.word, text, row: $0, to: 5) }) == ["ab", "ab cd"])
        #expect(Set((0..<100).map { cut(.word, text, row: $0, to: 4) }) == ["ab"])
    }

    @Test func `word falls back to characters where no word ends`() {
        #expect(cut(.word, "Supercalifragilistic word", to: 5) == "Super")
        #expect(cut(.word, "Single") == "Single")
    }

    @Test func `word is drawn from seed and row`() {
        let text = (0..<90).map { "w\($0)" }.joined(separator: " ")
        #expect(cut(.word, text, row: 3) == cut(.word, text, row: 3))
        #expect((0..<10).contains { cut(.word, text, row: $0) != cut(.word, text, row: $0 + 1) })
        #expect((0..<10).contains { cut(.word, text, row: $0, seed: 1) != cut(.word, text, row: $0, seed: 2) })
    }
}
