import Foundation
import Run
import TestSupport
import Testing
import Tokenization

/// The tokenizers of all families against the `tokenizers` library on 2,000 strings each: English, code, CJK, emoji
/// with joiners, combining marks, right-to-left, control characters, long words, runs of spaces and newlines, special
/// tokens inside text. See scripts/make-references/tokenizer_strings.py, which has the same rule and the same hash.
struct FamilyStringTests {
    private struct Fixture: Decodable {
        struct Hashes: Decodable {
            /// Eight hexadecimal digits for each string.
            let ids: String
            let texts: String
        }
        let count: Int
        let fragments: [String]
        let folders: [String: Hashes]
    }

    private static func fixture() throws -> Fixture {
        try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: Repository.fixture("Families/strings.json")))
    }

    private static func string(_ random: inout SplitMix64, _ fragments: [String]) -> String {
        var text = ""
        for _ in 0..<1 + random.next(below: 10) {
            text += ["", "", " ", " ", "\n", "  "][random.next(below: 6)]
            let fragment = fragments[random.next(below: fragments.count)]
            let times = random.next(below: 23) == 0 ? 1 + random.next(below: 60) : 1
            text += String(repeating: fragment, count: times)
        }
        return text
    }

    private static func hash(_ bytes: some Sequence<UInt8>) -> String {
        let value = bytes.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    @Test(
        arguments: [
            "Families/mistral", "Families/qwen2", "Families/gemma2", "Families/mistral-bytes", "Tokenizers/llama3",
        ])
    func `every string has the library's ids, and cut ids decode to the library's text`(_ name: String) throws {
        let fixture = try Self.fixture()
        let expected = try #require(fixture.folders[name])
        #expect(fixture.count == 2000 && expected.ids.utf8.count == 8 * 2000)
        let tokenizer = try Tokenizer(folder: Repository.fixture(name))
        let (idHashes, textHashes) = (Array(expected.ids.utf8), Array(expected.texts.utf8))
        for number in 0..<fixture.count {
            var random = SplitMix64(seed: UInt64(number))
            let text = Self.string(&random, fixture.fragments)
            let ids = tokenizer.encode(text)
            let place = 8 * number..<8 * number + 8
            let words = ids.flatMap { id in withUnsafeBytes(of: id.littleEndian) { Array($0) } }
            #expect(
                Array(Self.hash(words).utf8) == Array(idHashes[place]), "string \(number): \(text.debugDescription)")
            let decoded = tokenizer.decode(Array(ids.dropFirst(random.next(below: 5))), skipSpecialTokens: false)
            #expect(
                Array(Self.hash(decoded.utf8).utf8) == Array(textHashes[place]),
                "string \(number): \(text.debugDescription), decoded \(decoded.debugDescription)")
        }
    }
}

extension SplitMix64 {
    /// As the script that made the fixture draws: the remainder, whose bias does not matter here.
    fileprivate mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
