import ChatTemplates
import Datasets
import Foundation
import ModelFolders
import ModelReading
import TestSupport
import Testing
import Tokenization
import Weights

/// A file in which a field stands twice says two things: none of the readers may take one of them without a word.
struct RepeatedNameTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        /// Where the second field stands.
        let path: String
        let read: @Sendable (URL) throws -> Void

        var testDescription: String { name }
    }

    private static let config =
        #""model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":96,"vocab_size":100"#

    private static let tokenizer =
        #"{"version":"1.0","added_tokens":[],"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}"#

    private static func write(_ text: String, _ name: String, beside file: URL) throws -> URL {
        let other = file.deletingLastPathComponent().appendingPathComponent(name)
        try Data(text.utf8).write(to: other)
        return other
    }

    private static let kinds = [
        Kind(name: "config.json", text: "{\(config),\"hidden_size\":32}", path: "hidden_size") {
            _ = try ModelConfiguration(config: $0)
        },
        Kind(
            name: "config.json", text: #"{\#(config),"rope_scaling":{"rope_type":"linear","factor":2,"factor":4}}"#,
            path: "rope_scaling.factor"
        ) { _ = try ModelConfiguration(config: $0) },
        Kind(name: "generation_config.json", text: #"{"eos_token_id":1,"eos_token_id":2}"#, path: "eos_token_id") {
            let config = try write("{\(config)}", "config.json", beside: $0)
            _ = try ModelConfiguration(config: config, generationConfig: $0)
        },
        Kind(
            name: "model.safetensors.index.json",
            text: #"{"weight_map":{"a.weight":"m.safetensors","a.weight":"n.safetensors"}}"#,
            path: #"weight_map["a.weight"]"#
        ) {
            _ = try write("{\(config)}", "config.json", beside: $0)
            _ = try ModelFolder(path: $0.deletingLastPathComponent().path)
        },
        Kind(
            name: "tokenizer.json", text: tokenizer.replacing(#""added_tokens":[]"#, with: #""decoder":{"a":1,"a":2}"#),
            path: "decoder.a"
        ) { _ = try Tokenizer(file: $0) },
        Kind(
            name: "tokenizer.json",
            text: tokenizer.replacing(#""type""#, with: #""fuse_unk":true,"fuse_unk":false,"type""#),
            path: "model.fuse_unk"
        ) { _ = try Tokenizer(file: $0) },
        Kind(
            name: "tokenizer.json", text: tokenizer.replacing(#"{"a":0}"#, with: #"{"a":0,"a":1}"#),
            path: #"model.vocab["a"]"#
        ) { _ = try Tokenizer(file: $0) },
        Kind(name: "tokenizer_config.json", text: #"{"eos_token":"a","eos_token":"b"}"#, path: "eos_token") {
            _ = try Tokenizer(file: try write(tokenizer, "tokenizer.json", beside: $0))
        },
        Kind(name: "special_tokens_map.json", text: #"{"eos_token":"a","eos_token":"b"}"#, path: "eos_token") {
            _ = try Tokenizer(file: try write(tokenizer, "tokenizer.json", beside: $0))
        },
        Kind(name: "added_tokens.json", text: #"{"x":1,"x":2}"#, path: "x") {
            _ = try Tokenizer(file: try write(tokenizer, "tokenizer.json", beside: $0))
        },
        Kind(name: "tokenizer_config.json", text: #"{"chat_template":"a","chat_template":"b"}"#, path: "chat_template")
        {
            _ = try ChatTemplate(folder: $0.deletingLastPathComponent(), tokens: [:])
        },
        Kind(
            name: "squad.json",
            text: #"{"data":[{"paragraphs":[{"context":"c","qas":[{"id":"q","id":"r"}]}]}]}"#,
            path: "data[0].paragraphs[0].qas[0].id"
        ) { _ = try SQuADDataset(file: $0.path) },
        Kind(name: "gsm8k.jsonl", text: ##"{"question":"q","answer":" #### 1","answer":" #### 2"}"##, path: "answer") {
            _ = try GSM8KDataset(file: $0.path)
        },
        Kind(name: "c4.json", text: #"{"text":"a","url":"u","text":"b"}"#, path: "text") {
            var reader = try C4Reader(file: $0.path)
            _ = try reader.next()
        },
        Kind(
            name: "reference.json", text: #"{"prompts":[{"prompt":"a","prompt":"b"}],"tokenizer_cases":[]}"#,
            path: "prompts[0].prompt"
        ) { _ = try ModelReferenceFile(file: $0) },
    ]

    @Test(arguments: kinds)
    func `a field that stands twice is refused with file and path`(_ kind: Kind) throws {
        let temporary = try TemporaryFolder()
        let file = temporary.file(kind.name)
        try Data(kind.text.utf8).write(to: file)
        let message = "\(try #require(throws: (any Error).self) { try kind.read(file) })"
        #expect(message.contains(file.path) && message.contains(kind.path) && !message.contains("\n"), "\(message)")
        #expect(message.contains("second one") || message.contains("twice"), "\(message)")
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[1],"shape":[2],"data_offsets":[0,4]}}"#, "a.shape"),
        (#"{"a":{"dtype":"F32"},"a":{}}"#, "a"), (#"{"__metadata__":{"k":"1","k":"2"}}"#, "__metadata__.k"),
    ])
    func `a field that stands twice in a safetensors header is refused`(_ header: String, _ path: String) throws {
        let temporary = try TemporaryFolder()
        let file = temporary.file("model.safetensors")
        var bytes = Data()
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        try (bytes + Data(header.utf8) + Data(count: 4)).write(to: file)
        let message = "\(try #require(throws: WeightError.self) { try SafetensorsFile(file) })"
        #expect(
            message.contains(file.path) && message.contains("header: \(path): expected one field of that name"),
            "\(message)")
    }
}
