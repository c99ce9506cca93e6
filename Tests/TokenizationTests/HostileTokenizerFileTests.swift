import Foundation
import TestSupport
import Testing

@testable import Tokenization

/// A folder with a tokenizer.json of a given text, removed in the end.
final class TokenizerFolder {
    private let temporary: TemporaryFolder
    var url: URL { temporary.url }

    init(_ bytes: [UInt8], configuration: String? = nil) throws {
        temporary = try TemporaryFolder()
        try Data(bytes).write(to: temporary.file("tokenizer.json"))
        if let configuration {
            try Data(configuration.utf8).write(to: temporary.file("tokenizer_config.json"))
        }
    }

    /// A small tokenizer with some of its fields replaced.
    convenience init(
        added: String = "[]", normalizer: String = "null", preTokenizer: String = "null",
        postProcessor: String = "null", decoder: String = "null",
        vocabulary: String = #"{"a":0,"b":1,"ab":2}"#, merges: String = #"[["a","b"]]"#,
        options: String = #""type":"BPE""#, more: String = "", configuration: String? = nil
    ) throws {
        let text = """
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":\(added),"normalizer":\(normalizer),
            "pre_tokenizer":\(preTokenizer),"post_processor":\(postProcessor),"decoder":\(decoder)\(more),
            "model":{\(options),"vocab":\(vocabulary),"merges":\(merges)}}
            """
        try self.init(Array(text.utf8), configuration: configuration)
    }

    /// The message with which loading fails, nil when it does not.
    func refusal() -> String? {
        do {
            _ = try Tokenizer(folder: url)
            return nil
        } catch {
            return error.description
        }
    }
}

struct HostileTokenizerFileTests {
    private func expectRefusal(_ folder: TokenizerFolder, _ parts: String...) {
        guard let message = folder.refusal() else {
            Issue.record("it was accepted; expected a refusal naming \(parts)")
            return
        }
        #expect(message.hasPrefix(folder.url.path), "\(message)")
        #expect(!message.contains("\n"), "\(message)")
        for part in parts { #expect(message.contains(part), "\(message) lacks \(part)") }
    }

    @Test func `the small file itself is accepted`() throws {
        let folder = try TokenizerFolder()
        let tokenizer = try Tokenizer(folder: folder.url)
        #expect(tokenizer.encode("abba") == [2, 1, 0])
        #expect(tokenizer.decode([2, 1, 0]) == "ab b a")
        #expect(tokenizer.vocabularySize == 3)
        #expect(tokenizer.bosTokenID == nil)
    }

    @Test func `damaged bytes are refused`() throws {
        expectRefusal(try TokenizerFolder([]), "tokenizer.json: not valid JSON: byte 0", "end of the file")
        expectRefusal(try TokenizerFolder([0x7B, 0x22, 0xFF, 0x22]), "byte 2", "UTF-8")
        expectRefusal(try TokenizerFolder(Array("[]".utf8)), "byte 0", "expected '{'")
        expectRefusal(try TokenizerFolder(Array("{}".utf8)), "model", "none")
        expectRefusal(try TokenizerFolder(vocabulary: #"{"\ud800":0}"#), "surrogate")
        expectRefusal(try TokenizerFolder(vocabulary: "{\"a\nb\":0}"), "control character")
        expectRefusal(try TokenizerFolder(merges: "[] x"), "byte")
        let deep = String(repeating: "[", count: 100_000)
        expectRefusal(try TokenizerFolder(normalizer: deep), "nested")
        expectRefusal(try TokenizerFolder(merges: deep), "nested")
    }

    @Test func `a missing file and a folder in its place are refused`() throws {
        let folder = try TokenizerFolder()
        let file = folder.url.appendingPathComponent("tokenizer.json")
        try FileManager.default.removeItem(at: file)
        expectRefusal(folder, "tokenizer.json", "no such file")
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        expectRefusal(folder, "not a regular file")
    }

    @Test func `a file beyond the limit is not read to its end`() throws {
        let folder = try TokenizerFolder()
        let file = folder.url.appendingPathComponent("tokenizer.json")
        let expected = TokenizerError.file(.tooLarge(file: file.path, bytes: 11, limit: 10))
        #expect(throws: expected) { try TokenizerFile(file, limit: 10) }
    }

    @Test func `ids out of range, ids and pieces that come twice are refused`() throws {
        expectRefusal(try TokenizerFolder(vocabulary: #"{"a":-1}"#), #"model.vocab["a"]"#, "from 0")
        expectRefusal(try TokenizerFolder(vocabulary: #"{"a":4194304}"#), #"model.vocab["a"]"#)
        expectRefusal(try TokenizerFolder(vocabulary: #"{"a":99999999999999999999}"#), #"model.vocab["a"]"#)
        expectRefusal(try TokenizerFolder(vocabulary: #"{"a":1.5}"#), #"model.vocab["a"]"#)
        expectRefusal(try TokenizerFolder(vocabulary: #"{"a":0,"b":0}"#), #"model.vocab["b"]"#, #""a" has too"#)
        expectRefusal(try TokenizerFolder(vocabulary: #"{"a":0,"a":1}"#), #"model.vocab["a"]"#, "twice")
        expectRefusal(try TokenizerFolder(vocabulary: "[]"), "model.vocab", "an object")
        expectRefusal(try TokenizerFolder(vocabulary: #"{"a":0},"vocab":{"a":0}"#), "model.vocab", "second")
        expectRefusal(try TokenizerFolder(more: #","model":{}"#), ": model: ", "second")
    }

    @Test func `merges of pieces that the vocabulary lacks, and merges that are none, are refused`() throws {
        expectRefusal(try TokenizerFolder(merges: #"[["a","b"],["a","c"]]"#), "model.merges[1]", #""c""#)
        expectRefusal(try TokenizerFolder(merges: #"["b a"]"#), "model.merges[0]", #""ba""#)
        expectRefusal(try TokenizerFolder(merges: #"["a b c"]"#), "model.merges[0]", "one space")
        expectRefusal(try TokenizerFolder(merges: #"[["a"]]"#), "model.merges[0]", "two pieces")
        expectRefusal(try TokenizerFolder(merges: #"[["a","b","a"]]"#), "model.merges[0]", "two pieces")
        expectRefusal(try TokenizerFolder(merges: "{}"), "model.merges", "an array")
    }

    @Test func `canonically equivalent pieces are two pieces`() throws {
        let folder = try TokenizerFolder(vocabulary: #"{"\u00e9":0,"e":1,"\u0301":2,"e\u0301":3}"#, merges: "[]")
        let tokenizer = try Tokenizer(folder: folder.url)
        #expect(tokenizer.encode("\u{E9}") == [0])
        #expect(tokenizer.encode("e\u{301}") == [1, 2])
        #expect(tokenizer.id(of: "e\u{301}") == 3)
    }

    @Test func `what is not understood is named with its field and value`() throws {
        let unknown = #"{"type":"Mystery"}"#
        expectRefusal(try TokenizerFolder(normalizer: unknown), "normalizer.type", #""Mystery""#, "NFKC")
        expectRefusal(try TokenizerFolder(preTokenizer: unknown), "pre_tokenizer.type", #""Mystery""#)
        expectRefusal(try TokenizerFolder(postProcessor: unknown), "post_processor.type", #""Mystery""#)
        expectRefusal(try TokenizerFolder(decoder: unknown), "decoder.type", #""Mystery""#)
        expectRefusal(try TokenizerFolder(options: #""type":"Unigram""#), "model.type", #""Unigram""#, "BPE")
        expectRefusal(try TokenizerFolder(options: #""type":"BPE","dropout":0.1"#), "model.dropout", "0.1")
        expectRefusal(try TokenizerFolder(options: #""type":"BPE","end_of_word_suffix":"</w>""#), "end_of_word_suffix")
        expectRefusal(try TokenizerFolder(options: #""type":"BPE","new_rule":true"#), "model.new_rule", "true")
        expectRefusal(try TokenizerFolder(options: #""type":"BPE","unk_token":"?""#), "model.unk_token", #""?""#)
        expectRefusal(try TokenizerFolder(more: #","later":{}"#), "later")
        let split = #"{"type":"Split","pattern":{"Regex":"a"},"behavior":"Sideways","invert":false}"#
        expectRefusal(try TokenizerFolder(preTokenizer: split), "pre_tokenizer.behavior", #""Sideways""#)
        let sequence = #"{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Nmt"}]}"#
        expectRefusal(try TokenizerFolder(normalizer: sequence), "normalizer.normalizers[1].type", #""Nmt""#)
        let metaspace = #"{"type":"Metaspace","replacement":"_","add_prefix_space":false}"#
        expectRefusal(try TokenizerFolder(preTokenizer: metaspace), "pre_tokenizer.add_prefix_space")
    }

    @Test func `regular expressions that do not compile or are endless are refused`() throws {
        func split(_ pattern: String) -> String {
            #"{"type":"Split","pattern":{"Regex":"\#(pattern)"},"behavior":"Isolated","invert":false}"#
        }
        expectRefusal(try TokenizerFolder(preTokenizer: split("(a")), "pre_tokenizer.pattern.Regex", "parenthesis")
        let property = split(#"\\p{Nope}"#)
        expectRefusal(try TokenizerFolder(preTokenizer: property), "pre_tokenizer.pattern.Regex", "property")
        let long = String(repeating: "a", count: 20_000)
        expectRefusal(try TokenizerFolder(preTokenizer: split(long)), "pre_tokenizer.pattern.Regex", "20000")
        let deep = String(repeating: "(", count: 4_000) + String(repeating: ")", count: 4_000)
        expectRefusal(try TokenizerFolder(preTokenizer: split(deep)), "pre_tokenizer.pattern.Regex")
    }

    @Test func `a pattern that backtracks without end is given up, and the text stays whole`() throws {
        let split =
            #"{"type":"Split","pattern":{"Regex":"(?:a|a|aa)+$"},"behavior":"Isolated","invert":false}"#
        let folder = try TokenizerFolder(preTokenizer: split)
        let tokenizer = try Tokenizer(folder: folder.url)
        #expect(tokenizer.encode(String(repeating: "a", count: 60) + "b").count == 60)
    }

    @Test func `rules that lengthen a text without measure are refused`() throws {
        let rule = #"{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaa"}"#
        let rules = Array(repeating: rule, count: 12).joined(separator: ",")
        expectRefusal(
            try TokenizerFolder(normalizer: #"{"type":"Sequence","normalizers":[\#(rules)]}"#), "normalizer", "10,000")
        let byteLevel = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}"#
        let levels = Array(repeating: byteLevel, count: 40).joined(separator: ",")
        expectRefusal(
            try TokenizerFolder(preTokenizer: #"{"type":"Sequence","pretokenizers":[\#(levels)]}"#), "pre_tokenizer")
    }

    @Test func `added tokens whose ids do not fit the vocabulary are refused`() throws {
        expectRefusal(try TokenizerFolder(added: #"[{"id":1,"content":"x"}]"#), "added_tokens[0].id", "expected 3")
        expectRefusal(try TokenizerFolder(added: #"[{"id":9,"content":"x"}]"#), "added_tokens[0].id", "expected 3")
        expectRefusal(try TokenizerFolder(added: #"[{"id":1,"content":"a"}]"#), "added_tokens[0].id", "expected 0")
        expectRefusal(
            try TokenizerFolder(added: #"[{"id":3,"content":"x"},{"id":4,"content":"x"}]"#), "added_tokens[1].content")
        expectRefusal(try TokenizerFolder(added: #"[{"id":3,"content":"x","magic":1}]"#), "added_tokens[0].magic")
        expectRefusal(try TokenizerFolder(added: "{}"), "added_tokens", "an array")
    }

    @Test func `templates that name no token, or no text, are refused`() throws {
        func template(_ single: String, _ special: String = "{}") -> String {
            #"{"type":"TemplateProcessing","single":[\#(single)],"pair":[],"special_tokens":\#(special)}"#
        }
        let text = #"{"Sequence":{"id":"A","type_id":0}}"#
        let token = #"{"SpecialToken":{"id":"<s>","type_id":0}}"#
        expectRefusal(try TokenizerFolder(postProcessor: template("\(token),\(text)")), "single[0].SpecialToken.id")
        expectRefusal(try TokenizerFolder(postProcessor: template("")), "post_processor.single", "once")
        let high = #"{"<s>":{"id":"<s>","ids":[3],"tokens":["<s>"]}}"#
        expectRefusal(
            try TokenizerFolder(postProcessor: template("\(token),\(text)", high)), "ids[0]", "from 0 to 2")
    }

    @Test func `a token that a file names and the vocabulary lacks is one more, as in transformers`() throws {
        let folder = try TokenizerFolder(
            configuration: #"{"bos_token":{"content":"a"},"eos_token":"zz","pad_token":""}"#)
        let tokenizer = try Tokenizer(folder: folder.url)
        #expect(tokenizer.bosTokenID == 0 && tokenizer.eosTokenID == 3)
        #expect(tokenizer.encode("abzz") == [0, 1, 3] && tokenizer.decode([0, 1, 3]) == "b")
        #expect(tokenizer.namedTokens == ["bos_token": "a", "eos_token": "zz", "pad_token": ""])
    }

    @Test(arguments: [
        (#"{"eos_token":5}"#, "eos_token"), (#"{"eos_token":{"text":"a"}}"#, "eos_token.content"),
        (#"{"added_tokens_decoder":{"x":{"content":"a"}}}"#, "added_tokens_decoder.x"),
        (#"{"added_tokens_decoder":{"0":{"content":"a","lstrip":1}}}"#, "added_tokens_decoder.0.lstrip"),
        (#"{"additional_special_tokens":[7]}"#, "additional_special_tokens[0]"), ("[]", "tokenizer_config.json"),
    ])
    func `a tokenizer_config.json that makes no sense is refused, with the field`(text: String, named: String) throws {
        expectRefusal(try TokenizerFolder(configuration: text), "tokenizer_config.json", named)
    }

    @Test(arguments: ["llama3", "flags-prepend"])
    func `files with bytes changed, cut off or doubled are read or refused`(name: String) throws {
        let file = Repository.fixture("Tokenizers/\(name)/tokenizer.json")
        let original = [UInt8](try Data(contentsOf: file))
        var state: UInt64 = 0x1234_5678
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<150 {
            var bytes = original
            switch random(4) {
            case 0: bytes.removeLast(random(bytes.count))
            case 1: for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
            case 2: for _ in 0...random(4) { bytes[random(bytes.count)] = Array(#"{}[]",:0-\e"#.utf8)[random(11)] }
            default:
                let start = random(bytes.count - 60)
                bytes.insert(contentsOf: bytes[start..<start + random(60)], at: random(bytes.count))
            }
            let folder = try TokenizerFolder(bytes)
            if let tokenizer = try? Tokenizer(folder: folder.url) {
                _ = tokenizer.decode(tokenizer.encode("The lighthouse 猫 <s> [LEFT] 12345"))
            } else {
                #expect(folder.refusal()?.contains("\n") == false)
            }
        }
    }
}
