import Foundation
import TestSupport
import Testing
import Tokenization

/// GPT-2's own vocabulary (50,257 ids, 50,000 merges), put into a tokenizer.json.
@Suite(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct LargeVocabularyTests {
    private func folder() throws -> TokenizerFolder {
        let encoder = try String(contentsOf: SharedData.path("gpt2/encoder.json"), encoding: .utf8)
        let lines = try String(contentsOf: SharedData.path("gpt2/vocab.bpe"), encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: true)
        let merges = try JSONEncoder().encode(lines.map(String.init))
        let byteLevel = #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#
        return try TokenizerFolder(
            added: #"[{"id":50256,"content":"<|endoftext|>","special":true,"normalized":false}]"#,
            preTokenizer: byteLevel, postProcessor: byteLevel, decoder: byteLevel, vocabulary: encoder,
            merges: String(decoding: merges, as: UTF8.self),
            configuration: #"{"bos_token":"<|endoftext|>","eos_token":"<|endoftext|>"}"#)
    }

    @Test func `texts have the library's ids`() throws {
        let folder = try folder()
        let tokenizer = try Tokenizer(folder: folder.url)
        // From the tokenizers library 0.23.3 with the same two files.
        #expect(tokenizer.vocabularySize == 50257)
        #expect(tokenizer.eosTokenID == 50256)
        #expect(tokenizer.encode("Hello world") == [15496, 995])
        #expect(tokenizer.encode("The capital of France is") == [464, 3139, 286, 4881, 318])
        #expect(tokenizer.encode("a<|endoftext|>b") == [64, 50256, 65])
        #expect(tokenizer.token(for: 995) == "Ġworld")
        let mixed: [Int32] = [
            2616, 38776, 13328, 234, 104, 50169, 235, 8582, 237, 121, 201, 198, 197, 2124,
        ]
        #expect(tokenizer.encode("naïve 猫 👍🏽\r\n\t x") == mixed)
    }

    @Test func `English decodes to itself`() throws {
        let folder = try folder()
        let tokenizer = try Tokenizer(folder: folder.url)
        let file = try FileHandle(forReadingFrom: SharedData.path("tinystories/tinystories_sample_2MiB.txt"))
        let text = String(decoding: try #require(try file.read(upToCount: 100_000)), as: UTF8.self)
        let ids = tokenizer.encode(text)
        #expect(Array(tokenizer.decode(ids, skipSpecialTokens: false).utf8) == Array(text.utf8))
        #expect(ids.count < text.utf8.count / 3)
    }
}
