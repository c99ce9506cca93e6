import Foundation
import TestSupport
import Testing

@testable import Tokenization

/// Small tokenizers of every shape, against the `tokenizers` library: see scripts/make-references/tokenizer_cases.py.
struct LibraryParityTests {
    static let names = [
        "llama3", "gpt2", "qwen", "llama2", "crossing", "some-bytes-fused", "some-bytes", "no-unknown",
        "metaspace-first", "metaspace-always", "metaspace-never", "flags-lowercase", "flags-prepend",
    ]

    @Test(arguments: names)
    func `every text has the library's ids`(name: String) throws {
        let cases = try LibraryCases(name)
        let tokenizer = try Tokenizer(folder: Repository.fixture("Tokenizers/\(name)"))
        for item in cases.encoded {
            #expect(tokenizer.encode(item.text) == item.ids, "\(name): \(item.text.debugDescription)")
        }
    }

    @Test(arguments: names)
    func `a text's ids decode to the library's text, with and without special tokens`(name: String) throws {
        let cases = try LibraryCases(name)
        let tokenizer = try Tokenizer(folder: Repository.fixture("Tokenizers/\(name)"))
        for item in cases.encoded {
            let without = tokenizer.decode(item.ids)
            #expect(Array(without.utf8) == Array(item.decoded.utf8), "\(name): \(item.text.debugDescription)")
            let having = tokenizer.decode(item.ids, skipSpecialTokens: false)
            #expect(Array(having.utf8) == Array(item.decodedWithSpecial.utf8), "\(name): \(item.text.debugDescription)")
        }
    }

    @Test(arguments: names)
    func `any ids decode to the library's text, broken UTF-8 and unknown ids among them`(name: String) throws {
        let cases = try LibraryCases(name)
        let tokenizer = try Tokenizer(folder: Repository.fixture("Tokenizers/\(name)"))
        for item in cases.decoded {
            let without = tokenizer.decode(item.ids)
            #expect(Array(without.utf8) == Array(item.decoded.utf8), "\(name): \(item.ids)")
            let having = tokenizer.decode(item.ids, skipSpecialTokens: false)
            #expect(Array(having.utf8) == Array(item.decodedWithSpecial.utf8), "\(name): \(item.ids)")
        }
    }

    @Test func `without special tokens the template is left out, special tokens in the text are not`() throws {
        let tokenizer = try Tokenizer(folder: Repository.fixture("Tokenizers/llama3"))
        let begin = try #require(tokenizer.id(of: "<|begin_of_text|>"))
        let end = try #require(tokenizer.id(of: "<|eot_id|>"))
        let bare = tokenizer.encode("Hello<|eot_id|>", addSpecialTokens: false)
        #expect(tokenizer.encode("Hello<|eot_id|>") == [begin] + bare)
        #expect(bare == [try #require(tokenizer.id(of: "Hello")), end])
        #expect(tokenizer.specialTokenIDs.contains(begin))
        #expect(tokenizer.decode([begin] + bare) == "Hello")
    }

    @Test func `a model that does not name its type, as GPT-2's old files, is byte pair encoding`() throws {
        let folder = try TokenizerFolder(options: #""unk_token":null,"continuing_subword_prefix":"""#)
        #expect(try Tokenizer(folder: folder.url).encode("ab") == [2])
    }

    @Test func `single normalizers and pre-tokenizers do what the library's do`() throws {
        let url = Repository.fixture("Tokenizers/components.json")
        let texts = try LibraryCases.read(ComponentTexts.self, "components.json").texts
        let parsed = try TokenizerField(contentsOf: url, limit: 1 << 24)
        for field in try parsed.required("components").elements() {
            let outputs = try field.required("outputs").elements()
            let component = try field.required("component")
            let name = try "\(component.path) \(component.type())"
            let isNormalizer = try field.required("kind").string() == "normalizer"
            for (text, expected) in zip(texts, outputs) {
                var bytes = Array(text.utf8)
                if isNormalizer {
                    var opensText = true
                    try Normalizer(component).apply(to: &bytes, opensText: &opensText)
                    #expect(bytes == Array(try expected.string().utf8), "\(name): \(text.debugDescription)")
                } else {
                    let piece = PieceList.Piece(start: 0, end: bytes.count, opensText: true)
                    var list = PieceList(bytes: bytes, pieces: bytes.isEmpty ? [] : [piece])
                    try PreTokenizer(component).apply(to: &list)
                    let pieces = list.pieces.map { Array(list.bytes[$0.start..<$0.end]) }
                    var wanted: [[UInt8]] = []
                    for piece in try expected.elements() { wanted.append(Array(try piece.string().utf8)) }
                    #expect(pieces == wanted, "\(name): \(text.debugDescription)")
                }
            }
        }
    }
}

private struct ComponentTexts: Decodable {
    let texts: [String]
}

/// A `cases.json`, read with JSONDecoder (JSONSerialization drops a byte order mark at the beginning of a string).
struct LibraryCases {
    struct Item {
        let text: String
        let ids: [Int32]
        let decoded: String
        let decodedWithSpecial: String
    }

    /// `[ids, decoded, decoded with special tokens]`; null stands for "the same as before".
    private struct Row: Decodable {
        let ids: [Int32]
        let decoded: String?
        let decodedWithSpecial: String?

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            ids = try values.decode([Int32].self)
            decoded = try values.decodeIfPresent(String.self)
            decodedWithSpecial = try values.decodeIfPresent(String.self)
        }

        func item(_ text: String) -> Item {
            let plain = decoded ?? text
            return Item(text: text, ids: ids, decoded: plain, decodedWithSpecial: decodedWithSpecial ?? plain)
        }
    }

    private struct Root: Decodable {
        let stride: Int
        let encoded: [Row]
        let decoded: [Row]
    }

    let encoded: [Item]
    let decoded: [Item]

    init(_ name: String) throws {
        let texts = try Self.read([String].self, "texts.json")
        let root = try Self.read(Root.self, "\(name)/cases.json")
        try #require(root.encoded.count > 50 && root.decoded.count > 20)
        try #require((root.encoded.count - 1) * root.stride < texts.count)
        encoded = root.encoded.enumerated().map { index, row in row.item(texts[index * root.stride]) }
        decoded = root.decoded.map { $0.item("") }
    }

    static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: Repository.fixture("Tokenizers/\(path)")))
    }
}
