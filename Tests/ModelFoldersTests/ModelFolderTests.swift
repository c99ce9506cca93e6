import Foundation
import ModelFolders
import PlainText
import Storage
import TestSupport
import Testing

struct ModelFolderTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private static let config = """
        {"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":96,"vocab_size":100}
        """

    /// A folder with a config and `files`.
    private func folder(_ files: [String: String]) throws -> URL {
        let url = try temporary.folder()
        try Data(Self.config.utf8).write(to: url.appendingPathComponent("config.json"))
        for (name, text) in files { try Data(text.utf8).write(to: url.appendingPathComponent(name)) }
        return url
    }

    @Test func `weights are one file, or the shards of an index in the order of their names`() throws {
        let single = try ModelFolder(path: try folder(["model.safetensors": ""]).path)
        #expect(single.weightFiles.map(\.lastPathComponent) == ["model.safetensors"])
        let index = #"{"weight_map":{"b":"m-2.safetensors","a":"m-1.safetensors","c":"m-2.safetensors"}}"#
        let sharded = try ModelFolder(
            path: try folder(
                ["model.safetensors.index.json": index, "m-1.safetensors": "", "m-2.safetensors": ""]).path)
        #expect(sharded.weightFiles.map(\.lastPathComponent) == ["m-1.safetensors", "m-2.safetensors"])
        #expect(sharded.tokenizerFile.lastPathComponent == "tokenizer.json")
    }

    @Test func `pickles alone are refused, with the reason`() throws {
        for name in ["pytorch_model.bin", "consolidated.00.pth", "model.pt"] {
            let path = try folder([name: "x"]).path
            let description = #expect(throws: ModelFolderError.self) { try ModelFolder(path: path) }?.description ?? ""
            #expect(description.contains("pickle") && description.contains(name) && description.contains("safetensors"))
            #expect(!description.contains("\n"))
            if name.hasSuffix(".bin") {
                #expect(description.contains("python3 -c ") && description.hasSuffix(" \(ShellText.quoted(path))"))
            }
        }
    }

    @Test func `a folder without weights, a missing folder and a missing shard are named`() throws {
        let empty = try folder([:]).path
        #expect(throws: ModelFolderError.self) { try ModelFolder(path: empty) }
        #expect(throws: ModelFolderError.unreadable(path: "\(empty)/none", reason: "no such folder")) {
            try ModelFolder(path: "\(empty)/none")
        }
        let lacking = try folder(["model.safetensors.index.json": #"{"weight_map":{"a":"m.safetensors"}}"#]).path
        let description = #expect(throws: ModelFolderError.self) { try ModelFolder(path: lacking) }?.description ?? ""
        #expect(description.contains("m.safetensors"))
    }

    @Test(arguments: [
        #"{}"#, #"{"weight_map":{}}"#, #"{"weight_map":[]}"#, #"{"weight_map":{"a":1}}"#,
        #"{"weight_map":{"a":"../m.safetensors"}}"#, #"{"weight_map":{"a":"/etc/x.safetensors"}}"#,
        #"{"weight_map":{"a":"m.bin"}}"#, "nonsense",
    ])
    func `an index that names no files of the folder is refused`(_ index: String) throws {
        let path = try folder(["model.safetensors.index.json": index, "m.bin": ""]).path
        #expect(throws: ModelFolderError.self) { try ModelFolder(path: path) }
    }

    @Test func `the fingerprint is that of the content`() throws {
        let files = ["model.safetensors": "weights", "tokenizer.json": "tokens"]
        let fingerprint = try ModelFolder(path: try folder(files).path).fingerprint()
        #expect(try ModelFolder(path: try folder(files).path).fingerprint() == fingerprint)
        for (name, text) in [
            ("model.safetensors", "weightt"), ("tokenizer.json", "other"), ("tokenizer.json", "token"),
            ("generation_config.json", "{}"), ("tokenizer_config.json", "{}"), ("special_tokens_map.json", "{}"),
            ("chat_template.jinja", "{{ messages }}"),
        ] {
            let changed = try ModelFolder(path: try folder(files.merging([name: text]) { $1 }).path)
            #expect(try changed.fingerprint() != fingerprint)
        }
        let retired = try folder(files)
        try Data((Self.config + " ").utf8).write(to: retired.appendingPathComponent("config.json"))
        #expect(try ModelFolder(path: retired.path).fingerprint() != fingerprint)
    }

    @Test func `every byte of a large file counts`() throws {
        // A sparse file: 300 MiB that take no room on the disk.
        let url = try folder([:])
        let weights = url.appendingPathComponent("model.safetensors")
        func fingerprint(changing offset: UInt64?) throws -> String {
            try Data("{a}".utf8).write(to: weights)
            let handle = try FileHandle(forWritingTo: weights)
            try handle.truncate(atOffset: 300 << 20)
            if let offset {
                try handle.seek(toOffset: offset)
                try handle.write(contentsOf: Data([1]))
            }
            try handle.close()
            return try ModelFolder(path: url.path).fingerprint(FileDigests(folder: nil)).hex
        }
        let original = try fingerprint(changing: nil)
        #expect(try fingerprint(changing: nil) == original)
        // 123,456,789 lies between any 64 evenly spaced blocks of 1 MiB.
        for offset: UInt64 in [11, 123_456_789, 314_572_799] {
            #expect(try fingerprint(changing: offset) != original)
        }
    }

    @Test func `the demonstration's models and the fixtures can be opened`() throws {
        let assets = Repository.root.appendingPathComponent("Sources/Coordinator/DemoAssets/Assets")
        for url in [
            assets.appendingPathComponent("model-a"), assets.appendingPathComponent("model-b"),
            Repository.fixture("Models/linear-rope-tied"), Repository.fixture("Models/llama3-rope-sharded"),
        ] {
            let folder = try ModelFolder(path: url.path)
            #expect(!folder.weightFiles.isEmpty && folder.configuration.blockCount > 0)
        }
    }
}
